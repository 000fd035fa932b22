/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmm.h - snapshots of the page tables of a range, for a device: an array of frames and permissions, read without
 * locks.
 *
 * A snapshot may be stale as soon as it is made, unless its range is monitored or locked meanwhile:
 *
 *   monitor   hmm_vma_range_monitor_start(), snapshot, hmm_vma_range_monitor_end(): was there an invalidation?
 *   lock      hmm_vma_range_lock(), snapshot, use it, hmm_vma_range_unlock(): invalidations of the range wait
 *
 * A valid snapshot equals the page tables, except for additions by faults: an address without a page may have one, a
 * read-only page may be writable.
 *
 * Source: mm/hmm.c, include/linux/hmm.h of the series "HMM v13".
 */
#ifndef FAULTLINE_CORE_OP_HMM_H
#define FAULTLINE_CORE_OP_HMM_H

#include "core/base/event.h"
#include "core/lock/rwsem.h"
#include "core/mm/notifier.h"

DECLARE_EVENT(HMM_STALE);

typedef unsigned long hmm_pfn_t;

#define HMM_PFN_VALID		(1ul << 0)	/* names a frame */
#define HMM_PFN_READ		(1ul << 1)	/* its VMA may be read */
#define HMM_PFN_WRITE		(1ul << 2)	/* its entry allows writes */
#define HMM_PFN_ERROR		(1ul << 3)	/* hwpoisoned, or a guard region */
#define HMM_PFN_EMPTY		(1ul << 4)	/* no page yet */
#define HMM_PFN_DEVICE		(1ul << 5)	/* in a device's memory: private, or mapped by a driver's leaf */
#define HMM_PFN_SPECIAL		(1ul << 6)	/* raw frames or huge pages of a pool: never mirrored */
#define HMM_PFN_UNADDRESSABLE	(1ul << 7)	/* inaccessible to processors */
#define HMM_PFN_SHIFT		8
#define HMM_PFN_ORDER_SHIFT	56		/* from here on: log2 of the pages that its entry maps */

static inline unsigned long hmm_pfn_to_pfn(hmm_pfn_t entry)
{
	return (entry & ((1ul << HMM_PFN_ORDER_SHIFT) - 1)) >> HMM_PFN_SHIFT;
}

static inline hmm_pfn_t hmm_pfn_flags_order(unsigned int order)
{
	return (hmm_pfn_t)order << HMM_PFN_ORDER_SHIFT;
}

/*
 * The page's entry maps 1 << order pages, aligned, in and around a snapshot: they are one folio's. Source:
 * include/linux/hmm.h.
 */
static inline unsigned int hmm_pfn_to_map_order(hmm_pfn_t entry)
{
	return (unsigned int)(entry >> HMM_PFN_ORDER_SHIFT);
}

/* Returns NULL if it names no frame. */
static inline struct page *hmm_pfn_to_page(hmm_pfn_t entry)
{
	return entry & HMM_PFN_VALID ? pfn_to_page(hmm_pfn_to_pfn(entry)) : NULL;
}

static inline hmm_pfn_t hmm_pfn_from_pfn(unsigned long pfn)
{
	return (pfn << HMM_PFN_SHIFT) | HMM_PFN_VALID;
}

/*
 * True except for raw frames, VMAs that may have some, and huge pages of a pool. Locking: mmap_lock or the VMA lock.
 * Source: mm/hmm.c, hmm_vma_walk_test().
 */
bool hmm_vma_mirrored(const struct vm_area_struct *vma);

/*
 * hmm_vma_get_pfns - stores the current state of each page of [@start, @end) to @pfns. Present: VALID, READ if the VMA
 * may be read, WRITE if the entry allows it; of a leaf each page, with its order, and DEVICE if it is a driver's; 0 if
 * it is protnone. On a device: VALID, DEVICE and UNADDRESSABLE too. None: EMPTY. Swapped out, or under migration: 0.
 * Any other entry: ERROR. No entry's lock is taken. Returns 0; -EINVAL if the range is not in @vma, or, with every
 * entry SPECIAL, if the VMA cannot be mirrored. Locking: mmap_lock or the VMA lock. Source: mm/hmm.c.
 */
int hmm_vma_get_pfns(struct vm_area_struct *vma, unsigned long start, unsigned long end, hmm_pfn_t *pfns);

/* On the caller's stack while it monitors or locks a range. Lock key: (C) const between start and end */
struct hmm_range {
	struct mmu_interval_notifier notifier;	/* has its own lock key */
	uint32_t seq;				/* (C) */
	struct rwsem lock;
};

/*
 * hmm_vma_range_monitor_start - starts monitoring [@start, @end) at a moment without a running invalidation of it.
 * False, and nothing to end: the range is not in @vma, or mmu_notifier_register() was not called for its mm.
 * hmm_vma_range_monitor_end() - true: no invalidation of the range began until this call, so a snapshot made in
 * between is valid. Locking: mmap_lock or the VMA lock, and no lock that invalidations wait for. Source: mm/hmm.c.
 */
bool hmm_vma_range_monitor_start(struct hmm_range *range, struct vm_area_struct *vma, unsigned long start,
				 unsigned long end);
bool hmm_vma_range_monitor_end(struct hmm_range *range);
/*
 * hmm_vma_check_cookie - true: no invalidation of a monitored range began until now; the monitoring continues. Locking:
 * none. Source: "HMM v13".
 */
bool hmm_vma_check_cookie(struct hmm_range *range);

/*
 * hmm_vma_range_lock - on return no invalidation of [@start, @end) runs, and later ones wait, before they change
 * anything, for hmm_vma_range_unlock(). Returns 0; -EINVAL, -ENOENT as above. Locking: mmap_lock for read, until after
 * the unlock; the caller waits for no other lock meanwhile, nor takes a fault. Source: mm/hmm.c.
 */
int hmm_vma_range_lock(struct hmm_range *range, struct vm_area_struct *vma, unsigned long start, unsigned long end);
void hmm_vma_range_unlock(struct hmm_range *range);

#endif
