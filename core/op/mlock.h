/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mlock.h - locks ranges in memory: their pages are not swapped out. core/mm/mlock.h counts the folios.
 *
 * Source: mm/mlock.c.
 */
#ifndef FAULTLINE_CORE_OP_MLOCK_H
#define FAULTLINE_CORE_OP_MLOCK_H

#include <sys/mman.h>		/* MLOCK_ONFAULT, MCL_*: Linux's own numbers */

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(MLOCK);
DECLARE_EVENT(MUNLOCK);

/*
 * sys_mlock - as mlock(2) of a process without a limit: locks the pages that contain any of the @len bytes at @start,
 * and faults all of them in. sys_mlock2() - with @flags MLOCK_ONFAULT: those that are in memory, and others once they
 * are accessed. Raw frames and hugetlb memory are not locked, but faulted in. Returns 0, or
 *   -EINVAL       unknown @flags; the range wraps around
 *   -ENOMEM       part of the range is not mapped: what comes before it is locked, but not faulted in; or a page cannot
 *                 be faulted in (no access is allowed, a guard region, beyond the end of its file), and all is locked;
 *                 or no memory for a split, or too many VMAs
 *   -EAGAIN       no memory to fault a page in, and all is locked
 *   -EHWPOISON    a page is hwpoisoned, and all is locked
 * Locking: none held.
 */
int sys_mlock(struct mm_struct *mm, unsigned long start, unsigned long len);
int sys_mlock2(struct mm_struct *mm, unsigned long start, unsigned long len, int flags);
/* sys_munlock - as munlock(2): pages may be swapped out again. Returns and locking: as sys_mlock(). */
int sys_munlock(struct mm_struct *mm, unsigned long start, unsigned long len);

/*
 * sys_mlockall - as mlockall(2) of a process without a limit: MCL_CURRENT locks what is mapped, and faults it in as far
 * as possible; MCL_FUTURE does so with later mappings, but not of a child, until the next call without it; both fault
 * nothing in with MCL_ONFAULT. Raw frames, pages of drivers and hugetlb memory are not locked. Returns 0, or -EINVAL
 * (@flags unknown, none, or MCL_ONFAULT alone); VMAs for which there is no memory stay as they are.
 * sys_munlockall() - as munlockall(2): nothing is locked any more, nor will be. Returns 0. Locking: none held.
 */
int sys_mlockall(struct mm_struct *mm, int flags);
int sys_munlockall(struct mm_struct *mm);

/*
 * munlock_vma - @vma, if it is locked, is no longer. Locking: mmap_lock for write, @vma write-locked. Source:
 * mm/mremap.c, dontunmap_complete().
 */
void munlock_vma(struct vm_area_struct *vma);

#endif
