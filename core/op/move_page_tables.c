/* SPDX-License-Identifier: GPL-2.0-or-later */
/* move_page_tables.c - moves entries of one range of addresses to another of the same mm. */
#include "core/op/move_page_tables.h"

#include "core/mm/anon_vma.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/i_mmap.h"
#include "core/mm/notifier.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vma_lock.h"
#include "core/op/huge_pmd.h"
#include "core/op/hugetlb.h"
#include "core/op/uffd_event.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/pgtable/tlb.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(PMD_MOVE, "PTE tables moved by their PMD entry");

/*
 * True if moved entries change: they become soft-dirty, or no userfaultfd has them any more. Then no whole table is
 * moved. Locking: mmap_lock. Source: mm/mremap.c.
 */
static bool vma_changes_moved(const struct vm_area_struct *vma)
{
	return vma_soft_dirty_enabled(vma) || ((vma->vm_flags & VM_UFFD_WP) && vma_has_uffd_without_event_remap(vma));
}

/* Source: mm/mremap.c, move_soft_dirty_pte(), move_ptes(). */
static pte_t change_moved(const struct vm_area_struct *vma, pte_t pte)
{
	if (vma_soft_dirty_enabled(vma))
		pte = pte_present(pte) ? pte_mksoft_dirty(pte) : pte_swp_mksoft_dirty(pte);
	if (!vma_has_uffd_without_event_remap(vma))
		return pte;
	return pte_present(pte) ? pte_clear_uffd_wp(pte) : pte_swp_clear_uffd_wp(pte);
}

/*
 * Of @vma. Locking: the PTLs of both. Returns true if a processor may have cached some of the
 * entries.
 */
static bool move_entries(const struct vm_area_struct *vma, pte_t *old_ptep, pte_t *new_ptep, unsigned long len)
{
	bool changes = vma_changes_moved(vma), present = false;

	for (; len; len -= PAGE_SIZE, old_ptep++, new_ptep++) {
		pte_t pte;

		if (pte_none(ptep_get(old_ptep)))
			continue;
		/* An exchange: an accessed or dirty bit that is set meanwhile moves along. */
		pte = ptep_get_and_clear(old_ptep);
		ASSERT(pte_none(ptep_get(new_ptep)));
		set_pte(new_ptep, changes ? change_moved(vma, pte) : pte);
		present |= pte_present(pte);
	}
	return present;
}

DEFINE_KNOCKOUT(MREMAP_TLB,
	.name = "mremap:tlb",
	.removes = "the TLB flush before mremap() drops the locks of moved entries; it comes at the end",
	.breaks = "an access, at the old address, to a page that was freed at the new one",
	.detected_by = "the detector translations: knockout.tlb",
	.hunt = "explore mremap_vs_reclaim",
	.mirrors = "mremap: properly flush TLB before releasing the page");

/*
 * Moves the entries of [old_addr, old_addr + len), which lie in one table, as do the new ones. False: one of the
 * tables, of a file, was retracted before the rmap locks were taken. Locking: the rmap locks. Source: mm/mremap.c,
 * move_ptes().
 */
static bool move_ptes(const struct vm_area_struct *vma, pmd_t *old_pmd, unsigned long old_addr, pmd_t *new_pmd,
		      unsigned long new_addr, unsigned long len)
{
	struct mapped_pte old = { .pmdp = old_pmd, .addr = old_addr }, new = { .pmdp = new_pmd, .addr = new_addr };
	struct mm_pgtable *pt = &vma->vm_mm->pt;
	struct ptl_pair pair;

	if (unlikely(!pte_pair_map_lock(pt, &old, &new, &pair)))
		return false;
	SYNCPOINT("mremap.ptls");
	/*
	 * Flushed before the locks are dropped: a thread that finds the page at its new address must not see stale
	 * users.
	 */
	if (move_entries(vma, old.ptep, new.ptep, len) && !KNOCKED_OUT(MREMAP_TLB))
		flush_tlb_range(pt, old_addr, old_addr + len);
	pte_pair_unmap_unlock(pt, &pair);
	return true;
}

DEFINE_KNOCKOUT(MREMAP_PMD_RECHECK,
	.name = "mremap:pmd-recheck",
	.removes = "the second read of the PMD entry, under its lock, before a table is moved",
	.breaks = "a file's table that a collapse in another mm has freed is linked again",
	.detected_by = "an assertion: a table that is in use has not been freed; the check of page tables at rest",
	.hunt = "explore mremap_vs_collapse",
	.mirrors = "mm/mremap: fix move_normal_pmd/retract_page_tables race");

/*
 * Moves a whole table. The new range is free, so its tables were freed when it was unmapped. @seen: the entry before
 * the locks. Source: mm/mremap.c, move_normal_pmd().
 */
static void move_normal_pmd(struct mm_pgtable *pt, unsigned long old_addr, pmd_t *old_pmd, pmd_t *new_pmd,
			    pmd_t seen)
{
	struct ptl_pair pair;
	pmd_t pmd;

	ptl_pair_lock(&pair, pmd_lockptr(pt, old_pmd), pmd_lockptr(pt, new_pmd));
	pmd = KNOCKED_OUT(MREMAP_PMD_RECHECK) ? seen : pmdp_get(old_pmd);
	BUG_ON(pmd_leaf(pmd) || !pmd_none(pmdp_get(new_pmd)));
	/*
	 * A table of a file may have been retracted before the rmap locks were taken: then faults map its pages again.
	 */
	if (likely(pmd_present(pmd))) {
		entry_changes(&old_pmd->val, "moved");
		store_relaxed(&old_pmd->val, 0);
		SYNCPOINT("mremap.pmd");
		/* ORDER[table-publish:A] the table was filled before; pairs with ORDER[table-publish:B]. */
		store_release(&new_pmd->val, pmd.val);
		flush_tlb_range(pt, old_addr, old_addr + PMD_SIZE);
		count_event(EV_PMD_MOVE);
	}
	ptl_pair_unlock(&pair);
}

/* Bytes, at most @left, for which both addresses stay in one PTE table. Source: mm/mremap.c, get_extent(). */
static unsigned long get_extent(unsigned long old_addr, unsigned long new_addr, unsigned long left)
{
	unsigned long room = PMD_SIZE - max(old_addr & (PMD_SIZE - 1), new_addr & (PMD_SIZE - 1));

	return min(left, room);
}

DEFINE_KNOCKOUT(MREMAP_RMAP_LOCK,
	.name = "mremap:rmap-lock",
	.removes = "the lock of the anon_vma while entries are moved",
	.breaks = "a reverse-map walk misses a page, or uses a stale address",
	.detected_by = "knockout.mremap, which walks beside moves",
	.hunt = "explore migrate_vs_mremap",
	.mirrors = "mm/mremap: hold the rmap lock in write mode when moving page table entries.");

/* Without anon_vma and file it has no pages, and is in no rmap walk. Source: mm/mremap.c. */
static void take_rmap_locks(const struct vm_area_struct *vma)
{
	if (vma->vm_file)
		i_mmap_lock_write(&vma->vm_file->mapping);
	if (vma_anon_vma(vma) && !KNOCKED_OUT(MREMAP_RMAP_LOCK))
		anon_vma_lock_write(vma_anon_vma(vma));
}

static void drop_rmap_locks(const struct vm_area_struct *vma)
{
	if (vma_anon_vma(vma) && !KNOCKED_OUT(MREMAP_RMAP_LOCK))
		anon_vma_unlock_write(vma_anon_vma(vma));
	if (vma->vm_file)
		i_mmap_unlock_write(&vma->vm_file->mapping);
}

/* Returns the number of bytes moved. */
static unsigned long move_extents(const struct pagetable_move_control *pmc)
{
	struct mm_pgtable *pt = &pmc->old->vm_mm->pt;
	unsigned long done, extent;

	for (done = 0; done < pmc->len; done += extent) {
		unsigned long old_addr = pmc->old_addr + done, new_addr;
		pmd_t *old_pmd = pmd_find_next(pt, &old_addr, pmc->old_addr + pmc->len), *new_pmd;
		bool by_pmd;
		pmd_t pmd;

		if (!old_pmd)
			return pmc->len;
		done = old_addr - pmc->old_addr;
		new_addr = pmc->new_addr + done;
		extent = get_extent(old_addr, new_addr, pmc->len - done);
		if (pmd_none(pmdp_get(old_pmd)))
			continue;
		new_pmd = pmd_alloc_path(pt, new_addr);
		if (!new_pmd)
			break;
		if (pmd_trans_huge(pmdp_get(old_pmd)) && extent != PMD_SIZE)
			split_huge_pmd(pmc->old, old_pmd, old_addr);
		pmd = pmdp_get(old_pmd);
		if (pmd_none(pmd))
			continue;	/* a file's page: a fault at the new address maps it again */
		/* Entries to be changed are moved one by one. */
		by_pmd = extent == PMD_SIZE && (!vma_changes_moved(pmc->old) || pmd_trans_huge(pmd));
		if (!by_pmd && pte_alloc(pt, new_pmd))
			break;
		SYNCPOINT("mremap.before_rmap_locks");
		take_rmap_locks(pmc->old);
		if (by_pmd && move_huge_pmd(pmc->old, old_addr, old_pmd, new_pmd))
			;
		else if (by_pmd && !vma_changes_moved(pmc->old))
			move_normal_pmd(pt, old_addr, old_pmd, new_pmd, pmd);
		else if (by_pmd || !move_ptes(pmc->old, old_pmd, old_addr, new_pmd, new_addr, extent))
			extent = 0;	/* retry */
		drop_rmap_locks(pmc->old);
	}
	return done;
}

/* Locking: the rmap locks. Source: mm/hugetlb.c, move_huge_pte(). */
static void move_hugetlb_leaf(struct mm_pgtable *pt, const struct hstate *h, unsigned long old_addr, pmd_t *oldp,
			      pmd_t *newp)
{
	struct ptl_pair pair;

	ptl_pair_lock(&pair, huge_pte_lockptr(h, pt, oldp), huge_pte_lockptr(h, pt, newp));
	ASSERT(pmd_none(pmdp_get(newp)));
	set_pmd_at(newp, pmdp_get_and_clear(oldp));
	flush_tlb_range(pt, old_addr, old_addr + huge_page_size(h));
	ptl_pair_unlock(&pair);
}

/* Returns the number of bytes moved. Source: mm/hugetlb.c. */
static unsigned long move_hugetlb_page_tables(const struct pagetable_move_control *pmc)
{
	unsigned long addr = pmc->old_addr, end = addr + pmc->len;
	const struct hstate *h = hstate_vma(pmc->old);
	pmd_t *srcp, *dstp;

	for (; (srcp = hugetlb_walk_next(pmc->old, &addr, end, h)); addr += huge_page_size(h)) {
		if (pmd_none(pmdp_get(srcp)))
			continue;
		dstp = huge_pte_alloc(pmc->new, pmc->new_addr + (addr - pmc->old_addr), h);
		if (!dstp)
			return addr - pmc->old_addr;
		SYNCPOINT("mremap.before_rmap_locks");
		take_rmap_locks(pmc->old);
		move_hugetlb_leaf(&pmc->old->vm_mm->pt, h, addr, srcp, dstp);
		drop_rmap_locks(pmc->old);
	}
	return pmc->len;
}

/*
 * Where others share the table of a shared mapping, it is unshared, and nothing is moved. A new table is not shared:
 * that of the old VMA would be found. Without memory for it the rest is left to be unmapped. In both cases faults map
 * the file's huge pages again; Linux undoes the move in the second one. Source: mm/hugetlb.c,
 * move_hugetlb_page_tables().
 */
static unsigned long move_shared_hugetlb(const struct pagetable_move_control *pmc)
{
	struct mm_pgtable *pt = &pmc->old->vm_mm->pt;
	unsigned long addr = pmc->old_addr, end = addr + pmc->len, next;
	const struct hstate *h = hstate_vma(pmc->old);
	pmd_t *srcp, *dstp;

	hugetlb_vma_lock_write(pmc->old);
	i_mmap_lock_write(&pmc->old->vm_file->mapping);
	for (; (srcp = hugetlb_walk_next(pmc->old, &addr, end, h)); addr = next) {
		unsigned long new_addr = pmc->new_addr + (addr - pmc->old_addr);

		next = addr + huge_page_size(h);
		if (pmd_none(pmdp_get(srcp)))
			continue;
		if (huge_pmd_unshare(pmc->old, addr)) {
			next = pud_addr_end(addr, end);
			continue;
		}
		dstp = vma_shares_pmds(pmc->new) ? pmd_alloc_path(pt, new_addr) :
						   huge_pte_alloc(pmc->new, new_addr, h);
		if (!dstp)
			break;
		move_hugetlb_leaf(pt, h, addr, srcp, dstp);
	}
	i_mmap_unlock_write(&pmc->old->vm_file->mapping);
	hugetlb_vma_unlock_write(pmc->old);
	return pmc->len;
}

DEFINE_KNOCKOUT(MREMAP_FLUSH,
	.name = "mremap:flush",
	.removes = "notifying subscribers before entries move; it comes after, without locks",
	.breaks = "a device that uses a stale translation",
	.detected_by = "the oracle of mirrors",
	.hunt = "explore mremap_vs_mirror",
	.mirrors = "mremap: properly flush TLB before releasing the page");

unsigned long move_page_tables(const struct pagetable_move_control *pmc)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(pmc->old->vm_mm, MMU_NOTIFY_UNMAP, pmc->old_addr,
								pmc->old_addr + pmc->len);
	unsigned long done;

	vma_assert_write_locked(pmc->new);
	/* A VMA without one has no pages; the VMA it was merged with may have one. */
	BUG_ON(vma_anon_vma(pmc->old) && vma_anon_vma(pmc->new) && vma_anon_vma(pmc->old) != vma_anon_vma(pmc->new));
	if (unlikely(is_vm_hugetlb_page(pmc->old)))
		adjust_range_if_pmd_sharing_possible(pmc->old, &range.start, &range.end);
	if (!KNOCKED_OUT(MREMAP_FLUSH))
		mmu_notifier_invalidate_range_start(&range);
	split_huge_puds(pmc->old, pmc->old_addr, pmc->old_addr + pmc->len);
	if (likely(!is_vm_hugetlb_page(pmc->old)))
		done = move_extents(pmc);
	else
		done = pmc->old->vm_flags & VM_SHARED ? move_shared_hugetlb(pmc) : move_hugetlb_page_tables(pmc);
	SYNCPOINT("mremap.entries_moved");
	if (KNOCKED_OUT(MREMAP_TLB))
		flush_tlb_range(&pmc->old->vm_mm->pt, range.start, range.end);
	if (KNOCKED_OUT(MREMAP_FLUSH))
		mmu_notifier_invalidate_range_start(&range);
	mmu_notifier_invalidate_range_end(&range);
	return done;
}
