/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * huge_fault.c - faults without a PTE table: maps a huge page, if one is allowed, or handles its leaf.
 *
 * As with PTEs the decision uses the entry as read, memory is allocated, and the entry is re-checked under the lock.
 * Operations that are impossible on a huge page as a whole are done on its pages: the leaf is split, and the fault
 * continues with the PTE.
 *
 * Source: mm/huge_memory.c.
 */
#include "core/op/vm_fault.h"

#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/khugepaged.h"
#include "core/mm/notifier.h"
#include "core/op/numa_fault.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(THP_FAULT, "first faults that mapped a huge page");
DEFINE_EVENT(THP_FAULT_ZERO, "first reads that mapped the huge zero page");
DEFINE_EVENT(THP_FALLBACK, "huge pages that could not be allocated");

/* Locking: the PTL. */
static void map_huge_folio(struct vm_fault *vmf, struct folio *folio)
{
	folio_add_new_anon_rmap(folio, vmf->vma, vmf->addr & PMD_MASK, RMAP_EXCLUSIVE);
	set_pmd_at(vmf->pmdp, mark_access_pmd(vmf, mk_huge_pmd(&folio->page, vmf->vma->vm_page_prot)));
	mm_count(vmf->pt, MM_ANONPAGES, HPAGE_PMD_NR);
	count_events(EV_PAGE_ALLOC, HPAGE_PMD_NR);
}

static void give_back(struct folio *folio, struct page *table)
{
	if (folio)
		folio_put(folio);
	if (table) {
		count_event(EV_TABLE_FREE);
		table_free(table);
	}
}

/* ---- nothing is mapped ---- */

/* Source: mm/huge_memory.c, do_huge_pmd_anonymous_page(). */
static vm_fault_t do_huge_zero_page(struct vm_fault *vmf, struct page *table)
{
	struct folio *zero = get_huge_zero_folio();

	if (!zero) {
		give_back(NULL, table);
		return FAULT_PTES;
	}
	if (!lock_and_compare_none_pmd(vmf)) {
		give_back(NULL, table);
		return FAULT_AGAIN;
	}
	pgtable_trans_huge_deposit(vmf->pt, vmf->pmdp, table);
	set_pmd_at(vmf->pmdp, pmd_mkspecial(mk_huge_pmd(&zero->page, vmf->vma->vm_page_prot)));
	spin_unlock(vmf->ptl);
	count_event(EV_THP_FAULT_ZERO);
	return 0;
}

/* Source: mm/huge_memory.c, __do_huge_pmd_anonymous_page(). */
static vm_fault_t do_huge_page(struct vm_fault *vmf, struct page *table)
{
	struct folio *folio = folio_alloc(HPAGE_PMD_ORDER, PAGE_ANON | ALLOC_ZERO);

	if (!folio) {
		give_back(NULL, table);
		return FAULT_PTES;
	}
	if (!lock_and_compare_none_pmd(vmf)) {
		give_back(folio, table);
		return FAULT_AGAIN;
	}
	pgtable_trans_huge_deposit(vmf->pt, vmf->pmdp, table);
	map_huge_folio(vmf, folio);
	spin_unlock(vmf->ptl);
	count_event(EV_THP_FAULT);
	return 0;
}

/* The deposited table is for a later split of the leaf: without it there is no huge page. */
static vm_fault_t do_huge_pmd_anonymous_page(struct vm_fault *vmf)
{
	vm_fault_t ret = vmf_anon_prepare(vmf);
	struct page *table;

	if (unlikely(ret))
		return ret;
	khugepaged_enter_vma(vmf->vma, vmf->vma->vm_flags);
	table = table_alloc(vmf->pt, LEVEL_PTE);
	if (!table)
		return VM_FAULT_OOM;
	ret = vmf->flags & FAULT_FLAG_WRITE ? do_huge_page(vmf, table) : do_huge_zero_page(vmf, table);
	if (ret == FAULT_PTES)
		count_event(EV_THP_FALLBACK);
	return ret;
}

/* A copy of a file's page is a small one, and so needs a PTE. Source: mm/memory.c, do_set_pmd(). */
static bool file_pmd_suitable(const struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;

	if (!THP_POSSIBLE || !vma->vm_file || vma->vm_file->mapping.order != HPAGE_PMD_ORDER ||
	    (vma->vm_flags & VM_NOHUGEPAGE))
		return false;
	if (!(vma->vm_flags & VM_SHARED) && (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)))
		return false;
	return thp_vma_suitable(vma, vmf->addr) &&
	       IS_ALIGNED(linear_page_index(vma, vmf->addr & PMD_MASK), HPAGE_PMD_NR);
}

static vm_fault_t do_pmd_none(struct vm_fault *vmf)
{
	vm_fault_t ret = FAULT_PTES;

	if (thp_vma_allowable(vmf->vma) && thp_vma_suitable(vmf->vma, vmf->addr))
		ret = do_huge_pmd_anonymous_page(vmf);
	else if (unlikely(file_pmd_suitable(vmf)))
		ret = do_huge_fault(vmf);
	if (ret == FAULT_PTES && unlikely(pte_alloc(vmf->pt, vmf->pmdp)))
		return VM_FAULT_OOM;
	return ret;
}

/* ---- a leaf without write permission ---- */

/* Replaces the huge zero page by a huge page; its deposit stays. Source: mm/huge_memory.c, do_huge_zero_wp_pmd(). */
static vm_fault_t do_huge_zero_wp_pmd(struct vm_fault *vmf, pmd_t pmd)
{
	struct folio *folio = folio_alloc(HPAGE_PMD_ORDER, PAGE_ANON | ALLOC_ZERO);
	unsigned long start = vmf->addr & PMD_MASK;
	struct mmu_notifier_range range = mmu_notifier_range_of(vmf->vma->vm_mm, MMU_NOTIFY_CLEAR, start,
								start + PMD_SIZE);
	bool mine;

	if (!folio) {
		count_event(EV_THP_FALLBACK);
		return FAULT_PTES;
	}
	mmu_notifier_invalidate_range_start(&range);
	mine = same_thp_locked(vmf, pmd);
	if (mine) {
		invalidate_leaf(vmf, PMD_SIZE);
		map_huge_folio(vmf, folio);
		spin_unlock(vmf->ptl);
	}
	mmu_notifier_invalidate_range_end(&range);
	if (!mine) {
		folio_put(folio);
		return FAULT_AGAIN;
	}
	count_event(EV_THP_FAULT);
	return 0;
}

/*
 * 0: the huge page is exclusive to the VMA. Waits for its lock, since the alternative splits the leaf. Locking: the
 * PTL. Source: mm/huge_memory.c, do_huge_pmd_wp_page().
 */
static vm_fault_t claim_huge_page(struct vm_fault *vmf, struct folio *folio)
{
	if (KNOCKED_OUT(COW_REUSE_CHECK))
		return 0;
	if (folio_mapcount(folio) != 1)
		return FAULT_PTES;
	if (!folio_trylock(folio))
		return fault_waits(vmf, folio);
	return reuse_locked_folio(folio, vmf->vma) ? 0 : FAULT_PTES;
}

/* A shared huge page is not copied as a whole: FAULT_PTES, and a small one is copied. Source: mm/huge_memory.c. */
static vm_fault_t reuse_huge_page(struct vm_fault *vmf, pmd_t pmd, struct page *page)
{
	if (!same_thp_locked(vmf, pmd))
		return FAULT_AGAIN;
	if (!PageAnonExclusive(page)) {
		vm_fault_t ret = claim_huge_page(vmf, page_folio(page));

		if (ret) {
			spin_unlock(vmf->ptl);
			return ret;
		}
		SetPageAnonExclusive(page);
	}
	count_event(EV_COW_REUSE);
	if (vmf->flags & FAULT_FLAG_WRITE)
		set_pmd_at(vmf->pmdp, mark_access_pmd(vmf, pmd_mkyoung(pmd)));
	spin_unlock(vmf->ptl);
	return 0;
}

/* Source: mm/memory.c, wp_huge_pmd(). */
static vm_fault_t do_huge_pmd_wp_page(struct vm_fault *vmf, pmd_t pmd)
{
	struct page *page = vm_normal_page_pmd(pmd, vmf->addr & PMD_MASK);
	vm_fault_t ret = FAULT_PTES;

	if (vma_is_anonymous(vmf->vma))
		ret = page ? reuse_huge_page(vmf, pmd, page) : do_huge_zero_wp_pmd(vmf, pmd);
	if (ret == FAULT_PTES) {
		SYNCPOINT("thp.wp.before_split");
		split_huge_pmd(vmf->vma, vmf->pmdp, vmf->addr);
	}
	return ret;
}

/* The access is allowed already, or only accessed and dirty bits were missing. Source: mm/huge_memory.c. */
static vm_fault_t huge_pmd_set_accessed(struct vm_fault *vmf, pmd_t pmd)
{
	pmd_t wanted = pmd_mkyoung(vmf->flags & FAULT_FLAG_WRITE ? pmd_mkdirty(pmd) : pmd);

	if (pmd_same(wanted, pmd)) {
		count_event(EV_FAULT_SPURIOUS);
		return 0;
	}
	if (!same_thp_locked(vmf, pmd))
		return FAULT_AGAIN;
	pmdp_set_access_flags(vmf->pmdp, wanted);
	spin_unlock(vmf->ptl);
	return 0;
}

/* The thread that made the leaf invalid holds its lock, and replaces it. */
static vm_fault_t wait_for_leaf(struct vm_fault *vmf)
{
	spin_unlock(pmd_lock(vmf->pt, vmf->pmdp));
	return FAULT_AGAIN;
}

DEFINE_KNOCKOUT(MIGRATION_WAIT_LEAF,
	.name = "migration-wait:leaf",
	.removes = "the re-check, under the PTL, of a leaf under migration that a fault is about to wait for",
	.breaks = "a wait for a huge page that is not locked, or is gone",
	.detected_by = "the assertion in pmd_migration_entry_wait(): knockout.migrate_huge",
	.hunt = "test knockout.migrate_huge");

/* While the leaf is set, its folio exists, and stays locked. */
vm_fault_t pmd_migration_entry_wait(struct vm_fault *vmf, spinlock_t *ptl, pmd_t pmd)
{
	vm_fault_t ret;

	if (!lock_and_compare_leaf(vmf, ptl, pmd, KNOCKED_OUT(MIGRATION_WAIT_LEAF)))
		return FAULT_AGAIN;
	ASSERT(folio_test_locked(page_folio(pmd_page(pmd))));
	ret = fault_waits(vmf, page_folio(pmd_page(pmd)));
	spin_unlock(vmf->ptl);
	count_event(EV_MIGRATE_WAIT);
	return ret;
}

vm_fault_t handle_pmd_fault(struct vm_fault *vmf, pmd_t pmd)
{
	if (pmd_none(pmd))
		return do_pmd_none(vmf);
	if (unlikely(pmd_clear_bad(vmf->pmdp, pmd)))
		return FAULT_AGAIN;
	if (unlikely(is_pmd_migration_entry(pmd)))
		return pmd_migration_entry_wait(vmf, pmd_lockptr(vmf->pt, vmf->pmdp), pmd);
	if (unlikely(!pmd_accessible(pmd) && !pmd_protnone(pmd)))
		return wait_for_leaf(vmf);
	if (unlikely(pmd_protnone(pmd)) && vma_is_accessible(vmf->vma))
		return do_huge_pmd_numa_page(vmf, pmd);
	if ((vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) && !pmd_write(pmd))
		return do_huge_pmd_wp_page(vmf, pmd);
	return huge_pmd_set_accessed(vmf, pmd);
}
