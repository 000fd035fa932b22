/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock_vma.c - the lookup of a VMA without mmap_lock, and what it does with a VMA that is another mm's by then. */
#include "core/mm/mm.h"
#include "core/mm/vma_lock.h"

DEFINE_EVENT(VMA_LOCK_MISS, "VMA lock try failed");
DEFINE_EVENT(VMA_REUSED, "VMA lock dropped after the re-check: another mm's VMA");

DEFINE_KNOCKOUT(VMA_MM_RECHECK,
	.name = "vma-lock:mm-recheck",
	.removes = "the re-check under the VMA lock that the VMA is this mm's",
	.breaks = "a fault in another mm's VMA",
	.detected_by = "the owner check of handle_mm_fault()",
	.hunt = "test unit.vma_lock_races");

DEFINE_KNOCKOUT(VMA_WAKE_GRAB,
	.name = "vma-wake:mm-grab",
	.removes = "the reference to the mm of a reused VMA that a reader has locked, and drops",
	.breaks = "a writer is woken by a word of an mm that has ended, and is freed",
	.detected_by = "the age of the mm",
	.hunt = "explore late_reader_vs_exit --preemptions 3",
	.mirrors = "mm: fix a UAF when vma->mm is freed after vma->vm_refcnt got dropped");

/*
 * The lock on @vma keeps it in the tree of the other mm, so that mm has not ended yet; nothing else keeps it. To free
 * it takes time, so that is done outside RCU. The caller has found @vma under RCU alone: under mmap_lock a VMA of the
 * tree is the mm's own.
 */
void vma_put_reused(enum vma_lock_kind kind, struct vm_area_struct *vma)
{
	struct mm_struct *other = load_relaxed(&vma->vm_mm);
	bool grab = kind == VMA_LOCK_REFCNT_MM && !KNOCKED_OUT(VMA_WAKE_GRAB);

	if (grab) {
		ASSERT(rcu_read_held());
		rcu_read_unlock();
		mmgrab(other);
	}
	vma_reader_put(kind, other, vma);
	if (grab) {
		mmdrop(other);
		rcu_read_lock();
	}
}

DEFINE_KNOCKOUT(VMA_RANGE_RECHECK,
	.name = "vma-lock:range-recheck",
	.removes = "the re-check under the VMA lock that the VMA contains the address",
	.breaks = "a fault outside its VMA",
	.detected_by = "the range check of handle_mm_fault()",
	.hunt = HUNT_JUMBLE);

/*
 * The lookup and the trylock are under RCU, so that tree nodes and (VMA_LOCK_RWSEM) the VMA are not freed meanwhile.
 * The VMA may be detached, changed or reused before the lock is held; from then on it is stable, so its mm
 * (vma_start_read()) and its range are checked afterwards.
 */
struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	if (mm->pt.policy.vma_lock == VMA_LOCK_NONE)
		return NULL;
	rcu_read_lock();
	vma = vma_tree_find(&mm->tree, addr);
	if (FAULTLINE_CHECK && vma)
		object_seen(&kind_vma, &vma->vm_probe, vma);
	if (unlikely(!vma || !vma_start_read(mm, vma))) {
		rcu_read_unlock();
		count_event(EV_VMA_LOCK_MISS);
		return NULL;
	}
	rcu_read_unlock();
	if (unlikely((addr < vma->vm_start || addr >= vma->vm_end) && !KNOCKED_OUT(VMA_RANGE_RECHECK))) {
		vma_end_read(mm, vma);
		count_event(EV_VMA_LOCK_MISS);
		return NULL;
	}
	return vma;
}
