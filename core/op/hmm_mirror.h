/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmm_mirror.h - a device that accesses an mm's memory through its own page table.
 *
 * The mirror's table is filled from snapshots and emptied by invalidations; both hold its lock, as does the device
 * while it uses an entry. So whenever the lock is held:
 *
 *   an entry names the frame that the mm maps at its address, and allows no more than the mm does.
 *
 * oracle/mirror.h checks just that.
 */
#ifndef FAULTLINE_CORE_OP_HMM_MIRROR_H
#define FAULTLINE_CORE_OP_HMM_MIRROR_H

#include "core/op/hmm.h"

/* Lock key: (C) const while it exists (L) lock (A) atomic */
struct hmm_mirror {
	struct mmu_interval_notifier notifier;	/* has its own lock key */
	struct mm_struct *mm;		/* (C) */
	unsigned long start, end;	/* (C) the mirrored range */
	spinlock_t lock;
	unsigned int node;		/* (C) of the table's memory */
	bool released;			/* (L) the mm has exited: the table stays empty */
	hmm_pfn_t *table;		/* (C) an entry for each page, (L) each: 0, or with HMM_PFN_VALID */
	uint8_t *accessed;		/* (C) a byte for each page, (A) each: 1 if used since it was cleared */
};

/*
 * hmm_mirror_create - makes @mirror, empty, of [@start, @end) in @mm. Returns 0, -EINVAL (empty, or not page aligned),
 * -ENOMEM. hmm_mirror_destroy() may come before mm_exit(), beside it or after it: the mirror holds a reference to the
 * mm. Locking: none held.
 */
int hmm_mirror_create(struct hmm_mirror *mirror, struct mm_struct *mm, unsigned long start, unsigned long end);
void hmm_mirror_destroy(struct hmm_mirror *mirror);

/*
 * hmm_mirror_fill - updates the entries of [@start, @end), in the mirror's range, from the page tables; empty where
 * those are. Locking: none held.
 */
void hmm_mirror_fill(struct hmm_mirror *mirror, unsigned long start, unsigned long end);

/*
 * hmm_mirror_use - calls @use(the page, @arg) once the mirror's entry of @addr allows reading, or writing if @write;
 * the mm cannot unmap the page before @use returns. Faults as often as needed. Returns 0, -EFAULT if the mm does not
 * allow it, or has exited, -ENOMEM. Locking: none held; @use is called under the mirror's lock.
 */
int hmm_mirror_use(struct hmm_mirror *mirror, unsigned long addr, bool write, void (*use)(struct page *page, void *arg),
		   void *arg);

/* The entry of @addr. Locking: the mirror's. */
static inline hmm_pfn_t *hmm_mirror_entry(struct hmm_mirror *mirror, unsigned long addr)
{
	return &mirror->table[(addr - mirror->start) >> PAGE_SHIFT];
}

#endif
