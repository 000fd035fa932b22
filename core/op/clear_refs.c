/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clear_refs.c - clears accessed or soft-dirty bits, by the page walker. */
#include "core/op/clear_refs.h"

#include <errno.h>

#include "core/mm/huge_memory.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/notifier.h"
#include "core/mm/pagewalk.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vm_normal_page.h"
#include "core/mm/vma.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"
#include "core/probe/syncpoint.h"

DEFINE_KNOCKOUT(SOFT_DIRTY_WRPROTECT,
	.name = "soft-dirty:wrprotect",
	.removes = "taking write permission from an entry whose soft-dirty bit is cleared",
	.breaks = "a write that is not tracked",
	.detected_by = "the at-rest oracle's rule that writable entries of clean VMAs are soft-dirty",
	.hunt = "test knockout.soft_dirty");

DEFINE_KNOCKOUT(SOFT_DIRTY_NOTIFY,
	.name = "soft-dirty:notify",
	.removes = "notifying subscribers before write permission is taken",
	.breaks = "a device's writes that are not tracked",
	.detected_by = "the oracle of mirrors",
	.hunt = "test knockout.soft_dirty");

/*
 * Its owner may write through a pin at any time: the page keeps write permission, and counts as written. Locking: the
 * PTL. Source: fs/proc/task_mmu.c, pte_is_pinned().
 */
static bool is_pinned(const struct vm_area_struct *vma, struct page *page, bool write)
{
	return write && page && is_cow_mapping(vma->vm_flags) && folio_maybe_dma_pinned(page_folio(page));
}

/* The same entry, which a page under migration or in device memory is not restored from as writable. */
static pte_t clear_soft_dirty_swp(pte_t pte)
{
	if (pte_is_migration(pte) && migration_pte_write(pte))
		pte = migration_pte_wrprotect(pte, folio_test_anon(pfn_swap_entry_folio(pte)));
	if (pte_is_device_private(pte) && device_private_pte_write(pte))
		pte = device_private_pte_wrprotect(pte);
	return pte_swp_clear_soft_dirty(pte);
}

/* Source: fs/proc/task_mmu.c. Locking: the PTL; @vma write-locked. */
static void clear_soft_dirty(const struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);

	if (pte_none(pte))
		return;
	if (!pte_present(pte)) {
		set_pte(ptep, clear_soft_dirty_swp(pte));
		return;
	}
	if (is_pinned(vma, vm_normal_page(vma, addr, pte), pte_write(pte))) {
		ptep_set_access_flags(ptep, pte_mksoft_dirty(pte));
		return;
	}
	pte = pte_clear_soft_dirty(ptep_get_and_clear(ptep));
	SYNCPOINT("soft_dirty.cleared");
	set_pte(ptep, KNOCKED_OUT(SOFT_DIRTY_WRPROTECT) ? pte : pte_wrprotect(pte));
}

/* Source: fs/proc/task_mmu.c. Locking: the PTL; @vma write-locked. */
static void clear_soft_dirty_pmd(const struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (is_pmd_migration_entry(pmd)) {
		set_pmd_at(pmdp, swp_entry_to_pmd(clear_soft_dirty_swp(pmd_to_swp_entry(pmd))));
		return;
	}
	if (is_pinned(vma, vm_normal_page_pmd(pmd, addr), pmd_write(pmd))) {
		pmdp_set_access_flags(pmdp, pmd_mksoft_dirty(pmd));
		return;
	}
	pmd = pmd_clear_soft_dirty(pmdp_invalidate(pmdp));
	set_pmd_at(pmdp, KNOCKED_OUT(SOFT_DIRTY_WRPROTECT) ? pmd : pmd_wrprotect(pmd));
}

static int clear_refs_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const enum clear_refs_type *type = walk->private;
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);
	pte_t *ptep;

	if (ptl) {
		walk->action = ACTION_CONTINUE;
		if (*type == CLEAR_REFS_SOFT_DIRTY)
			clear_soft_dirty_pmd(walk->vma, addr, pmdp);
		else
			pmdp_test_and_clear_young(pmdp);
		spin_unlock(ptl);
		return 0;
	}
	ptep = walk_lock_ptes(walk, pmdp, addr, &ptl);
	if (!ptep)
		return 0;
	for (; addr < next; addr += PAGE_SIZE, ptep++) {
		if (*type == CLEAR_REFS_SOFT_DIRTY)
			clear_soft_dirty(walk->vma, addr, ptep);
		else if (pte_present(ptep_get(ptep)))
			ptep_test_and_clear_young(ptep);
	}
	pte_unmap_unlock(&walk->mm->pt, ptl);
	return 0;
}

/* Source: fs/proc/task_mmu.c. */
static int clear_refs_test_walk(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const enum clear_refs_type *type = walk->private;

	(void)addr, (void)next;
	if (walk->vma->vm_flags & VM_PFNMAP)
		return 1;
	return (*type == CLEAR_REFS_ANON && walk->vma->vm_file) || (*type == CLEAR_REFS_MAPPED && !walk->vma->vm_file);
}

/* Locking: mmap_lock for write. */
static void mark_vmas_clean(struct mm_struct *mm)
{
	for (struct vm_area_struct *vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end)) {
		vma_start_write(vma);
		vma->vm_soft_clean = true;
	}
}

int sys_clear_refs(struct mm_struct *mm, enum clear_refs_type type)
{
	OPERATION("clear_refs", mm, type);
	static const struct mm_walk_ops ops = {
		.pmd_entry = clear_refs_pmd_entry, .test_walk = clear_refs_test_walk, .walk_lock = PGWALK_WRLOCK,
	};
	struct mmu_notifier_range range = mmu_notifier_range_of(mm, MMU_NOTIFY_SOFT_DIRTY, 0, TASK_SIZE);
	bool notifies = type == CLEAR_REFS_SOFT_DIRTY && !KNOCKED_OUT(SOFT_DIRTY_NOTIFY);

	if (type < CLEAR_REFS_ALL || type > CLEAR_REFS_SOFT_DIRTY)
		return -EINVAL;
	if (type == CLEAR_REFS_SOFT_DIRTY && !mm->pt.policy.soft_dirty)
		return 0;
	mmap_write_lock(mm);
	if (type == CLEAR_REFS_SOFT_DIRTY)
		mark_vmas_clean(mm);
	if (notifies)
		mmu_notifier_invalidate_range_start(&range);
	walk_page_range(mm, 0, TASK_SIZE, &ops, &type);
	flush_tlb_mm(&mm->pt);
	if (notifies)
		mmu_notifier_invalidate_range_end(&range);
	mmap_write_unlock(mm);
	return 0;
}
