/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mincore.h - which pages are in memory. Source: mm/mincore.c. */
#ifndef FAULTLINE_CORE_OP_MINCORE_H
#define FAULTLINE_CORE_OP_MINCORE_H

#include "core/mm/mm_types.h"

/*
 * sys_mincore - as mincore(2): *@vec, one byte a page, is 1 for pages present (the zero page included), under
 * migration, in swap and the swap cache, or unmapped pages of a file in its page cache, else 0. Returns 0; -EINVAL
 * (@start not page aligned); -ENOMEM (part of the range not mapped: @vec is filled up to there). Locking: none held.
 */
int sys_mincore(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned char *vec);

#endif
