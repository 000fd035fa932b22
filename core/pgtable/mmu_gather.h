/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmu_gather.h - pages and page tables on their way out: collected, and freed after one flush.
 *
 * Entries are cleared first; a page may still be in use through a stale translation until the flush, and a table by a
 * lockless walker until a grace period (or a shootdown) has passed. The simulated machine has no TLB to flush: a flush is
 * counted, and is the point up to which nothing was freed.
 * Source: mm/mmu_gather.c.
 */
#ifndef FAULTLINE_CORE_PGTABLE_MMU_GATHER_H
#define FAULTLINE_CORE_PGTABLE_MMU_GATHER_H

#include "core/pgtable/mm_pgtable.h"
#include "core/phys/folio.h"

#define GATHER_PAGES	256	/* pages to a flush: 2 KiB of stack */

/* (T) all of it */
struct mmu_gather {
	struct mm_pgtable *pt;
	unsigned int nr_pages;
	struct page *tables;			/* linked by pt_next */
	struct folio *pages[GATHER_PAGES];	/* the folio of each */
};

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_pgtable *pt);
/* Flushes what is left. Locking: no spinlock held; not inside an RCU section. */
void tlb_finish_mmu(struct mmu_gather *tlb);
/* Frees what was gathered so far. Locking: as tlb_finish_mmu(). */
void tlb_flush_mmu(struct mmu_gather *tlb);

/* Pages that fit in before it must be flushed. */
static inline unsigned int tlb_room(const struct mmu_gather *tlb)
{
	return GATHER_PAGES - tlb->nr_pages;
}

/*
 * Takes over the references of @nr pages of @folio, whose PTEs were cleared; they must fit in. With no room left the caller leaves
 * its locks and flushes. Locking: any. Source: mm/mmu_gather.c, __tlb_remove_folio_pages().
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
 * free_pgtables - unlink and gather every table that maps nothing outside [@floor, @ceiling) over [@addr, @end).
 * Nothing is mapped there any more. Locking: mmap_lock, and no VMA over [@floor, @ceiling) can be reached by tree or rmap.
 * Source: mm/memory.c, free_pgd_range().
 */
void free_pgtables(struct mmu_gather *tlb, unsigned long addr, unsigned long end, unsigned long floor,
		   unsigned long ceiling);

#endif
