/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagemap_scan.h - the ranges of pages in categories that are asked for, as the PAGEMAP_SCAN ioctl of
 * /proc/PID/pagemap reports them. Source: include/uapi/linux/fs.h, fs/proc/task_mmu.c.
 */
#ifndef FAULTLINE_CORE_OP_PAGEMAP_SCAN_H
#define FAULTLINE_CORE_OP_PAGEMAP_SCAN_H

#include "core/mm/mm_types.h"

#define PAGE_IS_WPALLOWED	(1u << 0)	/* never: it takes a userfaultfd's asynchronous mode */
#define PAGE_IS_WRITTEN		(1u << 1)	/* not write-protected by userfaultfd: has a table, or a leaf */
#define PAGE_IS_FILE		(1u << 2)	/* a page of a file */
#define PAGE_IS_PRESENT		(1u << 3)
#define PAGE_IS_SWAPPED		(1u << 4)	/* swapped out, under migration, or a guard */
#define PAGE_IS_PFNZERO		(1u << 5)	/* the zero page, or the huge one */
#define PAGE_IS_HUGE		(1u << 6)	/* mapped by a leaf, or in hugetlb memory */
#define PAGE_IS_SOFT_DIRTY	(1u << 7)	/* written to since clear_refs, if the policy tracks it */
#define PAGE_IS_GUARD		(1u << 8)

#define PM_SCAN_CATEGORIES	((1u << 9) - 1)

#define PM_SCAN_WP_MATCHING	(1u << 0)	/* write-protect what matches: VMAs that do not allow it are skipped */
#define PM_SCAN_CHECK_WPASYNC	(1u << 1)	/* fail at the first VMA that does not allow it: at any */

/* No lock key: the caller's own, as is pm_scan_arg. */
struct page_region {
	uint64_t start, end;		/* addresses */
	uint64_t categories;		/* those of return_mask that its pages are in */
};

struct pm_scan_arg {
	uint64_t flags;			/* PM_SCAN_ */
	uint64_t start, end;		/* addresses; @end is rounded up to a page */
	uint64_t walk_end;		/* out: where the scan stopped */
	struct page_region *vec;	/* out: the regions; NULL if @vec_len is 0 */
	uint64_t vec_len;
	uint64_t max_pages;		/* in all regions; 0: any number */
	uint64_t category_inverted;	/* these are inverted before they are compared */
	uint64_t category_mask;		/* a page matches if it is in all of these */
	uint64_t category_anyof_mask;	/* and in one of these, unless there are none */
	uint64_t return_mask;
};

/*
 * sys_pagemap_scan - neighbours with the same categories of return_mask share a region. Without room for a region or a
 * page the scan ends at the first match that is not reported. Without a vec nothing is counted. Leaves are not split.
 * Returns the number of regions; -EINVAL: unknown flags or categories, a start that is not page aligned, or a vec_len
 * without vec; -EFAULT: the range is backwards, or leaves the address space; -EPERM: see PM_SCAN_CHECK_WPASYNC.
 * arg->walk_end is set unless it returns -EINVAL or -EFAULT. Locking: none held.
 */
long sys_pagemap_scan(struct mm_struct *mm, struct pm_scan_arg *arg);

#endif
