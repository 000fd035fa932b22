/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm_policy.h - the choice of an mm's locks; const from its creation on. Presets are in core/policy. */
#ifndef FAULTLINE_CORE_PGTABLE_MM_POLICY_H
#define FAULTLINE_CORE_PGTABLE_MM_POLICY_H

#include <limits.h>

#include "core/lock/spinlock.h"

/* The lock of a table's entries: the mm's one, the PMD table's above (or its own), the PTE table's own. */
enum ptl_level { PTL_MM, PTL_PMD_TABLE, PTL_PTE_TABLE };

/* The lock of a VMA: none, a rwsem, or a count, whose writer sleeps on the count or on a word of the mm. */
enum vma_lock_kind { VMA_LOCK_NONE, VMA_LOCK_RWSEM, VMA_LOCK_REFCNT, VMA_LOCK_REFCNT_MM };

static inline bool vma_lock_counts(enum vma_lock_kind kind)
{
	return kind >= VMA_LOCK_REFCNT;
}

/* How an unlinked page table waits for lockless walkers: for a grace period, or for an answer of every cpu. */
enum table_free_kind { TABLE_FREE_RCU, TABLE_FREE_SHOOTDOWN };

/* How an anon_vma outlives its readers: its memory is type-stable, or is freed after a grace period. */
enum anon_vma_free_kind { ANON_VMA_TYPESAFE, ANON_VMA_CALL_RCU };

/* Anonymous memory with huge pages: none, MADV_HUGEPAGE ranges, all but MADV_NOHUGEPAGE ranges. */
enum thp_kind { THP_NEVER, THP_MADVISE, THP_ALWAYS };

/* The most VMAs of an mm, as vm.max_map_count: Linux's default; what distributions choose; without a limit. */
enum max_map_count { MAP_COUNT_65530, MAP_COUNT_262144, MAP_COUNT_1048576, MAP_COUNT_MAX };

/* The advice that takes a VMA lock instead of mmap_lock: none, what drops pages, guards too. */
enum madvise_lock_kind { MADVISE_MMAP_LOCK, MADVISE_VMA_LOCK, MADVISE_VMA_LOCK_GUARDS };

/* The readers of /proc/PID that take VMA locks instead of mmap_lock: none, those of maps, those of smaps too. */
enum maps_lock_kind { MAPS_MMAP_LOCK, MAPS_VMA_LOCK, MAPS_VMA_LOCK_SMAPS };

#define DEFAULT_MAX_MAP_COUNT	65530

/*
 * TLBs are not simulated; ways to flush them, see tlb.h; or nothing is ever flushed, which is broken: for tests of the
 * detector.
 */
enum tlb_kind { TLB_OFF, TLB_IPI, TLB_BATCHED, TLB_LAZY, TLB_BROADCAST, TLB_NONE };

/* (C) all of it, once the mm exists */
struct mm_policy {
	enum ptl_level pte_ptl;			/* entries of PTE tables */
	enum ptl_level pmd_ptl;			/* entries of PMD tables: PTL_MM or PTL_PMD_TABLE */
	enum spin_kind spin;			/* every spinlock of the mm */
	enum vma_lock_kind vma_lock;
	enum table_free_kind table_free;
	bool reclaim_tables;			/* MADV_DONTNEED frees emptied PTE tables */
	bool munmap_downgrade;			/* munmap zaps under mmap_lock for read, after detaching */
	bool soft_dirty;			/* writes are tracked by page: see soft_dirty.h */
	bool lru;				/* folios are listed for reclaim: see core/phys/lru.h */
	bool numa_balancing;			/* numa_scan() takes access from pages: see core/op/numa_scan.h */
	enum anon_vma_free_kind anon_vma_free;
	unsigned int anon_order;		/* largest folio of a first write, in pages, log2 */
	enum thp_kind thp;
	enum tlb_kind tlb;			/* see tlb.h */
	unsigned int around_order;		/* pages that a read fault of a file maps at most, log2 */
	enum max_map_count max_map_count;
	enum maps_lock_kind maps_lock;
	enum madvise_lock_kind madvise_lock;
};

/* The VMAs that an mm may have; mmap() allows one more. Locking: none. Source: mm/util.c, sysctl_max_map_count. */
static inline unsigned int max_map_count(const struct mm_policy *policy)
{
	static const unsigned int counts[] = {
		[MAP_COUNT_65530] = DEFAULT_MAX_MAP_COUNT, [MAP_COUNT_262144] = 262144, [MAP_COUNT_1048576] = 1048576,
		[MAP_COUNT_MAX] = INT_MAX,
	};

	return counts[policy->max_map_count];
}

#endif
