/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_walk.c - finds the folio mapped at an address, and returns with its entry's lock held.
 *
 * Leaves are read without a lock, locked, and re-read: a leaf may have become a table, or a table a leaf. Then the
 * descent restarts from above, so the result was read under its lock. Source: mm/pagewalk.c.
 */
#include "core/mm/folio_walk.h"

#include "core/mm/huge_memory.h"
#include "core/mm/mm.h"
#include "core/mm/pagewalk.h"
#include "core/mm/vm_normal_page.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

/* Lock key: (T) this thread only */
struct lookup {
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
static struct page *page_of_pte(struct lookup *lookup, pte_t pte)
{
	struct folio_walk *fw = lookup->fw;

	fw->page = pte_present(pte) ? vm_normal_page(lookup->vma, lookup->addr, pte) : NULL;
	if (fw->page)
		return fw->page;
	if ((lookup->flags & FW_ZEROPAGE) && pte_present(pte) && pte_special(pte) && is_zero_pfn(pte_pfn(pte)))
		return zero_page;
	if ((lookup->flags & FW_MIGRATION) && pte_is_migration(pte))
		return pfn_to_page(swapent_payload(pte));
	return NULL;
}

static struct page *page_of_pmd(struct lookup *lookup, pmd_t pmd)
{
	lookup->fw->page = NULL;
	if (unlikely(is_pmd_migration_entry(pmd)))
		return lookup->flags & FW_MIGRATION ? pmd_page(pmd) : NULL;
	lookup->fw->page = vm_normal_page_pmd(pmd, lookup->addr);
	if (lookup->fw->page)
		return lookup->fw->page;
	return (lookup->flags & FW_ZEROPAGE) && is_huge_zero_pmd(pmd) ? pmd_page(pmd) : NULL;
}

static struct page *page_of_pud(struct lookup *lookup, pud_t pud)
{
	lookup->fw->page = NULL;
	if (unlikely(is_pmd_migration_entry(__pmd(pud.val))))	/* of hugetlb: see hugetlb.h */
		return lookup->flags & FW_MIGRATION ? pud_page(pud) : NULL;
	lookup->fw->page = vm_normal_page_pud(pud, lookup->addr);
	return lookup->fw->page;
}

/* ---- one level each. False: the entry changed meanwhile ---- */

static bool lookup_pte(struct lookup *lookup, pmd_t *pmdp)
{
	struct mm_pgtable *pt = &lookup->vma->vm_mm->pt;
	struct folio_walk *fw = lookup->fw;

	fw->ptep = pte_offset_map_lock(pt, pmdp, lookup->addr, &fw->ptl);
	if (!fw->ptep)
		return false;
	fw->level = LEVEL_PTE;
	fw->pte = ptep_get(fw->ptep);
	lookup->page = page_of_pte(lookup, fw->pte);
	if (!lookup->page)
		pte_unmap_unlock(pt, fw->ptl);
	return true;
}

DEFINE_KNOCKOUT(FOLIO_WALK_RECHECK,
	.name = "folio-walk:recheck",
	.removes = "the re-read of a leaf under its lock, in folio_walk_start()",
	.breaks = "a folio that is no longer mapped there",
	.detected_by = "the step-by-step tests of folio_walk_start()",
	.hunt = "test unit.folio_walk.4");

/* @pmd: the value read without the lock. */
static bool lookup_pmd(struct lookup *lookup, pmd_t *pmdp, pmd_t pmd)
{
	struct folio_walk *fw = lookup->fw;

	SYNCPOINT("folio_walk.before_pmd_lock");
	fw->ptl = pmd_lock(&lookup->vma->vm_mm->pt, pmdp);
	if (!KNOCKED_OUT(FOLIO_WALK_RECHECK))
		pmd = pmdp_get(pmdp);
	fw->level = LEVEL_PMD;
	fw->pmdp = pmdp;
	fw->pmd = pmd;
	if (likely(pmd_trans_huge(pmd)))
		lookup->page = page_of_pmd(lookup, pmd);
	if (!lookup->page)
		spin_unlock(fw->ptl);
	return pmd_trans_huge(pmd);
}

static bool lookup_pud(struct lookup *lookup, pud_t *pudp, pud_t pud)
{
	struct folio_walk *fw = lookup->fw;

	SYNCPOINT("folio_walk.before_pud_lock");
	fw->ptl = &lookup->vma->vm_mm->pt.page_table_lock;
	spin_lock(fw->ptl);
	if (!KNOCKED_OUT(FOLIO_WALK_RECHECK))
		pud = pudp_get(pudp);
	fw->level = LEVEL_PUD;
	fw->pudp = pudp;
	fw->pud = pud;
	if (likely(pud_leaf(pud)))
		lookup->page = page_of_pud(lookup, pud);
	if (!lookup->page)
		spin_unlock(fw->ptl);
	return pud_leaf(pud);
}

/* The PUD entry of the address; NULL if a table above is missing. */
static pud_t *find_pud(const struct lookup *lookup)
{
	pgd_t *pgdp = pgd_offset(lookup->vma->vm_mm->pt.pgd, lookup->addr);
	p4d_t *p4dp;

	if (pgd_none_or_clear_bad(pgdp))
		return NULL;
	p4dp = p4d_offset(pgdp, lookup->addr);
	return p4d_none_or_clear_bad(p4dp) ? NULL : pud_offset(p4dp, lookup->addr);
}

static bool lookup_once(struct lookup *lookup)
{
	pud_t *pudp = find_pud(lookup), pud;
	pmd_t *pmdp, pmd;

	if (!pudp)
		return true;
	pud = pudp_get(pudp);
	if (THP_POSSIBLE && unlikely(pud_leaf(pud)))
		return lookup_pud(lookup, pudp, pud);
	if (pud_none_or_clear_bad(pudp))
		return true;
	pmdp = pmd_offset(pudp, lookup->addr);
	pmd = pmdp_get(pmdp);
	if (pmd_none(pmd))
		return true;
	return pmd_trans_huge(pmd) ? lookup_pmd(lookup, pmdp, pmd) : lookup_pte(lookup, pmdp);
}

struct folio *folio_walk_start(struct folio_walk *fw, struct vm_area_struct *vma, unsigned long addr,
			       unsigned int flags)
{
	struct lookup lookup = { .fw = fw, .vma = vma, .addr = addr & PAGE_MASK, .flags = flags };
	RETRY_LOOP(100000, "a descent to one folio");

	ASSERT(addr >= vma->vm_start && addr < vma->vm_end);
	vma_pgtable_walk_begin(vma);
	while (!lookup_once(&lookup)) {
		count_event(EV_WALK_AGAIN);
		RETRY();
	}
	if (lookup.page)
		return page_folio(lookup.page);
	vma_pgtable_walk_end(vma);
	return NULL;
}
