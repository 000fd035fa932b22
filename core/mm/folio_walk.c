/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_walk.c - finds the folio mapped at an address, and returns with its entry's lock held.
 *
 * Leaves are read without a lock, locked, and re-read: a leaf may have become a table, or a table a leaf. Then the
 * descent restarts from above, so the result was read under its lock. Source: mm/pagewalk.c.
 */
#include "core/mm/folio_walk.h"

#include "core/base/retry.h"
#include "core/mm/huge_memory.h"
#include "core/mm/mm.h"
#include "core/mm/vm_normal_page.h"
#include "core/pgtable/swapent.h"

/* Lock key: (T) this thread only */
struct look {
	struct folio_walk *fw;		/* (T) */
	struct vm_area_struct *vma;	/* (T) */
	unsigned long addr;		/* (T) of a page */
	unsigned int flags;		/* (T) folio_walk_flags */
	struct page *page;		/* (T) found, mapped there or not; NULL: none, and nothing is locked */
};

/*
 * The page of the entry, NULL if it is not to be returned; fw->page is set if it is mapped there. Locking: the PTL.
 * Callers cannot read the zero page or a page under migration.
 */
static struct page *page_of_pte(struct look *look, pte_t pte)
{
	struct folio_walk *fw = look->fw;

	fw->page = pte_present(pte) ? vm_normal_page(look->vma, look->addr, pte) : NULL;
	if (fw->page)
		return fw->page;
	if ((look->flags & FW_ZEROPAGE) && pte_present(pte) && pte_special(pte) && is_zero_pfn(pte_pfn(pte)))
		return zero_page;
	if ((look->flags & FW_MIGRATION) && pte_is_migration(pte))
		return pfn_to_page(swapent_payload(pte));
	return NULL;
}

static struct page *page_of_pmd(struct look *look, pmd_t pmd)
{
	look->fw->page = vm_normal_page_pmd(pmd, look->addr);
	if (look->fw->page)
		return look->fw->page;
	return (look->flags & FW_ZEROPAGE) && is_huge_zero_pmd(pmd) ? pmd_page(pmd) : NULL;
}

static struct page *page_of_pud(struct look *look, pud_t pud)
{
	unsigned long n = (look->addr & (PUD_SIZE - 1)) >> PAGE_SHIFT;

	look->fw->page = pud.val & ENTRY_SPECIAL ? NULL : pfn_to_page(entry_pfn(pud.val)) + n;
	return look->fw->page;
}

/* ---- one level each. False: the entry changed meanwhile ---- */

static bool look_in_table(struct look *look, pmd_t *pmdp)
{
	struct mm_pgtable *pt = &look->vma->vm_mm->pt;
	struct folio_walk *fw = look->fw;

	fw->ptep = pte_offset_map_lock(pt, pmdp, look->addr, &fw->ptl);
	if (!fw->ptep)
		return false;
	fw->level = LEVEL_PTE;
	fw->pte = ptep_get(fw->ptep);
	look->page = page_of_pte(look, fw->pte);
	if (!look->page)
		pte_unmap_unlock(pt, fw->ptl);
	return true;
}

/* @pmd: the value read without the lock. */
static bool look_at_pmd(struct look *look, pmd_t *pmdp, pmd_t pmd)
{
	struct folio_walk *fw = look->fw;

	SYNCPOINT("folio_walk.before_pmd_lock");
	fw->ptl = pmd_lock(&look->vma->vm_mm->pt, pmdp);
	if (!KNOCKED_OUT(FOLIO_WALK_RECHECK))
		pmd = pmdp_get(pmdp);
	fw->level = LEVEL_PMD;
	fw->pmdp = pmdp;
	fw->pmd = pmd;
	if (likely(pmd_trans_huge(pmd)))
		look->page = page_of_pmd(look, pmd);
	if (!look->page)
		spin_unlock(fw->ptl);
	return pmd_trans_huge(pmd);
}

static bool look_at_pud(struct look *look, pud_t *pudp, pud_t pud)
{
	struct folio_walk *fw = look->fw;

	SYNCPOINT("folio_walk.before_pud_lock");
	fw->ptl = &look->vma->vm_mm->pt.page_table_lock;
	spin_lock(fw->ptl);
	if (!KNOCKED_OUT(FOLIO_WALK_RECHECK))
		pud = pudp_get(pudp);
	fw->level = LEVEL_PUD;
	fw->pudp = pudp;
	fw->pud = pud;
	if (likely(pud_leaf(pud)))
		look->page = page_of_pud(look, pud);
	if (!look->page)
		spin_unlock(fw->ptl);
	return pud_leaf(pud);
}

/* The PUD entry of the address; NULL if a table above is missing. */
static pud_t *find_pud(const struct look *look)
{
	pgd_t *pgdp = pgd_offset(look->vma->vm_mm->pt.pgd, look->addr);
	p4d_t *p4dp;

	if (pgd_none(pgdp_get(pgdp)))
		return NULL;
	p4dp = p4d_offset(pgdp, look->addr);
	return p4d_none(p4dp_get(p4dp)) ? NULL : pud_offset(p4dp, look->addr);
}

static bool look_from_above(struct look *look)
{
	pud_t *pudp = find_pud(look);
	pmd_t *pmdp, pmd;

	if (!pudp || pud_none(pudp_get(pudp)))
		return true;
	if (THP_POSSIBLE && unlikely(pud_leaf(pudp_get(pudp))))
		return look_at_pud(look, pudp, pudp_get(pudp));
	pmdp = pmd_offset(pudp, look->addr);
	pmd = pmdp_get(pmdp);
	if (pmd_none(pmd))
		return true;
	return pmd_trans_huge(pmd) ? look_at_pmd(look, pmdp, pmd) : look_in_table(look, pmdp);
}

struct folio *folio_walk_start(struct folio_walk *fw, struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	struct look look = { .fw = fw, .vma = vma, .addr = addr & PAGE_MASK, .flags = flags };
	unsigned int rounds = 0;
	RETRY_LOOP(FOLIO_WALK);

	ASSERT(addr >= vma->vm_start && addr < vma->vm_end);
	while (!look_from_above(&look)) {
		count_event(EV_WALK_AGAIN);
		RETRY();
		BUG_ON(++rounds > PTE_AGAIN_BOUND);
	}
	return look.page ? page_folio(look.page) : NULL;
}
