/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_vma_mapped.h - iterates over the entries of one VMA that map a range of pages.
 *
 *   struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);
 *
 *   while (page_vma_mapped_walk(&pvmw))
 *           ... pvmw.address and pvmw.pte, which maps a page of folio; its table is locked by pvmw.ptl ...
 *
 * Where a huge leaf maps the pages, pvmw.pte is NULL, and pvmw.pmd the leaf, which pvmw.ptl keeps: in hugetlb memory
 * perhaps one of a PUD table (hugetlb.h).
 *
 * A loop that ends early calls page_vma_mapped_walk_done(). The rmap walk that found the VMA holds the anon_vma's
 * lock: so the VMA's range and page indices are stable, and the upper tables over it. PTE tables may be reclaimed, and
 * entries may be set and cleared until their table is locked.
 *
 * Source: include/linux/rmap.h, mm/page_vma_mapped.c.
 */
#ifndef FAULTLINE_CORE_MM_PAGE_VMA_MAPPED_H
#define FAULTLINE_CORE_MM_PAGE_VMA_MAPPED_H

#include <errno.h>

#include "core/mm/mm_types.h"
#include "core/pgtable/ptl.h"
#include "core/phys/folio.h"

enum pvmw_flags {
	PVMW_SYNC = 1,		/* lock every table: waits for concurrent map and unmap under the lock */
	PVMW_MIGRATION = 2,	/* find the pages' migration entries instead */
	PVMW_RAW = 4,		/* raw frames too */
	PVMW_PGTABLE_CROSSED = 8,	/* set by the walk: the entries found are in more than one table */
};

/* Lock key: (T) this thread only */
struct page_vma_mapped_walk {
	unsigned long pfn;		/* (T) the pages: pfn … pfn + nr_pages - 1 */
	unsigned long nr_pages;		/* (T) */
	unsigned long pgoff;		/* (T) page index of the first */
	struct vm_area_struct *vma;	/* (T) */
	unsigned long address;		/* (T) of the current entry; where the next call continues */
	pmd_t *pmd;			/* (T) the entry of the current table, or the leaf found */
	pte_t *pte;			/* (T) the entry found; NULL if none, or a leaf */
	spinlock_t *ptl;		/* (T) its table's lock, held; NULL if none */
	unsigned int flags;		/* (T) pvmw_flags */
};

/*
 * A walk over @folio's pages in @vma; @addr is the address of the first one in the VMA: see vma_address(). A merged
 * folio has no index of its own, so that of a small one follows from @addr.
 */
#define PVMW_OF_FOLIO(folio_, vma_, addr_, flags_) { \
	.pfn = folio_pfn(folio_), .nr_pages = folio_nr_pages(folio_), \
	.pgoff = folio_test_large(folio_) ? (folio_)->page.index \
					  : (vma_)->vm_pgoff + (((addr_) - (vma_)->vm_start) >> PAGE_SHIFT), \
	.vma = (vma_), .address = (addr_), .flags = (flags_) \
}

/*
 * vma_address - the address in @vma of the first of the @nr pages from index @pgoff on within its range; -EFAULT if
 * none is. Locking: mmap_lock, or the lock of an anon_vma that the VMA is linked to. Source: mm/internal.h.
 */
static inline unsigned long vma_address(const struct vm_area_struct *vma, unsigned long pgoff, unsigned long nr)
{
	if (pgoff >= vma->vm_pgoff + vma_pages(vma) || pgoff + nr <= vma->vm_pgoff)
		return (unsigned long)-EFAULT;
	return pgoff <= vma->vm_pgoff ? vma->vm_start : vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
}

/*
 * page_vma_mapped_walk - finds the next entry. True: @pvmw has it, and its table is locked, until the next call or
 * page_vma_mapped_walk_done(). False: there are no more, and nothing is locked. Locking: as for vma_address(). Source:
 * mm/page_vma_mapped.c.
 */
bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw);

/* Ends a walk early, after an entry was found. */
static inline void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->ptl && pvmw->pte)
		pte_unmap_unlock(&load_relaxed(&pvmw->vma->vm_mm)->pt, pvmw->ptl);
	else if (pvmw->ptl)
		spin_unlock(pvmw->ptl);
	pvmw->pte = NULL;
	pvmw->ptl = NULL;
}

/* The caller changed the tables: unlocks, and the next call re-reads pvmw->address. */
static inline void page_vma_mapped_walk_restart(struct page_vma_mapped_walk *pvmw)
{
	ASSERT(pvmw->ptl);
	page_vma_mapped_walk_done(pvmw);
	pvmw->pmd = NULL;
}

#endif
