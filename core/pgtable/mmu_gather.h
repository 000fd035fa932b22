/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmu_gather.h - gathers pages and page tables, and frees them after one flush.
 *
 * Entries are cleared first; a page may still be in use through a stale translation until the flush (tlb.h), and a
 * table by a lockless walker until a grace period (or a shootdown) has passed. Pages are never freed before the flush.
 * It covers all of a zapped range, also what another thread has cleared there and not flushed yet, so that no stale
 * translation outlives the zap; Linux flushes what it cleared, and looks for others' flushes that are due
 * (mm_tlb_flush_nested(), flush_tlb_batched_pending()).
 * Source: mm/mmu_gather.c.
 */
#ifndef FAULTLINE_CORE_PGTABLE_MMU_GATHER_H
#define FAULTLINE_CORE_PGTABLE_MMU_GATHER_H

#include "core/base/event.h"
#include "core/pgtable/tlb.h"
#include "core/phys/folio.h"

DECLARE_EVENT(PAGE_FREE);

#define GATHER_PAGES	256	/* pages per flush: 2 KiB of stack */

#define TLB_DELAY_RMAP	1ul	/* the page is still counted as mapped. Source: include/linux/mm_types.h */

/* (T) all of it */
struct mmu_gather {
	struct mm_pgtable *pt;
	unsigned long start, end;		/* what the flush must cover; end 0: nothing, or there are no TLBs */
	unsigned int nr_pages;
	struct page *tables;			/* linked by pt_next */
	struct folio *pages[GATHER_PAGES];	/* the folio of each; or a page of it with TLB_DELAY_RMAP: zap.c */
};

/* Starts gathering pages and tables of @pt. Needs no memory. Source: mm/mmu_gather.c. */
void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_pgtable *pt);
/* Flushes the rest. Locking: no spinlock held; not inside an RCU section. */
void tlb_finish_mmu(struct mmu_gather *tlb);
/* Frees all gathered pages and tables. Locking: as tlb_finish_mmu(). */
void tlb_flush_mmu(struct mmu_gather *tlb);

/* Entries of [@start, @end) are about to be cleared: the next flush covers them. Source: mm/mmu_gather.c. */
static inline void tlb_gather_range(struct mmu_gather *tlb, unsigned long start, unsigned long end)
{
	if (likely(!tlb->pt->policy.tlb))
		return;
	tlb->start = min(tlb->start, start);
	tlb->end = max(tlb->end, end);
}

/* Number of pages that fit in before a flush. */
static inline unsigned int tlb_room(const struct mmu_gather *tlb)
{
	return GATHER_PAGES - tlb->nr_pages;
}

/*
 * Takes over the references of @nr pages of @folio, whose PTEs were cleared; they must fit in. With no room left the
 * caller drops its locks and flushes. Locking: any. Source: mm/mmu_gather.c, __tlb_remove_folio_pages().
 */
static inline void tlb_remove_folio_pages(struct mmu_gather *tlb, struct folio *folio, unsigned int nr)
{
	ASSERT(nr <= tlb_room(tlb));
	for (; nr; nr--)
		tlb->pages[tlb->nr_pages++] = folio;
}

/* Takes over @table, unlinked by the caller. Locking: any. */
void tlb_remove_table(struct mmu_gather *tlb, struct page *table);

/*
 * free_pgtables - unlinks and gathers every table that maps nothing outside [@floor, @ceiling) over [@addr, @end). The
 * range is unmapped. Locking: mmap_lock, and tree and rmap reach no VMA over [@floor, @ceiling).
 * Source: mm/memory.c, free_pgd_range().
 */
void free_pgtables(struct mmu_gather *tlb, unsigned long addr, unsigned long end, unsigned long floor,
		   unsigned long ceiling);

#endif
