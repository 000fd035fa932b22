/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge_pmd.c - zaps, protects, copies and moves leaves. */
#include "core/op/huge_pmd.h"

#include <errno.h>

#include "core/mm/rmap.h"
#include "core/mm/soft_dirty.h"
#include "core/op/copy_page_range.h"
#include "core/op/lazyfree.h"
#include "core/op/move_page_tables.h"
#include "core/op/write_upgrade.h"
#include "core/op/zap.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/pgtable/tlb.h"
#include "core/phys/hugetlb_pool.h"
#include "core/probe/knockout.h"

/*
 * A leaf has a deposit, under migration or not, unless faults map its pages again, and unless it is never split.
 * Locking: the PTL.
 */
static bool has_deposit(pmd_t pmd)
{
	struct page *page = vm_normal_page_pmd(pmd, 0);

	return !page || (folio_test_anon(page_folio(page)) && !folio_test_hugetlb(page_folio(page)));
}

/* ---- zap ---- */

/* A leaf under migration has no mapping, nor a reference. Locking: the PTL. */
static void zap_migrating_leaf(struct mmu_gather *tlb, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get_and_clear(pmdp);

	if (has_deposit(pmd))
		tlb_remove_table(tlb, pgtable_trans_huge_withdraw(pmdp));
	mm_count(tlb->pt, mm_counter(page_folio(pmd_page(pmd))), -(long)HPAGE_PMD_NR);
}

bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr,
		  unsigned int flags)
{
	spinlock_t *ptl = pmd_trans_huge_lock(tlb->pt, pmdp);
	struct page *page;
	pmd_t pmd;

	if (!ptl)
		return false;
	page = vm_normal_page_pmd(pmdp_get(pmdp), addr);
	if (page && (flags & ZAP_KEEP_COWS) && folio_test_anon(page_folio(page)))
		goto out;
	if (unlikely(is_pmd_migration_entry(pmdp_get(pmdp)))) {
		zap_migrating_leaf(tlb, pmdp);
		goto out;
	}
	pmd = pmdp_get_and_clear(pmdp);
	SYNCPOINT("thp.zap.cleared");
	if (has_deposit(pmd))
		tlb_remove_table(tlb, pgtable_trans_huge_withdraw(pmdp));
	if (page) {
		mm_count(tlb->pt, mm_counter(page_folio(page)), -(long)HPAGE_PMD_NR);
		/* That of a file is counted until the flush: see zap.c. */
		if (unlikely(tlb->pt->policy.tlb) && !folio_test_anon(page_folio(page)))
			flush_tlb_range(tlb->pt, addr, addr + PMD_SIZE);
		folio_remove_rmap_pmd(page_folio(page), page, vma);
		tlb_remove_folio_pages(tlb, page_folio(page), 1);
		count_events(EV_PAGE_FREE, HPAGE_PMD_NR - 1);
	}
out:
	spin_unlock(ptl);
	return true;
}

/* ---- lazily freed ---- */

DEFINE_KNOCKOUT(LAZYFREE_THP_RESTORE,
	.name = "lazyfree-thp:restore",
	.removes = "the invalid leaf while reclaim decides on a lazily freed huge page: it clears the entry",
	.breaks = "a zap that finds nothing, and a leaf that is there afterwards",
	.detected_by = "counters, and pages at the end of an mm",
	.hunt = "explore lazyfree_vs_huge_unmap",
	.mirrors = "mm/rmap: don't discard lazyfree THPs at PMD level");

/*
 * Reclaim has neither mmap_lock nor the VMA lock:
 *
 *   reclaim                                         zap, move
 *   (A1) PTL; the leaf is invalid                   (B1) read the entry, without its lock: none is passed over
 *   (A2) the page is needed: restore the leaf,      (B2) a leaf, invalid or not: take the PTL, and read it again
 *        else none; drop the PTL
 *
 * Were it none from A1 to A2, B1 would pass over a leaf that A2 restores, and its table is freed with it. Linux clears
 * it so since 6.12. GUP-fast and devices take an invalid leaf for none.
 */
struct page *unmap_huge_pmd_locked(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp, struct folio *folio)
{
	struct mm_pgtable *pt = &load_relaxed(&vma->vm_mm)->pt;
	pmd_t pmd = KNOCKED_OUT(LAZYFREE_THP_RESTORE) ? pmdp_get_and_clear(pmdp) : pmdp_invalidate(pmdp);
	struct page *page = pmd_page(pmd);

	flush_tlb_range(pt, addr, addr + PMD_SIZE);
	SYNCPOINT("unmap.leaf_cleared");
	if (!may_discard(folio, page, 1, pmd_dirty(pmd), true)) {
		set_pmd_at(pmdp, pmd);
		return NULL;
	}
	pmdp_get_and_clear(pmdp);
	mm_count(pt, MM_ANONPAGES, -(long)HPAGE_PMD_NR);
	folio_remove_rmap_pmd(folio, page, vma);
	folio_put(folio);
	return pgtable_trans_huge_withdraw(pmdp);
}

/* ---- mprotect ---- */

/*
 * Restored with the VMA's permissions at that time; a write fault makes it writable. Locking: the PTL. Source:
 * mm/huge_memory.c, change_huge_pmd().
 */
static void protect_migrating_leaf(pmd_t *pmdp)
{
	pte_t entry = pmd_to_swp_entry(pmdp_get(pmdp));

	if (migration_pte_write(entry))
		set_pmd_at(pmdp, swp_entry_to_pmd(migration_pte_wrprotect(
					 entry, folio_test_anon(pfn_swap_entry_folio(entry)))));
}

void change_huge_pmd_locked(const struct vm_area_struct *vma, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (unlikely(is_pmd_migration_entry(pmd))) {
		protect_migrating_leaf(pmdp);
		return;
	}
	pmd = pmd_modify(pmdp_invalidate(pmdp), vma->vm_page_prot);
	SYNCPOINT("thp.protect.invalid");
	set_pmd_at(pmdp, can_change_pmd_writable(vma, pmd) ? pmd_mkwrite(pmd) : pmd);
}

bool change_huge_pmd(const struct vm_area_struct *vma, pmd_t *pmdp)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&vma->vm_mm->pt, pmdp);

	if (!ptl)
		return false;
	change_huge_pmd_locked(vma, pmdp);
	spin_unlock(ptl);
	return true;
}

/* ---- fork ---- */

/*
 * Counts the child's leaf; one under migration has no mapping, nor a reference. Locking: both PTLs. Returns 0, or
 * -EBUSY if the huge page may be pinned.
 */
static int dup_leaf(struct vm_area_struct *dst, struct vm_area_struct *src, pmd_t *src_pmd)
{
	struct page *page = vm_normal_page_pmd(pmdp_get(src_pmd), 0);
	struct folio *folio;

	if (!page)
		return 0;
	folio = page_folio(page);
	if (unlikely(is_pmd_migration_entry(pmdp_get(src_pmd))))
		goto count;
	folio_get(folio);
	if (unlikely(folio_try_dup_anon_rmap_pmd(folio, page, dst, src))) {
		folio_put(folio);
		return -EBUSY;
	}
count:
	mm_count(&dst->vm_mm->pt, MM_ANONPAGES, HPAGE_PMD_NR);
	return 0;
}

pmd_t share_leaf(pmd_t *src_pmd)
{
	pmd_t pmd = pmdp_get(src_pmd);

	if (unlikely(is_pmd_migration_entry(pmd))) {
		pmd = swp_entry_to_pmd(migration_pte_wrprotect(pmd_to_swp_entry(pmd), false));
		if (!KNOCKED_OUT(FORK_WRPROTECT))
			set_pmd_at(src_pmd, pmd);
		return pmd;
	}
	if (!KNOCKED_OUT(FORK_WRPROTECT))
		pmdp_set_wrprotect(src_pmd);
	return pmd_mkold(pmd_wrprotect(pmdp_get(src_pmd)));
}

/* Leaves of files are not copied: a fault maps them again. */
int copy_huge_pmd(struct vm_area_struct *dst, struct vm_area_struct *src, pmd_t *dst_pmd, pmd_t *src_pmd,
		  unsigned long addr)
{
	struct mm_pgtable *dst_pt = &dst->vm_mm->pt, *src_pt = &src->vm_mm->pt;
	spinlock_t *dst_ptl, *src_ptl;
	struct page *table;
	int err = -EAGAIN;

	if (!vma_is_anonymous(src))
		return 0;
	table = table_alloc(dst_pt, LEVEL_PTE);
	if (!table)
		return -ENOMEM;
	dst_ptl = pmd_lock(dst_pt, dst_pmd);
	src_ptl = pmd_lockptr(src_pt, src_pmd);
	spin_lock_nested(src_ptl);
	if (likely(pmd_trans_huge(pmdp_get(src_pmd))))
		err = dup_leaf(dst, src, src_pmd);
	if (likely(!err)) {
		pgtable_trans_huge_deposit(dst_pt, dst_pmd, table);
		set_pmd_at(dst_pmd, share_leaf(src_pmd));
	} else if (err == -EBUSY) {
		__split_huge_pmd_locked(src, src_pmd, addr);
		err = -EAGAIN;
	}
	spin_unlock(src_ptl);
	spin_unlock(dst_ptl);
	if (unlikely(err)) {
		count_event(EV_TABLE_FREE);
		table_free(table);
	}
	return err;
}

/* ---- mremap ---- */

void pgtable_trans_huge_move(struct mm_pgtable *pt, pmd_t *old_pmd, pmd_t *new_pmd)
{
	struct page *table = pgtable_trans_huge_withdraw(old_pmd);

	mm_count(pt, MM_PTE_TABLES, -1);
	pgtable_trans_huge_deposit(pt, new_pmd, table);
}

/* Source: mm/huge_memory.c, move_soft_dirty_pmd(). */
static pmd_t move_soft_dirty_pmd(pmd_t pmd)
{
	if (is_pmd_migration_entry(pmd))
		return swp_entry_to_pmd(pte_swp_mksoft_dirty(pmd_to_swp_entry(pmd)));
	return pmd_mksoft_dirty(pmd);
}

bool move_huge_pmd(const struct vm_area_struct *vma, unsigned long old_addr, pmd_t *old_pmd, pmd_t *new_pmd)
{
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	struct ptl_pair pair;
	pmd_t pmd;

	if (!pmd_trans_huge(pmdp_get(old_pmd)))
		return false;
	ptl_pair_lock(&pair, pmd_lockptr(pt, old_pmd), pmd_lockptr(pt, new_pmd));
	if (!pmd_trans_huge(pmdp_get(old_pmd))) {
		ptl_pair_unlock(&pair);
		return false;
	}
	BUG_ON(!pmd_none(pmdp_get(new_pmd)));
	pmd = pmdp_get_and_clear(old_pmd);
	SYNCPOINT("mremap.pmd");
	if (has_deposit(pmd))
		pgtable_trans_huge_move(pt, old_pmd, new_pmd);
	set_pmd_at(new_pmd, vma_soft_dirty_enabled(vma) ? move_soft_dirty_pmd(pmd) : pmd);
	flush_tlb_range(pt, old_addr, old_addr + PMD_SIZE);
	count_event(EV_PMD_MOVE);
	ptl_pair_unlock(&pair);
	return true;
}
