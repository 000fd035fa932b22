/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protect.h - changes the permissions of a range. Source: mm/mprotect.c. */
#ifndef FAULTLINE_CORE_OP_PROTECT_H
#define FAULTLINE_CORE_OP_PROTECT_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(MPROTECT);

/*
 * sys_mprotect - as mprotect(2): 0; -EINVAL (@start not page aligned, unknown bits in @prot); -ENOMEM (a part of the
 * range is not mapped, or no memory for a split, or too many VMAs), -EPERM (it is sealed): the parts before it are
 * changed. Locking: none held.
 */
int sys_mprotect(struct mm_struct *mm, unsigned long start, unsigned long len, int prot);

#endif
