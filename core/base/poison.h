/* SPDX-License-Identifier: GPL-2.0-or-later */
/* poison.h - check builds overwrite freed memory: a late reader sees poison, or is reported. */
#ifndef FAULTLINE_CORE_BASE_POISON_H
#define FAULTLINE_CORE_BASE_POISON_H

#include <string.h>

#include "core/base/compiler.h"

#define POISON_FREE	0x6b	/* each byte of freed memory; Source: include/linux/poison.h */

/* Overwrites @size bytes at @p, before they are freed; nothing in other builds. */
static inline void poison(void *p, size_t size)
{
	if (!FAULTLINE_CHECK || !size)
		return;
	memset(p, POISON_FREE, size);
	__asm__ __volatile__("" :: "r"(p) : "memory");	/* or the compiler drops it as a dead store */
}

/* @p was read from freed memory. */
static inline bool is_poison(const void *p)
{
	return (uintptr_t)p == (uintptr_t)-1 / 0xff * POISON_FREE;
}

#endif
