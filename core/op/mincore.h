/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mincore.h - which pages are in memory. Source: mm/mincore.c. */
#ifndef FAULTLINE_CORE_OP_MINCORE_H
#define FAULTLINE_CORE_OP_MINCORE_H

#include "core/mm/mm_types.h"

/*
 * sys_mincore - as mincore(2): *@vec, one byte a page, gets 1 for what is present (the zero page included), on its
 * way to another frame, in swap and the swap cache, or would be a page of a file that is in memory, else 0.
 * Returns 0; -EINVAL (@start not page aligned); -ENOMEM (part of the range not mapped: @vec is filled up to there).
 * Locking: none held.
 */
int sys_mincore(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned char *vec);

#endif
