/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse_scan.c - khugepaged's decision whether the pages of a range are worth a huge page. It is made under the PTL,
 * and what matters for correctness again under mmap_lock for write (collapse.c).
 */
#include "core/mm/notifier.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/collapse_control.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"

/* What the entries so far map. Lock key: (T) this thread only */
struct seen {
	unsigned long none_or_zero, unmapped, shared, referenced;	/* (T) */
};

/* By its entry, its folio, or a device. Source: mm/khugepaged.c, hpage_collapse_scan_pmd(). */
static bool recently_used(struct vm_area_struct *vma, unsigned long addr, pte_t pte, const struct folio *folio)
{
	return pte_young(pte) || folio_test_referenced(folio) ||
	       mmu_notifier_test_young(vma->vm_mm, addr);
}

static enum scan_result scan_folio(struct folio *folio, const struct collapse_control *cc, struct seen *seen)
{
	if (!folio_test_anon(folio))
		return SCAN_PAGE_ANON;
	if (folio_maybe_mapped_shared(folio) && exceeds(cc, ++seen->shared, cc->limits.max_ptes_shared))
		return SCAN_EXCEED_SHARED_PTE;
	if (folio_test_locked(folio))
		return SCAN_PAGE_LOCK;
	return folio_ref_count(folio) == folio_mapcount(folio) + (int)folio_swap_refs(folio) ? SCAN_SUCCEED :
											       SCAN_PAGE_COUNT;
}

/* Locking: mmap_lock, the PTL. */
static enum scan_result scan_pte(struct vm_area_struct *vma, unsigned long addr, pte_t pte,
				 const struct collapse_control *cc, struct seen *seen)
{
	enum scan_result result;
	struct page *page;

	if (unlikely(vma->vm_uffd && !pte_none(pte) && pte_uffd_wp_any(pte)))
		return SCAN_PTE_UFFD_WP;
	if (pte_is_swapent(pte))
		return exceeds(cc, ++seen->unmapped, cc->limits.max_ptes_swap) ? SCAN_EXCEED_SWAP_PTE : SCAN_SUCCEED;
	page = pte_none(pte) ? NULL : vm_normal_page(vma, addr, pte);
	if (!page)
		return vma->vm_uffd || exceeds(cc, ++seen->none_or_zero, cc->limits.max_ptes_none) ?
			       SCAN_EXCEED_NONE_PTE : SCAN_SUCCEED;
	result = scan_folio(page_folio(page), cc, seen);
	seen->referenced += result == SCAN_SUCCEED && recently_used(vma, addr, pte, page_folio(page));
	return result;
}

/* Locking: mmap_lock. */
static enum scan_result scan_table(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long start,
				   const struct collapse_control *cc)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	enum scan_result result = SCAN_SUCCEED;
	struct seen seen = { 0 };
	spinlock_t *ptl;
	pte_t *ptep = pte_offset_map_lock(pt, pmdp, start, &ptl);

	if (!ptep)
		return SCAN_PMD_NULL;
	for (unsigned long i = 0; result == SCAN_SUCCEED && i < HPAGE_PMD_NR; i++)
		result = scan_pte(vma, start + (i << PAGE_SHIFT), ptep_get(ptep + i), cc, &seen);
	pte_unmap_unlock(pt, ptl);
	if (result == SCAN_SUCCEED && (!seen.referenced || (seen.unmapped && seen.referenced < HPAGE_PMD_NR / 2)))
		return SCAN_LACK_REFERENCED_PAGE;
	return result;
}

enum scan_result hpage_collapse_scan_pmd(struct vm_area_struct *vma, unsigned long addr, bool *mmap_locked,
					 const struct collapse_control *cc)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long found = addr;
	pmd_t *pmdp = pmd_find_next(&mm->pt, &found, addr + PMD_SIZE);
	enum scan_result result;
	pmd_t pmd;

	if (!pmdp)
		return SCAN_PMD_NULL;
	pmd = pmdp_get(pmdp);
	if (!pmd_is_table(pmd))
		return pmd_none(pmd) ? SCAN_PMD_NULL : SCAN_PMD_MAPPED;
	result = scan_table(vma, pmdp, addr, cc);
	if (result != SCAN_SUCCEED)
		return result;
	SYNCPOINT("khugepaged.scanned");
	*mmap_locked = false;
	return collapse_huge_page(mm, addr, cc);
}
