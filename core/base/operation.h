/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operation.h - in check builds: which operations each cpu is in, the one inside the other, for those who look on when nothing
 * moves. Nothing in other builds.
 */
#ifndef FAULTLINE_CORE_BASE_OPERATION_H
#define FAULTLINE_CORE_BASE_OPERATION_H

#include <stdio.h>

#include "core/base/compiler.h"

#if FAULTLINE_CHECK
/* Until the block it stands in is left, the calling cpu is in operation @name, of @on, at @at: an address in it, or 0. */
#define OPERATION(name, on, at) \
	bool operation_scope_ __attribute__((cleanup(operation_leave))) = \
		operation_enter((name), (on), (unsigned long)(at))
bool operation_enter(const char *name, const void *on, unsigned long at);
void operation_leave(const bool *entered);
/* Writes what cpu @id is in, outermost first, as one line behind others' words; nothing if it is in none. */
void operations_print(FILE *out, unsigned int id);
#else
#define OPERATION(name, on, at)	do { } while (0)
static inline void operations_print(FILE *out, unsigned int id) { (void)out, (void)id; }
#endif

#endif
