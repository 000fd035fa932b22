/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_walk.c - which folio is mapped at an address, with the lock that keeps it there. */
#include "core/mm/folio_walk.h"

#include "core/mm/mm.h"
#include "core/mm/vm_normal_page.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"

/*
 * The page that the entry names, NULL if it is none to be found; fw->page says whether it is mapped there. Locking: the PTL.
 * The page of zeroes and a page that moves are not the caller's to look into.
 */
static struct page *page_of_pte(struct folio_walk *fw, const struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	pte_t pte = fw->pte;

	fw->page = pte_present(pte) ? vm_normal_page(vma, addr, pte) : NULL;
	if (fw->page)
		return fw->page;
	if ((flags & FW_ZEROPAGE) && pte_present(pte) && pte_special(pte) && is_zero_pfn(pte_pfn(pte)))
		return zero_page;
	if ((flags & FW_MIGRATION) && pte_is_migration(pte))
		return pfn_to_page(swapent_payload(pte));
	return NULL;
}

/* False: the table changed under way, and the PMD entry has to be looked at again. Then, and without a page, nothing is locked. */
static bool walk_table(struct folio_walk *fw, struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr, unsigned int flags,
		       struct page **page)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;

	fw->ptep = pte_offset_map_lock(pt, pmdp, addr, &fw->ptl);
	if (!fw->ptep)
		return false;
	fw->level = LEVEL_PTE;
	fw->pte = ptep_get(fw->ptep);
	*page = page_of_pte(fw, vma, addr, flags);
	if (!*page)
		pte_unmap_unlock(pt, fw->ptl);
	return true;
}

struct folio *folio_walk_start(struct folio_walk *fw, struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	unsigned long found = addr & PAGE_MASK;
	pmd_t *pmdp = pmd_find_next(&vma->vm_mm->pt, &found, (addr & PAGE_MASK) + PAGE_SIZE);
	struct page *page = NULL;
	unsigned int rounds = 0;

	ASSERT(addr >= vma->vm_start && addr < vma->vm_end);
	while (pmdp && pmd_present(pmdp_get(pmdp)) && !walk_table(fw, vma, pmdp, addr & PAGE_MASK, flags, &page))
		BUG_ON(++rounds > PTE_AGAIN_BOUND);
	return page ? page_folio(page) : NULL;
}
