/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap.c - clears the entries of a range. */
#include "core/op/zap.h"

#include "core/host/age.h"
#include "core/mm/filemap.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/pte_batch.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/huge_pmd.h"
#include "core/op/huge_pud.h"
#include "core/op/hugetlb.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DEFINE_EVENT(PTE_TABLE_RECLAIM, "emptied PTE tables freed");

/* Lock key: (T) this thread only */
struct zap {
	struct mmu_gather *tlb;		/* (T) */
	struct vm_area_struct *vma;	/* (T) */
	unsigned int flags;		/* (T) zap_flags */
	bool kept;			/* (T) an entry stayed in the current table */
	long anon, file;		/* (T) pages unmapped from it */
	unsigned int late;		/* (T) of tlb->pages, the first with TLB_DELAY_RMAP, + 1; 0: none */
};

/*
 * True if the page of an entry that maps none is a private copy, not its file's; or is lost, maybe. Source:
 * mm/memory.c, zap_nonpresent_ptes(). Locking: the PTL.
 */
static bool stands_for_copy(pte_t pte)
{
	if (pte_is_migration(pte))
		return folio_test_anon(pfn_swap_entry_folio(pte));
	return pte_is_swap(pte) || pte_is_device_private(pte) || swapent_type(pte) == SWAPENT_POISON;
}

/* Clears an entry that maps no page. Source: mm/memory.c, zap_nonpresent_ptes(). Locking: the PTL. */
static __noinline void zap_other(struct zap *zap, pte_t *ptep, pte_t pte)
{
	bool cow = stands_for_copy(pte);

	if ((pte_is_guard(pte) && (zap->flags & ZAP_KEEP_GUARDS)) || (cow && (zap->flags & ZAP_KEEP_COWS))) {
		zap->kept = true;
		return;
	}
	ptep_get_and_clear(ptep);
	if (pte_is_swap(pte)) {
		mm_count(zap->tlb->pt, MM_SWAPENTS, -1);
		swap_free(swapent_payload(pte));
	} else if (pte_is_migration(pte)) {
		*(cow ? &zap->anon : &zap->file) += 1;
	} else if (pte_is_device_private(pte)) {
		zap->anon++;
		folio_remove_rmap_ptes(page_folio(pte_page(pte)), pte_page(pte), 1, zap->vma);
		put_page(pte_page(pte));
	}
}

DEFINE_KNOCKOUT(ZAP_DELAY_RMAP,
	.name = "zap:delay-rmap",
	.removes = "the TLB flush between clearing an entry of a file's page and uncounting its mapping",
	.breaks = "a write after the page was written back, which is lost",
	.detected_by = "the detector translations: knockout.tlb",
	.hunt = "explore munmap_vs_write_back",
	.mirrors = "mm: delay page_remove_rmap() until after the TLB has been flushed");

/*
 * With TLBs the pages of files are uncounted after a flush, under the PTL still: write-back does not look for entries
 * of a folio that is not mapped (folio_mkclean()), and would write out and clean a page that others write to. Returns
 * true if they are not uncounted yet. Source: mm/memory.c, zap_present_folio_ptes().
 */
static __noinline bool delay_rmap(struct zap *zap, struct page *page, unsigned int nr)
{
	if (KNOCKED_OUT(ZAP_DELAY_RMAP))
		return false;
	if (!zap->late)
		zap->late = zap->tlb->nr_pages + 1;
	for (; nr; nr--, page++)
		zap->tlb->pages[zap->tlb->nr_pages++] = (struct folio *)((uintptr_t)page | TLB_DELAY_RMAP);
	return true;
}

/* Locking: the PTL under which they were gathered. Source: mm/mmu_gather.c. */
static __noinline void tlb_flush_rmaps(struct zap *zap)
{
	struct mmu_gather *tlb = zap->tlb;

	flush_tlb_range(tlb->pt, tlb->start, tlb->end);
	for (unsigned int i = zap->late - 1; i < tlb->nr_pages; i++) {
		uintptr_t gathered = (uintptr_t)tlb->pages[i];
		struct page *page = (struct page *)(gathered & ~TLB_DELAY_RMAP);

		if (!(gathered & TLB_DELAY_RMAP))
			continue;
		tlb->pages[i] = page_folio(page);
		folio_remove_rmap_ptes(page_folio(page), page, 1, zap->vma);
	}
	zap->late = 0;
}

/* Clears @nr entries that map @folio from @page on. Source: mm/memory.c, zap_present_folio_ptes(). Locking: the PTL. */
static force_inline void zap_folio_ptes(struct zap *zap, struct folio *folio, struct page *page, pte_t *ptep,
					unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		pte_t pte = ptep_get_and_clear(ptep + i);

		/* The folio of a file was dirtied before the write: see file_fault.c. A driver's is not. */
		ASSERT(!pte_dirty(pte) || page_type(page) != PAGE_FILE || folio_test_dirty(folio));
		(void)pte;
	}
	if (likely(folio_test_anon(folio))) {
		zap->anon += nr;
	} else {
		zap->file += nr;
		if (unlikely(zap->tlb->pt->policy.tlb) && delay_rmap(zap, page, nr))
			return;
	}
	folio_remove_rmap_ptes(folio, page, nr, zap->vma);
	tlb_remove_folio_pages(zap->tlb, folio, nr);
}

/* Clears an entry of a large folio, and those after it that belong to it; returns their number. */
static __noinline unsigned int zap_large(struct zap *zap, struct folio *folio, pte_t *ptep, pte_t pte,
					 unsigned long max)
{
	unsigned int nr = folio_pte_batch(folio, ptep, pte, (unsigned int)min(max, (unsigned long)tlb_room(zap->tlb)));

	zap_folio_ptes(zap, folio, pte_page(pte), ptep, nr);
	return nr;
}

/* The gather has room for one. */
static force_inline unsigned int zap_present(struct zap *zap, struct page *page, pte_t *ptep, pte_t pte,
					     unsigned long max)
{
	struct folio *folio = page_folio(page);

	if (unlikely((zap->flags & ZAP_KEEP_COWS) && folio_test_anon(folio))) {
		zap->kept = true;
		return 1;
	}
	if (unlikely(folio_test_large(folio)))
		return zap_large(zap, folio, ptep, pte, max);
	zap_folio_ptes(zap, folio, page, ptep, 1);
	return 1;
}

/*
 * Clears the entry of @addr, or several of one folio; returns the number of entries passed, @max at most. Locking: the
 * PTL.
 */
static force_inline unsigned int zap_ptes(struct zap *zap, pte_t *ptep, unsigned long addr, unsigned long max)
{
	pte_t pte = ptep_get(ptep);
	struct page *page;

	if (pte_none(pte))
		return 1;
	page = pte_present(pte) ? vm_normal_page(zap->vma, addr, pte) : NULL;
	if (likely(page))
		return zap_present(zap, page, ptep, pte, max);
	zap_other(zap, ptep, pte);
	return 1;
}

/* Clears entries of one locked table from @addr on; returns where it stopped: @end, or where the gather was full. */
static unsigned long zap_locked(struct zap *zap, pte_t *ptep, unsigned long addr, unsigned long end)
{
	unsigned int nr;

	for (; addr < end && tlb_room(zap->tlb); addr += nr * PAGE_SIZE, ptep += nr)
		nr = zap_ptes(zap, ptep, addr, (end - addr) >> PAGE_SHIFT);
	mm_count(zap->tlb->pt, MM_ANONPAGES, -zap->anon);
	if (unlikely(zap->file)) {
		if (zap->late)
			tlb_flush_rmaps(zap);
		mm_count(zap->tlb->pt, MM_FILEPAGES, -zap->file);
	}
	zap->anon = zap->file = 0;
	return addr;
}

DEFINE_KNOCKOUT(RECLAIM_RECHECK,
	.name = "reclaim:recheck",
	.removes = "the re-check, under both locks, that a PTE table to free is empty",
	.breaks = "pages that were mapped meanwhile leak with their table",
	.detected_by = "page and counter accounting at rest",
	.hunt = HUNT_JUMBLE);

static bool table_empty(pmd_t pmd)
{
	pte_t *table = entry_table(pmd.val);

	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		if (!pte_none(ptep_get(&table[i])))
			return KNOCKED_OUT(RECLAIM_RECHECK);
	return true;
}

/*
 * Unlinks the table if it is empty. Both locks are held while it is checked and the PMD entry is cleared: a holder of
 * its PTL found it linked, and a waiter for the PTL finds the PMD entry changed (pte_offset_map_lock()). Source:
 * mm/pt_reclaim.c, try_to_free_pte().
 */
static void reclaim_table(struct mmu_gather *tlb, pmd_t *pmdp)
{
	spinlock_t *outer, *inner;
	pmd_t pmd = pmd_pte_lock(tlb->pt, pmdp, &outer, &inner);

	if (pmd_is_table(pmd) && table_empty(pmd)) {
		/* In order: a walk that finds no table may free folios that were looked at by its entries. */
		set_pmd_at(pmdp, __pmd(0));
		tlb_remove_table(tlb, pmd_table_page(pmd));
		count_event(EV_PTE_TABLE_RECLAIM);
	}
	pmd_pte_unlock(outer, inner);
}

static void make_room(struct mmu_gather *tlb)
{
	if (!tlb_room(tlb))
		tlb_flush_mmu(tlb);
}

DEFINE_KNOCKOUT(TRUNCATE_SYNC_LEAF,
	.name = "truncate:sync-leaf",
	.removes = "the wait for a thread that has cleared a huge page's entry but not its mapcount",
	.breaks = "a mapped page without a file",
	.detected_by = "the check in filemap_remove_folio()",
	.hunt = "explore truncate_vs_leaf",
	.mirrors = "mm/thp: unmap_mapping_page() to fix THP truncate_cleanup_page()");

/*
 * A leaf is cleared and its folio's mapcount dropped under the PMD table's lock: taking it once waits for threads
 * between the two. Source: mm/memory.c, zap_pmd_range().
 */
static void sync_leaf(const struct zap *zap, pmd_t *pmdp)
{
	if (zap->flags & ZAP_SYNC_LEAF && !KNOCKED_OUT(TRUNCATE_SYNC_LEAF))
		spin_unlock(pmd_lock(zap->tlb->pt, pmdp));
}

/* There is no table, or another one: zaps the leaf, or makes it a table. False: nothing of [addr, end) is left. */
static __noinline bool zap_no_table(struct zap *zap, pmd_t *pmdp, unsigned long addr, unsigned long end)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (pmd_none(pmd)) {
		if (THP_POSSIBLE && end - addr == PMD_SIZE)
			sync_leaf(zap, pmdp);
		return false;
	}
	if (!pmd_trans_huge(pmd))
		return true;
	if (end - addr != PMD_SIZE) {
		split_huge_pmd(zap->vma, pmdp, addr);
		return true;
	}
	if (!zap_huge_pmd(zap->tlb, zap->vma, pmdp, addr, zap->flags))
		return true;
	make_room(zap->tlb);
	return false;
}

/* [addr, end) lies in the range of one PMD entry. */
static void zap_pmd(struct zap *zap, pmd_t *pmdp, unsigned long addr, unsigned long end)
{
	struct mm_pgtable *pt = zap->tlb->pt;
	bool whole = end - addr == PMD_SIZE;
	spinlock_t *ptl;
	pte_t *ptep;
	RETRY_LOOP(100000, "a table to zap");

	zap->kept = false;
	SYNCPOINT("zap.before_table");
	assert_linked(&kind_page_table, &table_page(pmdp)->probe, table_page(pmdp));
	while (addr < end) {
		ptep = pte_offset_map_lock(pt, pmdp, addr, &ptl);
		if (!ptep) {
			if (!zap_no_table(zap, pmdp, addr, end))
				return;
			RETRY();
			continue;
		}
		addr = zap_locked(zap, ptep, addr, end);
		pte_unmap_unlock(pt, ptl);
		make_room(zap->tlb);
	}
	SYNCPOINT("zap.before_reclaim");
	if (whole && !zap->kept && (zap->flags & ZAP_RECLAIM) && pt->policy.reclaim_tables)
		reclaim_table(zap->tlb, pmdp);
}

/* Leaves that overlap [addr, end): all of each is unmapped, and faults map the rest again. */
static __noinline void zap_puds(struct zap *zap, unsigned long addr, unsigned long end)
{
	for (unsigned long next; addr < end; addr = next) {
		pud_t *pudp = pud_find(zap->tlb->pt, addr);

		next = pud_addr_end(addr, end);
		if (!pudp || !pud_trans_huge(pudp_get(pudp)))
			continue;
		if (next - addr == PUD_SIZE)
			zap_huge_pud(zap->tlb, zap->vma, pudp, addr);
		else
			split_huge_pud(zap->vma, pudp, addr);
		make_room(zap->tlb);
	}
}

static void zap_pmds(struct zap *zap, unsigned long addr, unsigned long end)
{
	pmd_t *pmdp;

	if (vma_has_puds(zap->vma))
		zap_puds(zap, addr, end);
	while ((pmdp = pmd_find_next(zap->tlb->pt, &addr, end))) {
		unsigned long next = pmd_addr_end(addr, end);

		zap_pmd(zap, pmdp, addr, next);
		addr = next;
	}
}

void zap_range(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start, unsigned long end,
	       unsigned int flags)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(container_of(tlb->pt, struct mm_struct, pt),
								MMU_NOTIFY_CLEAR, start, end);
	struct zap zap = { .tlb = tlb, .vma = vma, .flags = flags };

	if (unlikely(is_vm_hugetlb_page(vma)))
		adjust_range_if_pmd_sharing_possible(vma, &range.start, &range.end);
	mmu_notifier_invalidate_range_start(&range);
	tlb_gather_range(tlb, start, end);
	if (unlikely(is_vm_hugetlb_page(vma)))
		unmap_hugepage_range(vma, start, end, flags & ZAP_UNMAP);
	else
		zap_pmds(&zap, start, end);
	mmu_notifier_invalidate_range_end(&range);
}
