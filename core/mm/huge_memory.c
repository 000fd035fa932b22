/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge_memory.c - splits leaves into PTEs; the huge zero page. */
#include "core/mm/huge_memory.h"

#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/rmap.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(THP_SPLIT_PMD, "PMD leaves split into PTEs, or unmapped");
DEFINE_EVENT(THP_SPLIT_PUD, "PUD leaves unmapped by a split");

/* ---- the huge zero page ---- */

static struct folio *huge_zero_folio;	/* (A) */

bool is_huge_zero_pfn(unsigned long pfn)
{
	/* ORDER[huge-zero:B] as in get_huge_zero_folio(); pairs with ORDER[huge-zero:A]. */
	struct folio *folio = load_acquire(&huge_zero_folio);

	return folio && pfn == folio_pfn(folio);
}

struct folio *get_huge_zero_folio(void)
{
	/*
	 * ORDER[huge-zero:B] before the folio is mapped. Pairs with ORDER[huge-zero:A]. Weaker: it is read before it is
	 * cleared.
	 */
	struct folio *folio = load_acquire(&huge_zero_folio), *mine;

	if (likely(folio))
		return folio;
	mine = folio_alloc(HPAGE_PMD_ORDER, PAGE_ZERO | ALLOC_ZERO);
	if (!mine)
		return NULL;
	SYNCPOINT("huge_zero.allocated");
	/*
	 * ORDER[huge-zero:A] after the folio is cleared; pairs with ORDER[huge-zero:B].
	 * ORDER[huge-zero:B] a failed exchange returns another thread's folio, as the load above.
	 */
	if (try_cmpxchg_acq_rel(&huge_zero_folio, &folio, mine))
		return mine;
	folio_put(mine);
	return folio;
}

unsigned long huge_zero_frames(void)
{
	/* ORDER[huge-zero:B] as in get_huge_zero_folio(); pairs with ORDER[huge-zero:A]. */
	return load_acquire(&huge_zero_folio) ? HPAGE_PMD_NR : 0;
}

void huge_zero_exit(void)
{
	if (huge_zero_folio)
		folio_put(huge_zero_folio);
	huge_zero_folio = NULL;
}

/* ---- splitting ---- */

/* The PTE that maps @page as the leaf @old does. */
static pte_t pte_of_leaf(pmd_t old, const struct page *page, const struct vm_area_struct *vma)
{
	pte_t pte = mk_pte((struct page *)page, load_relaxed(&vma->vm_page_prot));

	pte = pmd_write(old) ? pte_mkwrite(pte) : pte;
	pte = pmd_dirty(old) ? pte_mkdirty(pte) : pte;
	pte = pmd_soft_dirty(old) ? pte_mksoft_dirty(pte) : pte_clear_soft_dirty(pte);
	return pmd_young(old) ? pte_mkyoung(pte) : pte_mkold(pte);
}

/* Fills the table with uncounted entries: the zero page in each. */
static void fill_zero(pte_t *table, pmd_t old, const struct vm_area_struct *vma)
{
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		pte_init(table + i, pte_mkspecial(pte_of_leaf(old, zero_page, vma)));
}

DEFINE_KNOCKOUT(THP_SPLIT_EXCLUSIVE,
	.name = "thp:split-exclusive",
	.removes = "copying a huge page's PageAnonExclusive to each page",
	.breaks = "a writable entry of a shared page",
	.detected_by = "the check of all mms at rest",
	.hunt = HUNT_HUGE);

/*
 * The PTEs hold a reference each, the leaf's one among them; and their mapcounts are added before the leaf's is
 * dropped, so that the folio is always mapped. The head's PageAnonExclusive stood for all pages, and is copied to
 * each.
 */
static void fill_anon(pte_t *table, pmd_t old, struct vm_area_struct *vma, unsigned long addr)
{
	struct page *page = pmd_page(old);
	struct folio *folio = page_folio(page);
	bool exclusive = PageAnonExclusive(page) && !KNOCKED_OUT(THP_SPLIT_EXCLUSIVE);

	folio_ref_add(folio, (int)HPAGE_PMD_NR - 1);
	folio_add_anon_rmap_ptes(folio, page, HPAGE_PMD_NR, vma, addr, exclusive ? RMAP_EXCLUSIVE : RMAP_NONE);
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		pte_init(table + i, pte_of_leaf(old, page + i, vma));
	/* The PTEs now own the leaf's reference: once they are reachable, only they keep the folio. */
	folio_remove_rmap_pmd(folio, page, vma);
}

/*
 * The leaf is under migration: so are the pages, each by an entry of its own, with the same rights. Source:
 * mm/huge_memory.c, __split_huge_pmd_locked().
 */
static void fill_migration(pte_t *table, pmd_t old)
{
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		pte_init(table + i, pte_advance_pfn(pmd_to_swp_entry(old), i));
}

static void flush_leaf(const struct vm_area_struct *vma, unsigned long addr)
{
	flush_tlb_range(&load_relaxed(&vma->vm_mm)->pt, addr & PMD_MASK, (addr & PMD_MASK) + PMD_SIZE);
}

/* A fault maps the page again, so no table replaces the leaf. One under migration has no mapping, nor a reference. */
static void unmap_file(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr)
{
	pmd_t old = pmdp_get_and_clear(pmdp);
	struct page *page = pmd_page(old);

	flush_leaf(vma, addr);
	SYNCPOINT("thp.split.cleared");
	mm_count(&vma->vm_mm->pt, MM_FILEPAGES, -(long)HPAGE_PMD_NR);
	if (is_pmd_migration_entry(old))
		return;
	folio_remove_rmap_pmd(page_folio(page), page, vma);
	put_page(page);
}

/* Source: mm/huge_memory.c. */
void __split_huge_pmd_locked(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr)
{
	struct page *table, *page = vm_normal_page_pmd(pmdp_get(pmdp), addr & PMD_MASK);
	pmd_t old;

	count_event(EV_THP_SPLIT_PMD);
	if (page && !folio_test_anon(page_folio(page))) {
		unmap_file(vma, pmdp, addr);
		return;
	}
	table = pgtable_trans_huge_withdraw(pmdp);
	old = pmdp_invalidate(pmdp);
	flush_leaf(vma, addr);
	SYNCPOINT("thp.split.invalid");
	if (unlikely(is_pmd_migration_entry(old)))
		fill_migration(page_address(table), old);
	else if (page)
		fill_anon(page_address(table), old, vma, addr & PMD_MASK);
	else
		fill_zero(page_address(table), old, vma);
	SYNCPOINT("thp.split.filled");
	/*
	 * ORDER[table-publish:A] the table is filled before the entry points to it; pairs with ORDER[table-publish:B]
	 * in pgtable.h. It was counted when it was deposited.
	 */
	set_pmd_at(pmdp, __pmd((page_to_pfn(table) << PAGE_SHIFT) | ENTRY_TABLE));
}

void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr)
{
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);
	struct mmu_notifier_range range = mmu_notifier_range_of(mm, MMU_NOTIFY_CLEAR, addr & PMD_MASK,
								(addr & PMD_MASK) + PMD_SIZE);
	spinlock_t *ptl;

	if (!pmd_trans_huge(pmdp_get(pmdp)))
		return;
	/* The pages stay mapped, but the entry is invalid for a moment; a page of a file is unmapped. */
	mmu_notifier_invalidate_range_start(&range);
	ptl = pmd_trans_huge_lock(&mm->pt, pmdp);
	if (ptl) {
		__split_huge_pmd_locked(vma, pmdp, addr);
		spin_unlock(ptl);
	}
	mmu_notifier_invalidate_range_end(&range);
}

void split_huge_pmd_address(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long at = addr;
	pmd_t *pmdp = pmd_find_next(&load_relaxed(&vma->vm_mm)->pt, &at, addr + 1);

	if (pmdp)
		split_huge_pmd(vma, pmdp, addr);
}

void unmap_huge_pud_locked(struct vm_area_struct *vma, pud_t *pudp, struct page *page)
{
	struct mm_pgtable *pt = &load_relaxed(&vma->vm_mm)->pt;

	assert_spin_locked(&pt->page_table_lock);
	pudp_get_and_clear(pudp);
	SYNCPOINT("pud.cleared");
	if (!page)
		return;
	mm_count(pt, MM_FILEPAGES, -(long)HPAGE_PUD_NR);
	folio_remove_rmap_pud(page_folio(page), page, vma);
}

/* Source: mm/huge_memory.c, __split_huge_pud(). */
void split_huge_pud(struct vm_area_struct *vma, pud_t *pudp, unsigned long addr)
{
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);
	struct mmu_notifier_range range = mmu_notifier_range_of(mm, MMU_NOTIFY_CLEAR, ALIGN_DOWN(addr, PUD_SIZE),
								ALIGN_DOWN(addr, PUD_SIZE) + PUD_SIZE);
	struct mm_pgtable *pt = &mm->pt;
	struct page *page = NULL;
	pud_t pud;

	mmu_notifier_invalidate_range_start(&range);
	spin_lock(&pt->page_table_lock);
	pud = pudp_get(pudp);
	if (pud_trans_huge(pud)) {
		page = vm_normal_page_pud(pud, ALIGN_DOWN(addr, PUD_SIZE));
		unmap_huge_pud_locked(vma, pudp, page);
		flush_tlb_range(pt, range.start, range.end);
		count_event(EV_THP_SPLIT_PUD);
	}
	spin_unlock(&pt->page_table_lock);
	if (page)
		put_page(page);
	mmu_notifier_invalidate_range_end(&range);
}

void split_huge_puds_slow(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mm_pgtable *pt = &load_relaxed(&vma->vm_mm)->pt;

	for (unsigned long next; start < end; start = next) {
		pud_t *pudp = pud_find(pt, start);

		next = pud_addr_end(start, end);
		if (pudp && pud_trans_huge(pudp_get(pudp)))
			split_huge_pud(vma, pudp, start);
	}
}

DEFINE_KNOCKOUT(THP_VMA_SPLIT,
	.name = "thp:vma-split",
	.removes = "splitting a leaf at a new VMA boundary",
	.breaks = "one leaf in two VMAs",
	.detected_by = "the check of all mms at rest",
	.hunt = HUNT_HUGE);

void vma_adjust_trans_huge(struct vm_area_struct *vma, unsigned long addr)
{
	if (THP_POSSIBLE && !IS_ALIGNED(addr, PMD_SIZE) && !KNOCKED_OUT(THP_VMA_SPLIT))
		split_huge_pmd_address(vma, addr);
	if (!IS_ALIGNED(addr, PUD_SIZE))
		split_huge_puds(vma, addr, addr + 1);
}
