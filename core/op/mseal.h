/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mseal.h - seals ranges: their VMAs can't be unmapped, moved, replaced or protected any more, until the mm exits.
 *
 * Forks inherit seals. Advice that discards contents is refused for sealed anonymous memory that is not writable. A
 * call that meets a sealed VMA returns -EPERM there, and what it did before stays. Source: mm/mseal.c.
 */
#ifndef FAULTLINE_CORE_OP_MSEAL_H
#define FAULTLINE_CORE_OP_MSEAL_H

#include "core/mm/vma.h"

/*
 * sys_mseal - as mseal(2), @flags 0. Returns 0; -EINVAL (@flags, @start not page aligned, overflow, or an end inside a
 * huge page of hugetlb); -ENOMEM (part of the range is not mapped: nothing is sealed; or no memory for a split, or too
 * many VMAs: what comes before is). Locking: none held.
 */
int sys_mseal(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned long flags);

/*
 * can_madvise_modify - true if @advice is allowed in @vma: always, if it is not sealed. Locking: mmap_lock. Source:
 * mm/madvise.c.
 */
bool can_madvise_modify(const struct vm_area_struct *vma, int advice);

#endif
