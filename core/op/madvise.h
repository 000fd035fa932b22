/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise.h - advice about a range. Source: mm/madvise.c. */
#ifndef FAULTLINE_CORE_OP_MADVISE_H
#define FAULTLINE_CORE_OP_MADVISE_H

#include <sys/mman.h>		/* MADV_*: Linux's own numbers */
#include <sys/uio.h>		/* struct iovec */

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(MADVISE_VMA_LOCK);

/* Newer than Debian 12's headers. Source: include/uapi/asm-generic/mman-common.h. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif
#ifndef UIO_MAXIOV
#define UIO_MAXIOV		1024	/* Source: include/uapi/linux/uio.h */
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
 *   MADV_PAGEOUT                           swaps pages out, if there is swap, unless others map them too
 *   MADV_COLD, MADV_FREE                   see madvise_folios.h
 *   MADV_REMOVE                            pages of a shared file mapping become zero in the file: file_punch_hole()
 *   MADV_WILLNEED                          of no effect
 *   MADV_POPULATE_READ, MADV_POPULATE_WRITE  as if every page had been read or written
 *   MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL  accesses keep pages in memory; or not (folio_referenced.h)
 *   MADV_DONTFORK, MADV_DOFORK             children do not get it; they do
 *   MADV_WIPEONFORK, MADV_KEEPONFORK       children get it without its pages and guards; or with them
 *   MADV_DONTDUMP, MADV_DODUMP             of no effect but to keep VMAs apart
 *   MADV_HUGEPAGE, MADV_NOHUGEPAGE         later first faults map huge pages, if the policy is madvise; or never do
 *   MADV_MERGEABLE, MADV_UNMERGEABLE       KSM may merge its pages; they are copied, and no more are merged: see ksm.h
 *   MADV_GUARD_INSTALL, MADV_GUARD_REMOVE  see guard.h
 *   MADV_COLLAPSE                          see collapse.h
 * Returns 0, or
 *   -EINVAL     @start not page aligned, overflow, unknown advice; POPULATE if the VMA does not allow the access;
 *               locked memory: DONTNEED, PAGEOUT, COLD, FREE, REMOVE and GUARD_INSTALL; raw frames: what sets flags,
 *               unless of the whole VMA or without a change, DOFORK, DODUMP, and all others; files: WIPEONFORK and
 *               FREE; anonymous memory: REMOVE; hugetlb: WIPEONFORK, FREE, PAGEOUT, COLD, COLLAPSE and guards,
 *               DONTNEED that begins inside a huge page, and what sets flags from, or up to, inside one
 *   -ENOMEM     part of the range is not mapped: the rest was done, except by POPULATE, which stops there; or no memory
 *   -EAGAIN     what sets flags: no memory to split a VMA or to copy a page, or too many VMAs
 *   -EACCES     REMOVE: a private file mapping
 *   -EPERM      sealed memory: see mseal.h
 *   -ENODEV     REMOVE: a driver's memory; -EOPNOTSUPP of hugetlb
 *   -EFAULT     POPULATE found a guard region
 *   -EHWPOISON  POPULATE found a hwpoisoned page
 * Locking: none held.
 */
int sys_madvise(struct mm_struct *mm, unsigned long start, unsigned long len, int advice);

/*
 * sys_process_madvise - as process_madvise(2): sys_madvise() of the @nr ranges of @vec in turn, up to the first error;
 * empty ones at the end are not looked at. @remote: @mm is not the caller's, which has a reference to the struct at
 * least (mmgrab()); then COLD, PAGEOUT, WILLNEED and COLLAPSE only. Returns the number of bytes of the ranges before
 * the error; if that is 0, the error; -EINVAL also for @flags, and more than 1024 ranges; -ESRCH if the address space
 * has ended. Locking: none held. Source: mm/madvise.c, vector_madvise().
 */
long sys_process_madvise(struct mm_struct *mm, const struct iovec *vec, unsigned long nr, int advice,
			 unsigned int flags, bool remote);

#endif
