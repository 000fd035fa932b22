/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_vma_mapped.c - the entries of one VMA that map a range of pages. */
#include "core/mm/page_vma_mapped.h"

#include "core/mm/hugetlb_share.h"
#include "core/mm/rmap.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

static struct mm_pgtable *pgtable_of(const struct page_vma_mapped_walk *pvmw)
{
	return &load_relaxed(&pvmw->vma->vm_mm)->pt;
}

/* One past the last address of the VMA where one of the pages can be. Source: mm/internal.h, vma_address_end(). */
static unsigned long vma_address_end(const struct page_vma_mapped_walk *pvmw)
{
	const struct vm_area_struct *vma = pvmw->vma;
	unsigned long pages = pvmw->pgoff + pvmw->nr_pages - vma->vm_pgoff;

	return pages < vma_pages(vma) ? vma->vm_start + (pages << PAGE_SHIFT) : vma->vm_end;
}

/* True if @pte maps one of the pages. Source: mm/page_vma_mapped.c, check_pte(). */
static bool maps(const struct page_vma_mapped_walk *pvmw, pte_t pte)
{
	if (pvmw->flags & PVMW_MIGRATION)
		return pte_is_migration(pte) && swapent_payload(pte) - pvmw->pfn < pvmw->nr_pages;
	if (pte_present(pte) && pte_special(pte) && !(pvmw->flags & PVMW_RAW))
		return false;
	return (pte_present(pte) || pte_is_device_private(pte)) && pte_pfn(pte) - pvmw->pfn < pvmw->nr_pages;
}

/*
 * Advances to the next entry below @end, in the current table, that maps one of the pages. False: there is none, and
 * @pvmw is at the table's end.
 */
static bool find_in_table(struct page_vma_mapped_walk *pvmw, unsigned long end)
{
	for (end = pmd_addr_end(pvmw->address, end); pvmw->address < end; pvmw->address += PAGE_SIZE, pvmw->pte++)
		if (maps(pvmw, ptep_get(pvmw->pte)))
			return true;
	return false;
}

DEFINE_KNOCKOUT(PVMW_RECHECK,
	.name = "pvmw:recheck",
	.removes = "the re-read of the PMD entry under the PTL, in an rmap walk",
	.breaks = "an entry changed in a table that is unlinked",
	.detected_by = "the step-by-step test of page_vma_mapped_walk()",
	.hunt = "test unit.page_vma_mapped.4");

/*
 * Locks the current table, mapped when its PMD entry was @pmd. False: the entry has changed; nothing is locked or
 * mapped. The caller re-checks entries that it read before the lock.
 */
static bool lock_table(struct page_vma_mapped_walk *pvmw, pmd_t pmd)
{
	struct mm_pgtable *pt = pgtable_of(pvmw);
	spinlock_t *ptl = pte_lockptr(pt, pvmw->pmd, pmd);

	SYNCPOINT("pvmw.before_ptl");
	pte_lock(ptl, LOCK_WAITED);
	if (likely(pmd_same(pmd, pmdp_get(pvmw->pmd)) || KNOCKED_OUT(PVMW_RECHECK))) {
		pvmw->ptl = ptl;
		return true;
	}
	pte_unmap_unlock(pt, ptl);
	count_event(EV_PTE_MAP_RETRY);
	return false;
}

/*
 * A thread that clears a leaf holds its lock until it is uncounted: once this function has taken the lock, the counts
 * are correct, too. Source: mm/page_vma_mapped.c.
 */
static void sync_leaf(const struct page_vma_mapped_walk *pvmw)
{
	if ((pvmw->flags & PVMW_SYNC) && THP_POSSIBLE && pvmw->nr_pages >= HPAGE_PMD_NR)
		spin_unlock(pmd_lock(pgtable_of(pvmw), pvmw->pmd));
}

/*
 * Maps the table that pvmw->pmd names: locked, unless it maps none of the pages and PVMW_SYNC is not set, or there is
 * none; then ->address is at its end. If the table changed meanwhile it is not locked either, and ->address stays.
 */
static void map_table(struct page_vma_mapped_walk *pvmw, unsigned long end)
{
	struct mm_pgtable *pt = pgtable_of(pvmw);
	unsigned long start = pvmw->address;
	pmd_t pmd;

	pvmw->pte = pte_offset_map(pt, pvmw->pmd, start, &pmd);
	if (!pvmw->pte && pmd_trans_huge(pmd))
		return;
	if (!pvmw->pte) {
		sync_leaf(pvmw);
		pvmw->address = pmd_addr_end(start, end);
		return;
	}
	if (!(pvmw->flags & PVMW_SYNC) && !find_in_table(pvmw, end)) {
		pte_unmap(pt);
		pvmw->pte = NULL;
	} else if (!lock_table(pvmw, pmd)) {
		pvmw->pte = NULL;
		pvmw->address = start;
	}
}

/*
 * True if the current leaf, of @nr pages, maps some of the pages. Locking: its PTL. Source: mm/page_vma_mapped.c,
 * check_pmd().
 */
static bool leaf_maps(const struct page_vma_mapped_walk *pvmw, pmd_t pmd, unsigned long nr)
{
	if (is_pmd_migration_entry(pmd) != !!(pvmw->flags & PVMW_MIGRATION) || pmd_special(pmd))
		return false;
	return pmd_pfn(pmd) + nr > pvmw->pfn && pmd_pfn(pmd) < pvmw->pfn + pvmw->nr_pages;
}

/*
 * pvmw->pmd was a leaf. True: it maps some of the pages, and is locked. Else nothing is locked: ->address is past it,
 * or stays, if it is no leaf any more.
 */
static bool find_leaf(struct page_vma_mapped_walk *pvmw, unsigned long end)
{
	SYNCPOINT("pvmw.before_pmd_lock");
	pvmw->ptl = pmd_trans_huge_lock(pgtable_of(pvmw), pvmw->pmd);
	if (!pvmw->ptl)
		return false;
	if (leaf_maps(pvmw, pmdp_get(pvmw->pmd), HPAGE_PMD_NR))
		return true;
	page_vma_mapped_walk_done(pvmw);
	pvmw->address = pmd_addr_end(pvmw->address, end);
	return false;
}

/* Advances from the current entry, and out of its table if it was the last there. */
static void step_over(struct page_vma_mapped_walk *pvmw, unsigned long end)
{
	if (!pvmw->pte) {
		page_vma_mapped_walk_done(pvmw);
		pvmw->address = pmd_addr_end(pvmw->address, end);
		return;
	}
	pvmw->address += PAGE_SIZE;
	pvmw->pte++;
	if (IS_ALIGNED(pvmw->address, PMD_SIZE)) {
		page_vma_mapped_walk_done(pvmw);
		pvmw->flags |= PVMW_PGTABLE_CROSSED;
	}
}

/* The entry maps one of the pages at the page's place in the VMA: it is never anywhere else. */
static void check_place(const struct page_vma_mapped_walk *pvmw)
{
	unsigned long pfn = pvmw->pte ? pte_pfn(ptep_get(pvmw->pte))
				      : pmd_pfn(pmdp_get(pvmw->pmd)) + ((pvmw->address & (PMD_SIZE - 1)) >> PAGE_SHIFT);

	ASSERT(linear_page_index(pvmw->vma, pvmw->address) == pvmw->pgoff + pfn - pvmw->pfn);
	(void)pfn;
}

/* Of hugetlb memory with leaves of PUD tables: the pages are all in one huge page. Source: mm/page_vma_mapped.c. */
static __noinline bool find_gigantic(struct page_vma_mapped_walk *pvmw)
{
	const struct hstate *h = hstate_vma(pvmw->vma);

	if (pvmw->ptl) {
		page_vma_mapped_walk_done(pvmw);
		return false;
	}
	pvmw->pmd = hugetlb_walk(pvmw->vma, pvmw->address, h);
	if (!pvmw->pmd)
		return false;
	pvmw->ptl = huge_pte_lock(h, pgtable_of(pvmw), pvmw->pmd);
	if (pmd_trans_huge(pmdp_get(pvmw->pmd)) && leaf_maps(pvmw, pmdp_get(pvmw->pmd), pages_per_huge_page(h)))
		return true;
	page_vma_mapped_walk_done(pvmw);
	return false;
}

bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw)
{
	unsigned long end = vma_address_end(pvmw);
	RETRY_LOOP(100000, "an rmap walk's next entry");

	if (unlikely(load_relaxed(&pvmw->vma->vm_flags) & VM_HUGETLB_PUD))
		return find_gigantic(pvmw);
	if (pvmw->ptl)
		step_over(pvmw, end);
	for (;;) {
		if (pvmw->ptl) {
			if (find_in_table(pvmw, end)) {
				check_place(pvmw);
				return true;
			}
			page_vma_mapped_walk_done(pvmw);
		}
		if (pvmw->address >= end)
			return false;
		pvmw->pmd = pmd_find_next(pgtable_of(pvmw), &pvmw->address, end);
		if (!pvmw->pmd)
			return false;
		if (unlikely(pmd_trans_huge(pmdp_get(pvmw->pmd)))) {
			if (find_leaf(pvmw, end)) {
				check_place(pvmw);
				return true;
			}
		} else {
			map_table(pvmw, end);
		}
		RETRY();
	}
}
