/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmm_mirror.h - a device that works on an mm's memory by a page table of its own.
 *
 * The mirror's table is filled from snapshots and emptied by invalidations; both hold its lock, as does the device
 * while it uses an entry. So at any moment at which the lock is held:
 *
 *   an entry that is there names the frame that the mm maps at its address, and allows no more than the mm does.
 *
 * oracle/mirror.h checks just that.
 */
#ifndef FAULTLINE_CORE_OP_HMM_MIRROR_H
#define FAULTLINE_CORE_OP_HMM_MIRROR_H

#include "core/op/hmm.h"

/* Lock key: (C) const while it exists (L) lock */
struct hmm_mirror {
	struct mmu_interval_notifier notifier;	/* has its own lock key */
	struct mm_struct *mm;		/* (C) */
	unsigned long start, end;	/* (C) what it mirrors */
	spinlock_t lock;
	unsigned int node;		/* (C) of the table's memory */
	hmm_pfn_t *table;		/* (C) an entry for each page, (L) each: 0, or with HMM_PFN_VALID */
};

/*
 * hmm_mirror_create - @mirror, empty, of [@start, @end) in @mm. Returns 0, -EINVAL (empty, or not page aligned), -ENOMEM.
 * hmm_mirror_destroy() comes before mm_exit(). Locking: none held.
 */
int hmm_mirror_create(struct hmm_mirror *mirror, struct mm_struct *mm, unsigned long start, unsigned long end);
void hmm_mirror_destroy(struct hmm_mirror *mirror);

/*
 * hmm_mirror_fill - the entries of [@start, @end), which the mirror has, become what the page tables say, nothing where
 * those have none. Locking: none held.
 */
void hmm_mirror_fill(struct hmm_mirror *mirror, unsigned long start, unsigned long end);

/*
 * hmm_mirror_use - calls @use(the page, @arg) once the mirror's entry of @addr allows reading, or writing if @write;
 * what it does comes before the mm can take the page away. Faults as often as needed. Returns 0, -EFAULT when the mm
 * does not allow it, -ENOMEM. Locking: none held; @use is called under the mirror's lock.
 */
int hmm_mirror_use(struct hmm_mirror *mirror, unsigned long addr, bool write, void (*use)(struct page *page, void *arg), void *arg);

/* The entry of @addr. Locking: the mirror's. */
static inline hmm_pfn_t *hmm_mirror_entry(struct hmm_mirror *mirror, unsigned long addr)
{
	return &mirror->table[(addr - mirror->start) >> PAGE_SHIFT];
}

#endif
