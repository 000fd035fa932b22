/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise.h - advice about a range. Source: mm/madvise.c. */
#ifndef FAULTLINE_CORE_OP_MADVISE_H
#define FAULTLINE_CORE_OP_MADVISE_H

#include <sys/mman.h>		/* MADV_*: Linux's own numbers */

#include "core/mm/mm_types.h"

/* Newer than Debian 12's headers. Source: include/uapi/asm-generic/mman-common.h. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

/*
 * sys_madvise - as madvise(2) for
 *   MADV_DONTNEED                          zaps pages, keeps guards; the next access finds zeroes
 *   MADV_DONTNEED_LOCKED                   the same, also in locked memory
 *   MADV_PAGEOUT                           swaps pages out, if there is swap, also where others map them
 *   MADV_POPULATE_READ, MADV_POPULATE_WRITE  as if every page had been read or written
 *   MADV_HUGEPAGE, MADV_NOHUGEPAGE         later first faults map huge pages, if the policy is madvise; or never do
 *   MADV_MERGEABLE, MADV_UNMERGEABLE       KSM may merge its pages; they are copied, and no more are merged: see ksm.h
 *   MADV_GUARD_INSTALL, MADV_GUARD_REMOVE  see guard.h
 *   MADV_COLLAPSE                          see collapse.h
 * Returns 0; -EINVAL (@start not page aligned, overflow, unknown advice; POPULATE if the VMA does not allow the
 * access; locked memory: DONTNEED, PAGEOUT and GUARD_INSTALL; raw frames: all but HUGEPAGE and NOHUGEPAGE over the
 * whole VMA, and those of KSM, which ignore them; hugetlb: PAGEOUT, COLLAPSE and guards, DONTNEED that begins inside
 * a huge page, HUGEPAGE and NOHUGEPAGE that begin or end inside one); -ENOMEM (part of the range is not mapped: the
 * rest was done, except for POPULATE, which stops there; or no memory); -EAGAIN (HUGEPAGE, NOHUGEPAGE, MERGEABLE,
 * UNMERGEABLE: no memory to split a VMA or to copy a page, or too many VMAs); -EFAULT (POPULATE found a guard
 * region); -EHWPOISON (it found a hwpoisoned page). Locking: none held.
 */
int sys_madvise(struct mm_struct *mm, unsigned long start, unsigned long len, int advice);

#endif
