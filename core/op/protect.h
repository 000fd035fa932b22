/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protect.h - changing what a range allows. Source: mm/mprotect.c. */
#ifndef FAULTLINE_CORE_OP_PROTECT_H
#define FAULTLINE_CORE_OP_PROTECT_H

#include "core/mm/mm_types.h"

/*
 * sys_mprotect - as mprotect(2): 0; -EINVAL (@start not page aligned, unknown bits in @prot); -ENOMEM (something in the range is
 * not mapped: what lies before it is changed; or memory or VMAs ran out for a split). Locking: none held.
 */
int sys_mprotect(struct mm_struct *mm, unsigned long start, unsigned long len, int prot);

#endif
