/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_batch.h - collects the folios that a range maps, in batches, with references. Source: include/linux/pagevec.h.
 */
#ifndef FAULTLINE_CORE_OP_FOLIO_BATCH_H
#define FAULTLINE_CORE_OP_FOLIO_BATCH_H

#include "core/mm/mm_types.h"
#include "core/phys/folio.h"

#define FOLIO_BATCH	32	/* under one PTL. Source: include/linux/swap.h, SWAP_CLUSTER_MAX */

/* Lock key: (T) this thread only */
struct folio_batch {
	unsigned int nr;			/* (T) */
	bool alone;				/* (T) by the caller: only folios that no other mm maps */
	unsigned long next;			/* (T) address to continue at */
	struct folio *folios[FOLIO_BATCH];	/* (T) */
	unsigned long pages[FOLIO_BATCH];	/* (T) of each, that were found mapped */
};

/*
 * folio_batch_fill - collects the next folios that @vma maps from @batch->next on, below @end. False if there are no
 * more after those: raw frames and the zero page do not count.
 * folio_batch_fill_small() - the same, and large ones are split first. One that cannot be split, since it is a file's
 * or has extra references, is collected whole, and a leaf that maps it stays.
 * folio_batch_fill_inside() - the same, but a large one stays whole if all of its pages are mapped there. Source:
 * mm/madvise.c, madvise_cold_or_pageout_pte_range().
 * Locking: mmap_lock; no spinlock.
 */
bool folio_batch_fill(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end);
bool folio_batch_fill_small(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end);
bool folio_batch_fill_inside(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end);

#endif
