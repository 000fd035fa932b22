/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap.c - clearing what a range maps. */
#include "core/op/zap.h"

#include "core/mm/mm.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio.h"

/* Lock key: (T) this thread only */
struct zap {
	struct mmu_gather *tlb;		/* (T) */
	unsigned int flags;		/* (T) zap_flags */
	bool kept;			/* (T) an entry stayed in the table at hand */
	long anon;			/* (T) anonymous pages unmapped from it */
};

/* Clears one entry; true when the gather is full. Locking: the PTL. */
static bool zap_pte(struct zap *zap, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);
	struct page *page;

	if (pte_none(pte))
		return false;
	if (pte_is_guard(pte) && (zap->flags & ZAP_KEEP_GUARDS)) {
		zap->kept = true;
		return false;
	}
	pte = ptep_get_and_clear(ptep);
	if (!pte_present(pte) || pte_special(pte))
		return false;
	page = pte_page(pte);
	zap->anon++;
	page_mapcount_dec(page);
	return tlb_remove_page(zap->tlb, page);
}

/* Clears entries of one locked table from @addr on; returns where it stopped: @end, or where the gather was full. */
static unsigned long zap_locked(struct zap *zap, pte_t *ptep, unsigned long addr, unsigned long end)
{
	bool full = false;

	for (; addr < end && !full; addr += PAGE_SIZE, ptep++)
		full = zap_pte(zap, ptep);
	mm_count(zap->tlb->pt, MM_ANONPAGES, -zap->anon);
	zap->anon = 0;
	return addr;
}

/*
 * Locks the PMD entry and the entries of its table, outermost first: the mm's one lock ranks above a PMD table's. Returns the
 * PMD entry; *@inner is NULL when one lock guards both.
 */
static pmd_t lock_both(struct mm_pgtable *pt, pmd_t *pmdp, spinlock_t **outer, spinlock_t **inner)
{
	bool one_for_ptes = pt->policy.pte_ptl == PTL_MM;
	pmd_t pmd;

	*outer = one_for_ptes ? &pt->page_table_lock : pmd_lockptr(pt, pmdp);
	spin_lock(*outer);
	pmd = pmdp_get(pmdp);
	*inner = NULL;
	if (!pmd_none(pmd))
		*inner = one_for_ptes ? pmd_lockptr(pt, pmdp) : pte_lockptr(pt, pmdp, pmd);
	if (*inner == *outer)
		*inner = NULL;
	if (*inner)
		spin_lock(*inner);
	return pmd;
}

static bool table_empty(pmd_t pmd)
{
	pte_t *table = entry_table(pmd.val);

	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		if (!pte_none(ptep_get(&table[i])))
			return KNOCKED_OUT(RECLAIM_RECHECK);
	return true;
}

/*
 * Unlinks the table if it is empty. Both locks are held while it is looked through and the PMD entry is cleared: so who
 * holds its PTL found it linked, and whoever waits for the PTL finds the PMD entry changed (pte_offset_map_lock()).
 * Source: mm/pt_reclaim.c, try_to_free_pte().
 */
static void reclaim_table(struct mmu_gather *tlb, pmd_t *pmdp)
{
	spinlock_t *outer, *inner;
	pmd_t pmd = lock_both(tlb->pt, pmdp, &outer, &inner);

	if (!pmd_none(pmd) && table_empty(pmd)) {
		store_relaxed(&pmdp->val, 0);
		tlb_remove_table(tlb, pmd_table_page(pmd));
		count_event(EV_PTE_TABLE_RECLAIM);
	}
	if (inner)
		spin_unlock(inner);
	spin_unlock(outer);
}

/* [addr, end) lies in what one PMD entry maps. */
static void zap_pmd(struct zap *zap, pmd_t *pmdp, unsigned long addr, unsigned long end)
{
	struct mm_pgtable *pt = zap->tlb->pt;
	bool whole = end - addr == PMD_SIZE;
	unsigned int rounds = 0;
	spinlock_t *ptl;
	pte_t *ptep;

	zap->kept = false;
	while (addr < end) {
		ptep = pte_offset_map_lock(pt, pmdp, addr, &ptl);
		if (!ptep) {
			if (pmd_none(pmdp_get(pmdp)))
				return;
			BUG_ON(++rounds > PTE_AGAIN_BOUND);
			continue;	/* another table by now */
		}
		addr = zap_locked(zap, ptep, addr, end);
		pte_unmap_unlock(pt, ptl);
		if (zap->tlb->nr_pages == GATHER_PAGES)
			tlb_flush_mmu(zap->tlb);
	}
	SYNCPOINT("zap.before_reclaim");
	if (whole && !zap->kept && (zap->flags & ZAP_RECLAIM) && pt->policy.reclaim_tables)
		reclaim_table(zap->tlb, pmdp);
}

void zap_range(struct mmu_gather *tlb, unsigned long start, unsigned long end, unsigned int flags)
{
	struct zap zap = { .tlb = tlb, .flags = flags };
	unsigned long addr = start;
	pmd_t *pmdp;

	while ((pmdp = pmd_find_next(tlb->pt, &addr, end))) {
		unsigned long next = pmd_addr_end(addr, end);

		zap_pmd(&zap, pmdp, addr, next);
		addr = next;
	}
}
