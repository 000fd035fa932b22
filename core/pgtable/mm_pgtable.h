/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm_pgtable.h - the part of an mm that page tables need: root, policy, locks, counters. */
#ifndef FAULTLINE_CORE_PGTABLE_MM_PGTABLE_H
#define FAULTLINE_CORE_PGTABLE_MM_PGTABLE_H

#include "core/base/cpu.h"
#include "core/pgtable/mm_policy.h"
#include "core/pgtable/pgtable.h"

enum mm_counter {
	MM_ANONPAGES,		/* anonymous pages mapped, or under migration */
	MM_FILEPAGES,		/* the same of files */
	MM_SWAPENTS,		/* swap entries */
	MM_HUGETLBPAGES,	/* mapped pages of huge pages from the pool */
	MM_PTE_TABLES,		/* linked PTE tables */
	MM_UPPER_TABLES,	/* linked PMD, PUD and P4D tables */
	NR_MM_COUNTERS
};

/*
 * One cpu's share of an mm's counters; a share may be negative, the sum is exact at rest. Lock key: (A) written by
 * that cpu
 */
struct mm_counters {
	long count[NR_MM_COUNTERS];	/* (A) */
} __cacheline_aligned;

struct mm_tlb;

/*
 * Conservation: the sums of counters[] equal those of a walk over the whole tree.
 *
 * Line 0 is read by every operation and never written after creation, as is line 1; page_table_lock, hot in coarse
 * policies, has line 2 to itself.
 *
 * Lock key: (C) const after creation
 */
struct mm_pgtable {
	pgd_t *pgd;			/* (C) the root table; lives as long as the mm */
	struct mm_counters *counters;	/* (C) nr_cpu_ids of them, by cpu slot */
	struct mm_policy policy;	/* (C) */
	unsigned int home;		/* (C) NUMA node of the mm's own memory */
	struct mm_tlb *tlb;		/* (C) NULL with tlb=off */
	bool is_kernel;			/* (C) each entry is changed by the thread that has its area, without a lock */
	spinlock_t page_table_lock __cacheline_aligned;	/* (C) its kind; for PGD, P4D, PUD entries, more by policy */
} __cacheline_aligned;

/* Locking: a registered cpu. */
static inline void mm_count(struct mm_pgtable *pt, enum mm_counter which, long n)
{
	count_own(&pt->counters[this_cpu->id].count[which], n);
}

/* Exact only without concurrent changes. Source: include/linux/mm.h, get_mm_counter(). */
static inline long mm_counter_sum(const struct mm_pgtable *pt, enum mm_counter which)
{
	long sum = 0;

	for (unsigned int i = 0; i < nr_cpus_used(); i++)
		sum += load_relaxed(&pt->counters[i].count[which]);
	return sum;
}

#endif
