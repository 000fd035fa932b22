/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse.c - copies anonymous pages mapped by PTEs into one huge page, mapped by a leaf.
 *
 * Locks exclude all other paths to the pages until it is done: mmap_lock for write and the write-locked VMA exclude
 * faults and other operations, the anon_vma's lock excludes reverse-map walks. The kernel drops that one early, once
 * it has the lock of each page; here it is kept, and a page is locked only while it is checked.
 *
 * The exception is GUP-fast, which descends from the PMD entry to a PTE without any lock:
 *
 *   collapse                                        GUP-fast
 *   (A1) clear the PMD entry                        (B1) read the PMD entry, then the PTE
 *        full barrier  gup-share:A                  (B3) pin
 *   (A2) a page has extra references: restore the        full barrier  gup-share:B
 *        PMD entry, -EAGAIN                         (B4) re-read the PMD entry; changed: unpin, back off
 *   (A3) copy, clear the PTEs
 *   (A4) set the leaf
 *
 * The PTEs are unchanged until A3: B4 detects the change of the PMD entry. The table is kept for the leaf (its
 * deposit), so it is not freed under its readers; and if it is used again for another range, B4 detects that too.
 *
 * Source: mm/khugepaged.c, collapse_huge_page().
 */
#include "core/op/collapse_control.h"

#include "core/mm/anon_vma.h"
#include "core/mm/huge_memory.h"
#include "core/mm/notifier.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/op/fault.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

/* Lock key: (T) this thread only */
struct collapse {
	struct mm_struct *mm;		/* (T) */
	const struct collapse_control *cc;	/* (T) */
	unsigned long addr;		/* (T) of the huge page */
	struct vm_area_struct *vma;	/* (T) that contains it, while mmap_lock is held */
	pmd_t *pmdp;			/* (T) */
	pmd_t pmd;			/* (T) the entry that named the table */
	struct folio *folio;		/* (T) the huge page */
	long nr;			/* (T) pages to copy */
};

/* The table's entries, one after the other. Only GUP-fast can reach them. */
static pte_t *table_of(const struct collapse *c)
{
	return entry_table(c->pmd.val);
}

DEFINE_KNOCKOUT(KHUGEPAGED_REVALIDATE,
	.name = "khugepaged:revalidate",
	.removes = "the lookup of the VMA and the PMD entry once mmap_lock was dropped for the allocation",
	.breaks = "a huge page in a VMA, and a table, that have gone meanwhile",
	.detected_by = "assertions: the VMA is attached, the table is one",
	.hunt = "test knockout.khugepaged");

/* Source: mm/khugepaged.c, find_pmd_or_thp_or_none(). Locking: mmap_lock. */
static enum scan_result find_table(struct collapse *c)
{
	unsigned long found = c->addr;

	c->pmdp = pmd_find_next(&c->mm->pt, &found, c->addr + PMD_SIZE);
	if (!c->pmdp)
		return SCAN_PMD_NULL;
	c->pmd = pmdp_get(c->pmdp);
	if (pmd_trans_huge(c->pmd))
		return SCAN_PMD_MAPPED;
	return pmd_none(c->pmd) ? SCAN_PMD_NULL : SCAN_SUCCEED;
}

/*
 * Checks the VMA, again each time mmap_lock was taken. Locking: mmap_lock. Source: mm/khugepaged.c,
 * hugepage_vma_revalidate().
 */
static enum scan_result revalidate(struct collapse *c)
{
	if (c->vma && KNOCKED_OUT(KHUGEPAGED_REVALIDATE))
		return SCAN_SUCCEED;
	if (hpage_collapse_test_exit(c->mm))
		return SCAN_ANY_PROCESS;
	c->vma = vma_lookup(c->mm, c->addr);
	if (!c->vma)
		return SCAN_VMA_NULL;
	if (!thp_vma_suitable(c->vma, c->addr))
		return SCAN_ADDRESS_RANGE;
	if (!collapse_allowed(c->cc, c->vma))
		return SCAN_VMA_CHECK;
	if (!vma_is_anonymous(c->vma) || !vma_anon_vma(c->vma))
		return SCAN_PAGE_ANON;
	return SCAN_SUCCEED;
}

/* Swaps pages in, and waits for migrations. Locking: mmap_lock. Source: mm/khugepaged.c. */
static enum scan_result swap_in(struct collapse *c)
{
	for (unsigned long addr = c->addr; addr < c->addr + PMD_SIZE; addr += PAGE_SIZE) {
		vm_fault_t ret;

		if (!pte_is_swapent(pte_read(&c->mm->pt, c->pmdp, addr)))
			continue;
		ret = handle_mm_fault(c->vma, addr, 0);
		if (ret)
			return ret & VM_FAULT_OOM ? SCAN_ALLOC_HUGE_PAGE_FAIL : SCAN_FAIL;
	}
	return SCAN_SUCCEED;
}

/* ---- A1 to A4 ---- */

static void unlink_table(struct collapse *c)
{
	spinlock_t *ptl = pmd_lock(&c->mm->pt, c->pmdp);

	c->pmd = pmdp_get_and_clear(c->pmdp);	/* (A1) */
	spin_unlock(ptl);
	flush_tlb_range(&c->mm->pt, c->addr, c->addr + PMD_SIZE);
	SYNCPOINT("collapse.unlinked");
	/*
	 * ORDER[gup-share:A] the PMD entry is cleared before the check of references; pairs with ORDER[gup-share:B].
	 * Weaker: the check passes the clearing, GUP-fast finds the table still linked, and a pinned page is replaced.
	 */
	if (!KNOCKED_OUT(GUP_SHARE_A))
		smp_mb();
}

static void link_table(struct collapse *c)
{
	spinlock_t *ptl = pmd_lock(&c->mm->pt, c->pmdp);

	/* ORDER[table-publish:A] the table was filled long ago; pairs with ORDER[table-publish:B] in pgtable.h. */
	set_pmd_at(c->pmdp, c->pmd);
	spin_unlock(ptl);
}

DEFINE_KNOCKOUT(COLLAPSE_REFS,
	.name = "collapse:refs",
	.removes = "the check for other references to a page that collapse copies",
	.breaks = "a pinned page is replaced",
	.detected_by = "the in-flight check of pins",
	.hunt = "stress collapse_vs_gup --noise 100");

/*
 * (A2) True if only the entries that map @folio, and a swap slot, have references. An exclusive page's entry is the
 * only one, so no pin is missed although the two counts are not read at once. Source: mm/khugepaged.c,
 * is_refcount_suitable().
 */
static bool only_mapped(struct folio *folio)
{
	int mapped;
	bool only;

	if (!folio_trylock(folio))
		return false;
	mapped = folio_mapcount(folio) + (int)folio_swap_refs(folio);
	only = folio_ref_count(folio) == mapped || KNOCKED_OUT(COLLAPSE_REFS);
	folio_unlock(folio);
	return only;
}

/* The page that entry @i maps and counts; NULL: none, or the zero page. */
static struct page *page_of(const struct collapse *c, unsigned long i)
{
	pte_t pte = ptep_get(table_of(c) + i);

	return pte_none(pte) ? NULL : vm_normal_page(c->vma, c->addr + (i << PAGE_SHIFT), pte);
}

/*
 * A userfaultfd has what is missing, and write-protects page by page. Source: mm/khugepaged.c,
 * __collapse_huge_page_isolate().
 */
static enum scan_result check_pages(struct collapse *c)
{
	const struct khugepaged_limits *limits = &c->cc->limits;
	unsigned long none = 0, shared = 0;

	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++) {
		pte_t pte = ptep_get(table_of(c) + i);
		struct page *page;

		if (pte_is_swapent(pte))
			return SCAN_PTE_NON_PRESENT;		/* swapped out again since swap_in() */
		if (unlikely(c->vma->vm_uffd && (pte_none(pte) || pte_uffd_wp(pte))))
			return pte_none(pte) ? SCAN_EXCEED_NONE_PTE : SCAN_PTE_UFFD_WP;
		page = page_of(c, i);
		if (!page) {
			if (exceeds(c->cc, ++none, limits->max_ptes_none))
				return SCAN_EXCEED_NONE_PTE;
			continue;
		}
		if (c->cc->is_khugepaged && folio_maybe_mapped_shared(page_folio(page)) &&
		    ++shared > limits->max_ptes_shared)
			return SCAN_EXCEED_SHARED_PTE;
		if (!only_mapped(page_folio(page)))
			return SCAN_PAGE_COUNT;
		c->nr++;
	}
	return SCAN_SUCCEED;
}

/* Source: mm/khugepaged.c, __collapse_huge_page_copy(). */
static void copy_pages(struct collapse *c)
{
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++) {
		struct page *to = folio_page(c->folio, i), *from = page_of(c, i);

		if (from)
			copy_payload(to, from);
		else
			clear_payload(to);
	}
	SYNCPOINT("collapse.copied");
}

/* Source: mm/khugepaged.c, __collapse_huge_page_copy_succeeded(). */
static void empty_table(struct collapse *c)
{
	spinlock_t *ptl = pte_lockptr(&c->mm->pt, c->pmdp, c->pmd);

	spin_lock(ptl);
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++) {
		struct page *page = page_of(c, i);

		ptep_get_and_clear(table_of(c) + i);
		if (!page)
			continue;
		folio_remove_rmap_ptes(page_folio(page), page, 1, c->vma);
		put_page(page);
	}
	spin_unlock(ptl);
}

/* (A4) The table, which is counted, becomes the leaf's deposit. */
static void map_leaf(struct collapse *c)
{
	struct mm_pgtable *pt = &c->mm->pt;
	pmd_t leaf = pmd_mkdirty(mk_huge_pmd(&c->folio->page, c->vma->vm_page_prot));
	spinlock_t *ptl = pmd_lock(pt, c->pmdp);

	BUG_ON(!pmd_none(pmdp_get(c->pmdp)));
	mm_count(pt, MM_PTE_TABLES, -1);
	pgtable_trans_huge_deposit(pt, c->pmdp, pmd_table_page(c->pmd));
	folio_add_new_anon_rmap(c->folio, c->vma, c->addr, RMAP_EXCLUSIVE);
	set_pmd_at(c->pmdp, c->vma->vm_flags & VM_WRITE ? pmd_mkwrite(leaf) : leaf);
	mm_count(pt, MM_ANONPAGES, (long)HPAGE_PMD_NR - c->nr);
	spin_unlock(ptl);
}

DEFINE_KNOCKOUT(COLLAPSE_VMA_LOCK,
	.name = "collapse:vma-lock",
	.removes = "the write lock of a VMA during collapse",
	.breaks = "a fault links a table where collapse sets the leaf",
	.detected_by = "the check in map_leaf(), counters at rest",
	.hunt = HUNT_CROWD);

DEFINE_KNOCKOUT(COLLAPSE_PMD_ORDER,
	.name = "collapse:pmd-order",
	.removes = "the look at the PMD entry once the VMA is locked, not before",
	.breaks = "a table that MADV_DONTNEED, under the VMA lock alone, has emptied and freed is collapsed",
	.detected_by = "an assertion: what is read as a table is one",
	.hunt = "explore collapse_vs_drop",
	.mirrors = "mm: Fix the race between collapse and PT_RECLAIM under per-vma lock");

/*
 * Keeps faults and madvise() out, which have the VMA lock and no mmap_lock: only then the PMD entry stays what it is.
 * Locking: mmap_lock for write. Source: mm/khugepaged.c, check_pmd_still_valid().
 */
static enum scan_result lock_table(struct collapse *c)
{
	enum scan_result seen = KNOCKED_OUT(COLLAPSE_PMD_ORDER) ? find_table(c) : SCAN_SUCCEED;

	SYNCPOINT("collapse.revalidated");
	if (!KNOCKED_OUT(COLLAPSE_VMA_LOCK))
		vma_start_write(c->vma);
	return KNOCKED_OUT(COLLAPSE_PMD_ORDER) ? seen : find_table(c);
}

/* Locking: mmap_lock for write. The huge page is used if it returns SCAN_SUCCEED. */
static enum scan_result collapse_locked(struct collapse *c)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(c->mm, MMU_NOTIFY_CLEAR, c->addr, c->addr + PMD_SIZE);
	enum scan_result result = revalidate(c);

	if (result != SCAN_SUCCEED)
		return result;
	ASSERT(vma_anon_vma(c->vma));
	result = lock_table(c);
	if (result != SCAN_SUCCEED)
		return result;
	anon_vma_lock_write(vma_anon_vma(c->vma));
	mmu_notifier_invalidate_range_start(&range);
	unlink_table(c);
	result = check_pages(c);
	SYNCPOINT("collapse.looked");
	if (result != SCAN_SUCCEED) {
		link_table(c);
	} else {
		copy_pages(c);		/* (A3) */
		empty_table(c);
		map_leaf(c);
	}
	mmu_notifier_invalidate_range_end(&range);
	anon_vma_unlock_write(vma_anon_vma(c->vma));
	return result;
}

/* Does all checks and waits that need no exclusion. SCAN_SUCCEED: continue. Locking: mmap_lock. */
static enum scan_result collapse_prepare(struct collapse *c)
{
	enum scan_result result = revalidate(c);

	if (result == SCAN_SUCCEED)
		result = find_table(c);
	return result == SCAN_SUCCEED ? swap_in(c) : result;
}

enum scan_result collapse_huge_page(struct mm_struct *mm, unsigned long addr, const struct collapse_control *cc)
{
	struct collapse c = { .mm = mm, .cc = cc, .addr = addr };
	enum scan_result result = collapse_prepare(&c);

	if (result != SCAN_ANY_PROCESS)
		khugepaged_assert_mapped(mm);
	mmap_read_unlock(mm);
	if (result != SCAN_SUCCEED)
		return result;
	c.folio = folio_alloc(HPAGE_PMD_ORDER, PAGE_ANON);
	if (!c.folio)
		return SCAN_ALLOC_HUGE_PAGE_FAIL;
	SYNCPOINT("collapse.allocated");
	mmap_write_lock(mm);
	result = collapse_locked(&c);
	if (result != SCAN_ANY_PROCESS)
		khugepaged_assert_mapped(mm);
	mmap_write_unlock(mm);
	if (result != SCAN_SUCCEED)
		folio_put(c.folio);
	return result;
}
