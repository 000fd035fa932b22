/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmm.h - the page tables of a range as a device wants them: an array of frames and rights, read without their locks.
 *
 * A snapshot is out of date as soon as it is made, unless its range is watched or locked meanwhile:
 *
 *   monitor   hmm_vma_range_monitor_start(), snapshot, hmm_vma_range_monitor_end(): was the range left alone?
 *   lock      hmm_vma_range_lock(), snapshot, use it, hmm_vma_range_unlock(): who would change the range waits
 *
 * What is reported valid equals the page tables, but for what a fault may have added since: an address that had no page
 * may have one, a page that was read-only may be writable.
 *
 * Source: mm/hmm.c, include/linux/hmm.h of the series "HMM v13" (seed 004).
 */
#ifndef FAULTLINE_CORE_OP_HMM_H
#define FAULTLINE_CORE_OP_HMM_H

#include "core/lock/rwsem.h"
#include "core/mm/notifier.h"

typedef unsigned long hmm_pfn_t;

#define HMM_PFN_VALID		(1ul << 0)	/* names a frame */
#define HMM_PFN_READ		(1ul << 1)	/* its VMA may be read */
#define HMM_PFN_WRITE		(1ul << 2)	/* its entry allows writes */
#define HMM_PFN_ERROR		(1ul << 3)	/* the contents are lost, or it is a guard region */
#define HMM_PFN_EMPTY		(1ul << 4)	/* nothing is there yet */
#define HMM_PFN_DEVICE		(1ul << 5)	/* in the memory of a device */
#define HMM_PFN_SPECIAL		(1ul << 6)	/* raw frames or huge pages of a pool: not to be mirrored */
#define HMM_PFN_UNADDRESSABLE	(1ul << 7)	/* which processors can't reach */
#define HMM_PFN_SHIFT		8

static inline unsigned long hmm_pfn_to_pfn(hmm_pfn_t entry)
{
	return entry >> HMM_PFN_SHIFT;
}

/* NULL when it names no frame. */
static inline struct page *hmm_pfn_to_page(hmm_pfn_t entry)
{
	return entry & HMM_PFN_VALID ? pfn_to_page(hmm_pfn_to_pfn(entry)) : NULL;
}

static inline hmm_pfn_t hmm_pfn_from_pfn(unsigned long pfn)
{
	return (pfn << HMM_PFN_SHIFT) | HMM_PFN_VALID;
}

/* Neither raw frames nor huge pages of a pool. Locking: mmap_lock or the VMA lock. Source: mm/hmm.c, hmm_vma_walk_test(). */
bool hmm_vma_mirrored(const struct vm_area_struct *vma);

/*
 * hmm_vma_get_pfns - what each page of [@start, @end) is by now, into @pfns. Present: VALID, READ if the VMA may be
 * read, WRITE if the entry allows it; of a huge leaf each page, 0 if it is protnone. On a device: VALID, DEVICE and
 * UNADDRESSABLE too. None: EMPTY. Swapped out, or on the way to another frame: 0. Any other entry: ERROR. No lock of an
 * entry is taken. Returns 0; -EINVAL when the range is not in @vma, or, with every entry SPECIAL, when the VMA is not
 * to be mirrored. Locking: mmap_lock or the VMA lock. Source: mm/hmm.c.
 */
int hmm_vma_get_pfns(struct vm_area_struct *vma, unsigned long start, unsigned long end, hmm_pfn_t *pfns);

/* On the caller's stack while it watches or locks a range. Lock key: (C) const between start and end */
struct hmm_range {
	struct mmu_interval_notifier notifier;	/* has its own lock key */
	uint32_t seq;				/* (C) */
	struct rwsem lock;
};

/*
 * hmm_vma_range_monitor_start - watches [@start, @end) from a moment on at which no invalidation of it goes on. False,
 * and nothing to end: the range is not in @vma, or mmu_notifier_register() was not called for its mm.
 * hmm_vma_range_monitor_end() - true: no invalidation of the range began until this call, so a snapshot made in between
 * is valid. Locking: mmap_lock or the VMA lock, and nothing that invalidations wait for. Source: mm/hmm.c.
 */
bool hmm_vma_range_monitor_start(struct hmm_range *range, struct vm_area_struct *vma, unsigned long start, unsigned long end);
bool hmm_vma_range_monitor_end(struct hmm_range *range);

/*
 * hmm_vma_range_lock - on return no invalidation of [@start, @end) goes on, and each that begins waits, before it
 * changes anything, for hmm_vma_range_unlock(). Returns 0; -EINVAL, -ENOENT as above. Locking: mmap_lock for read,
 * until after the unlock; no other lock is waited for meanwhile, nor is a fault. Source: mm/hmm.c.
 */
int hmm_vma_range_lock(struct hmm_range *range, struct vm_area_struct *vma, unsigned long start, unsigned long end);
void hmm_vma_range_unlock(struct hmm_range *range);

#endif
