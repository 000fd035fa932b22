/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagemap.h - the mapping of each page of a range, as /proc/PID/pagemap reports it. Source: fs/proc/task_mmu.c. */
#ifndef FAULTLINE_CORE_OP_PAGEMAP_H
#define FAULTLINE_CORE_OP_PAGEMAP_H

#include "core/mm/mm_types.h"

#define PM_PFRAME_MASK		((1ul << 55) - 1)	/* the frame; for a swapped out page, the slot */
#define PM_SOFT_DIRTY		(1ul << 55)		/* written to since clear_refs, if the policy tracks it */
#define PM_MMAP_EXCLUSIVE	(1ul << 56)		/* mapped once */
#define PM_UFFD_WP		(1ul << 57)		/* write-protected by a userfaultfd */
#define PM_GUARD_REGION		(1ul << 58)
#define PM_FILE			(1ul << 61)		/* a page of a file, or the huge zero page */
#define PM_SWAP			(1ul << 62)		/* swapped out, under migration, or a guard */
#define PM_PRESENT		(1ul << 63)

/*
 * sys_pagemap - one word for each of the @nr pages from @start on; 0 if nothing is mapped. Leaves are not split.
 * Returns 0; -EINVAL: @start is not page aligned, or the range leaves the address space. Locking: none held. Source:
 * fs/proc/task_mmu.c, pagemap_read().
 */
int sys_pagemap(struct mm_struct *mm, unsigned long start, unsigned long nr, uint64_t *map);

#endif
