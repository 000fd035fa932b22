/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_lock.c - the slow paths of the VMA lock, and the lockless lookup. */
#include "core/mm/vma_lock.h"

#include "core/lock/shadow.h"
#include "core/lock/wait.h"
#include "core/probe/knockout.h"

DEFINE_KNOCKOUT(VMA_SEQ_B,
	.name = "vma-seq:B",
	.removes = "the re-check of vm_lock_seq against mm_lock_seq under the VMA lock",
	.breaks = "a fault in a VMA that is being changed",
	.detected_by = "the snapshot that a VMA reader compares at unlock",
	.hunt = HUNT_JUMBLE);

DEFINE_KNOCKOUT(VMA_MM_RECHECK,
	.name = "vma-lock:mm-recheck",
	.removes = "the re-check under the VMA lock that the VMA is this mm's",
	.breaks = "a fault in another mm's VMA",
	.detected_by = "the owner check of handle_mm_fault()",
	.hunt = "test unit.vma_lock_races");

DEFINE_KNOCKOUT(VMA_DETACHED_RECHECK,
	.name = "vma-lock:detached-recheck",
	.removes = "the re-check under the VMA's rwsem that it is attached",
	.breaks = "a fault in a VMA that was unmapped",
	.detected_by = "page and counter accounting at rest",
	.hunt = HUNT_JUMBLE " --policy linux-6.4");

DEFINE_EVENT(VMA_LOCK_MISS, "VMA lock try failed");
DEFINE_EVENT(VMA_LOCK_RECHECK, "VMA lock dropped after the re-check: write-locked");
DEFINE_EVENT(VMA_REUSED, "VMA lock dropped after the re-check: another mm's VMA");
DEFINE_EVENT(VMA_WRITE_WAIT, "VMA writers that waited for readers");
DEFINE_RETRY_LOOP(VMA_REF, 10000, "exchange: a VMA's reader");

/* The writer sleeps on vm_refcnt itself, so a wake-up needs only the VMA's type-stable memory. */
void vma_wake_writer(struct vm_area_struct *vma)
{
	futex_wake_one(&vma->vm_refcnt);
}

DEFINE_KNOCKOUT(VMA_WRITER_WAIT,
	.name = "vma-lock:writer-wait",
	.removes = "a VMA writer's wait for readers",
	.breaks = "a fault in a VMA that is being changed",
	.detected_by = "the snapshot that a VMA reader compares at unlock",
	.hunt = HUNT_JUMBLE);

/* Adds VMA_LOCK_OFFSET, and waits until the count is that + @attached: no reader is inside, and none can enter. */
static void keep_readers_out(struct vm_area_struct *vma, uint32_t attached)
{
	struct wait_cost cost = { 0 };
	uint32_t seen;

	/*
	 * ORDER[vma-refcnt:B] before the VMA is changed. Pairs with ORDER[vma-refcnt:A]. Weaker: the writer's changes
	 * pass the reads of a reader that has left.
	 */
	fetch_add_acquire(&vma->vm_refcnt, VMA_LOCK_OFFSET);
	if (load_acquire(&vma->vm_refcnt) == VMA_LOCK_OFFSET + attached || KNOCKED_OUT(VMA_WRITER_WAIT))
		return;
	lock_wanted(vma, RANK_VMA_LOCK, HELD_WRITE, LOCK_WAITED, LOCK_SITE);
	lock_wait_begin(&cost);
	/* ORDER[vma-refcnt:B] as above. */
	while ((seen = load_acquire(&vma->vm_refcnt)) != VMA_LOCK_OFFSET + attached) {
		if (wait_spin(&cost))
			continue;
		SYNCPOINT("vma_lock.writer_parks");
		cost.count[LOCKSTAT_PARK]++;
		futex_wait(&vma->vm_refcnt, seen);
	}
	cost.count[LOCKSTAT_WAIT]++;
	lock_wait_end(RANK_VMA_LOCK, &cost);
	lock_released(vma, NULL, RANK_VMA_LOCK, HELD_WRITE);
	count_event(EV_VMA_WRITE_WAIT);
}

DEFINE_KNOCKOUT(VMA_SEQ_A,
	.name = "vma-seq:A",
	.removes = "writing vm_lock_seq while the VMA is write-locked",
	.breaks = "a fault in a VMA that is being changed",
	.detected_by = "the snapshot that a VMA reader compares at unlock",
	.hunt = HUNT_JUMBLE);

/*
 * ORDER[vma-seq:A] vm_lock_seq is set while the lock is held for write: after earlier readers have left, before later
 * ones can enter. Pairs with ORDER[vma-seq:B].
 */
static void mark_write_locked(struct vm_area_struct *vma)
{
	vma_writer_enter(vma);
	if (!KNOCKED_OUT(VMA_SEQ_A))
		store_relaxed(&vma->vm_lock_seq, load_relaxed(&vma->vm_mm->mm_lock_seq));
}

void vma_start_write_slow(struct vm_area_struct *vma)
{
	if (vma->vm_mm->pt.policy.vma_lock == VMA_LOCK_RWSEM) {
		down_write(&vma->vm_lock);
		mark_write_locked(vma);
		up_write(&vma->vm_lock);
		return;
	}
	if (load_relaxed(&vma->vm_refcnt) == 0) {	/* in no tree yet: no reader can be inside */
		mark_write_locked(vma);
		return;
	}
	SYNCPOINT("vma_lock.writer_waits");
	keep_readers_out(vma, 1);
	lockstat_counted(RANK_VMA_LOCK);
	mark_write_locked(vma);
	/* ORDER[vma-seq:A] after vm_lock_seq is set. A reader that enters now finds it; pairs with ORDER[vma-seq:B]. */
	fetch_sub_release(&vma->vm_refcnt, VMA_LOCK_OFFSET);
}

void vma_lock_init(struct mm_struct *mm, struct vm_area_struct *vma)
{
	/* Any value but mm_lock_seq; the one before it does not recur soon. */
	store_relaxed(&vma->vm_lock_seq, load_relaxed(&mm->mm_lock_seq) - 1);
	vma_writer_never(mm, vma);
	store_relaxed(&vma->vm_detached, false);
	if (mm->pt.policy.vma_lock == VMA_LOCK_RWSEM)
		init_rwsem(&vma->vm_lock, RANK_VMA_LOCK);
	else
		store_relaxed(&vma->vm_refcnt, 0);
}

void vma_mark_attached(struct vm_area_struct *vma)
{
	vma_assert_write_locked(vma);
	/*
	 * ORDER[vma-attach:A] after the VMA is complete. Pairs with ORDER[vma-attach:B]. Weaker: a reader that locks it
	 * finds the mm, the range or the flags of the VMA that had this memory before.
	 */
	if (vma->vm_mm->pt.policy.vma_lock == VMA_LOCK_REFCNT)
		store_release(&vma->vm_refcnt, 1);
}

void vma_mark_detached(struct vm_area_struct *vma)
{
	vma_assert_write_locked(vma);
	store_relaxed(&vma->vm_detached, true);
	object_unlinked(&kind_vma, &vma->vm_probe, vma);
	if (vma->vm_mm->pt.policy.vma_lock != VMA_LOCK_REFCNT)
		return;
	/* Readers that enter now find it write-locked and leave again; the offset keeps further ones out. */
	/*
	 * ORDER[vma-refcnt:B] before the VMA is freed, when no reader is inside; pairs with ORDER[vma-refcnt:A].
	 * ORDER[vma-seq:A] after vm_lock_seq is set; pairs with ORDER[vma-seq:B].
	 */
	if (fetch_sub_acq_rel(&vma->vm_refcnt, 1) == 1)
		return;
	keep_readers_out(vma, 0);
	/* ORDER[vma-seq:A] as in vma_start_write_slow(). No reader enters until the VMA's next life. */
	fetch_sub_release(&vma->vm_refcnt, VMA_LOCK_OFFSET);
}

#if FAULTLINE_CHECK
/* (T) two VMAs at a time, as userfaultfd_move() has; vma NULL: none */
static _Thread_local struct found_vma {
	const struct vm_area_struct *vma;
	unsigned long start, end, flags;
} readers_found[2];

void vma_writer_never(struct mm_struct *mm, struct vm_area_struct *vma)
{
	store_relaxed(&vma->vm_shadow_seq, load_relaxed(&mm->vma_shadow_seq) - 1);
}

void vma_writer_enter(struct vm_area_struct *vma)
{
	shadow_enter(&vma->vm_shadow, vma, RANK_VMA_LOCK, HELD_WRITE, LOCK_SITE);
	store_relaxed(&vma->vm_shadow_seq, load_relaxed(&vma->vm_mm->vma_shadow_seq));
	shadow_leave(&vma->vm_shadow, HELD_WRITE);
}

void vma_writers_leave(struct mm_struct *mm)
{
	store_relaxed(&mm->vma_shadow_seq, load_relaxed(&mm->vma_shadow_seq) + 1);
}

void vma_reader_enter(struct vm_area_struct *vma)
{
	struct found_vma *found = &readers_found[readers_found[0].vma != NULL];

	BUG_ON(found->vma);
	shadow_enter(&vma->vm_shadow, vma, RANK_VMA_LOCK, HELD_READ, LOCK_SITE);
	if (load_relaxed(&vma->vm_shadow_seq) == load_relaxed(&vma->vm_mm->vma_shadow_seq))
		shadow_met_writer(vma, RANK_VMA_LOCK, LOCK_SITE, &vma->vm_mm->mmap_lock);
	*found = (struct found_vma){ vma, vma->vm_start, vma->vm_end, vma->vm_flags };
}

void vma_reader_leave(struct vm_area_struct *vma)
{
	struct found_vma *found = &readers_found[readers_found[0].vma != vma];

	BUG_ON(found->vma != vma);
	if (vma->vm_start != found->start || vma->vm_end != found->end || vma->vm_flags != found->flags)
		BUG_BY("VMA reader", "VMA %lx-%lx flags %lx changed to %lx-%lx flags %lx under its reader",
		       found->start, found->end, found->flags, vma->vm_start, vma->vm_end, vma->vm_flags);
	found->vma = NULL;
	shadow_leave(&vma->vm_shadow, HELD_READ);
}
#endif

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
