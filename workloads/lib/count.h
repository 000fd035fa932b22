/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * count.h - walker callbacks that do next to nothing, so that what is measured is the walker.
 *
 * Out of line and reached through a table of pointers only: in a walk and in the loop that bounds it, each entry costs
 * the same indirect call.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_COUNT_H
#define FAULTLINE_WORKLOADS_LIB_COUNT_H

#include "workloads/lib/space.h"

/* (T) what one walk met; walk->private of the ops below */
struct count {
	unsigned long present, slots, holes, gaps;
};

extern const struct mm_walk_ops count_entries;	/* pte_entry: present */
extern const struct mm_walk_ops count_all;	/* pte_entry, pte_hole: present, slots, holes in VMAs, gaps between */
/* pmd_entry: present, a whole leaf at a time, or table, under its PTL */
extern const struct mm_walk_ops count_tables;

/*
 * count_region - as an op: walks the worker's own region with @ops; @present entries must be found present. Returns the
 * region's pages, or -errno.
 */
int64_t count_region(struct worker *worker, const struct mm_walk_ops *ops, unsigned long present);
/*
 * Walks all regions with @ops, while others fill and empty them: no more may be found than fits. Returns 0 or -errno.
 */
int count_regions(struct space *space, const struct mm_walk_ops *ops, struct count *count);
/*
 * As an op: the same, one time of four with huge pages split by the walk. Returns the pages found and not found, or
 * -errno.
 */
int64_t count_or_split_regions(struct worker *worker);

#endif
