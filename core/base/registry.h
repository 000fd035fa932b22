/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * registry.h - lists of objects that source files add themselves, each where it is defined: pointers in a section of
 * the linker's, in its order.
 *
 * The file that owns a list has REGISTRY() and iterates; entries go to the section "faultline_LIST".
 */
#ifndef FAULTLINE_CORE_BASE_REGISTRY_H
#define FAULTLINE_CORE_BASE_REGISTRY_H

#include <stddef.h>

#include "core/base/compiler.h"

/* The bounds of @list, whose entries are of @type *const; one empty entry makes sure that the section exists. */
#define REGISTRY(type, list) \
	static type *const list##_none __attribute__((section("faultline_" #list), used)) = NULL; \
	extern type *const __start_faultline_##list[]; \
	extern type *const __stop_faultline_##list[]

/* Iterates over @list; @p points to an entry. */
#define for_each_registered(type, p, list) \
	for (type *const *p = __start_faultline_##list; p < __stop_faultline_##list; p++) \
		if (*p)

/* Calls @what(@event) of each subscriber in @list that has it. */
#define notify_registered(type, list, what, event) do { \
	for_each_registered(type, p_, list) \
		if ((*p_)->what) \
			(*p_)->what(event); \
} while (0)

#endif
