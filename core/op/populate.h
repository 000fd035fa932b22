/* SPDX-License-Identifier: GPL-2.0-or-later */
/* populate.h - takes the faults of a range before its pages are accessed. Source: mm/gup.c. */
#ifndef FAULTLINE_CORE_OP_POPULATE_H
#define FAULTLINE_CORE_OP_POPULATE_H

#include "core/mm/mm_types.h"

/*
 * faultin_page_range - takes a fault with @flags (enum fault_flags) at each page of [@start, @end), which lies in @vma.
 * Ends at the first that fails. Returns 0; -ENOMEM; -EHWPOISON; -EFAULT: a guard region, beyond the end of a file, or
 * no huge page is left. Locking: mmap_lock. Source: mm/gup.c.
 */
int faultin_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, unsigned int flags);

/*
 * populate_vma_page_range - the same for locked memory: write faults where @vma is private and allows writes, so that
 * no later write copies a page; reads elsewhere; none with VM_LOCKONFAULT. -EFAULT also if @vma allows no access.
 * Locking: mmap_lock. Source: mm/gup.c.
 */
int populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/*
 * mm_populate - the same over the @len bytes at @start, without raw frames, and holes. Returns as above. Locking: none
 * held. Source: mm/gup.c, __mm_populate().
 */
int mm_populate(struct mm_struct *mm, unsigned long start, unsigned long len);

#endif
