/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_lock.c - the slow paths of the VMA lock. */
#include "core/mm/vma_lock.h"

#include "core/host/age.h"
#include "core/lock/shadow.h"
#include "core/lock/wait.h"
#include "core/probe/knockout.h"

DEFINE_KNOCKOUT(VMA_SEQ_B,
	.name = "vma-seq:B",
	.removes = "the re-check of vm_lock_seq against mm_lock_seq under the VMA lock",
	.breaks = "a fault in a VMA that is being changed",
	.detected_by = "the snapshot that a VMA reader compares at unlock",
	.hunt = HUNT_JUMBLE);

DEFINE_KNOCKOUT(VMA_DETACHED_RECHECK,
	.name = "vma-lock:detached-recheck",
	.removes = "the re-check under the VMA's rwsem that it is attached",
	.breaks = "a fault in a VMA that was unmapped",
	.detected_by = "page and counter accounting at rest",
	.hunt = HUNT_JUMBLE " --policy linux-6.4");

DEFINE_EVENT(VMA_LOCK_RECHECK, "VMA lock dropped after the re-check: write-locked");
DEFINE_EVENT(VMA_WRITE_WAIT, "VMA writers that waited for readers");
DEFINE_RETRY_LOOP(VMA_REF, 10000, "exchange: a VMA's reader");

DEFINE_KNOCKOUT(VMA_WAKE_A,
	.name = "vma-wake:A",
	.removes = "the barrier between a VMA writer's word in the mm and its look at the count",
	.breaks = "a lost wake-up",
	.detected_by = "deadlock",
	.hunt = "serial fault_vs_protect_by_mm" HUNT_C11);

DEFINE_KNOCKOUT(VMA_WAKE_B,
	.name = "vma-wake:B",
	.removes = "the barrier between the count of a VMA's last reader and its look at the mm's word",
	.breaks = "a lost wake-up",
	.detected_by = "deadlock",
	.hunt = "serial fault_vs_protect_by_mm" HUNT_C11);

/*
 * A writer that sleeps on vm_refcnt needs for its wake-up only the VMA's type-stable memory; one that sleeps on a word
 * of its mm needs the mm.
 */
void vma_wake_writer(enum vma_lock_kind kind, struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (kind == VMA_LOCK_REFCNT) {
		futex_wake_one(&vma->vm_refcnt);
		return;
	}
	SYNCPOINT("vma_lock.before_wake");
	ASSERT(load_relaxed(&mm->mm_count));	/* something keeps it */
	assert_linked(&kind_mm, &mm->probe, mm);
	/* ORDER[vma-wake:B] after vm_refcnt was changed, before the word is read; pairs with ORDER[vma-wake:A]. */
	if (!KNOCKED_OUT(VMA_WAKE_B))
		smp_mb();
	if (load_relaxed(&mm->vma_writer_wait)) {
		store_relaxed(&mm->vma_writer_wait, 0u);
		futex_wake_one(&mm->vma_writer_wait);
	}
}

/*
 * Sleeps while @vma's count is @seen, at most until a reader finds the word, and clears it. One writer of an mm sleeps
 * at a time, as it has mmap_lock; a late reader of an earlier VMA may clear the word, too, and wakes it.
 */
static void sleep_on_mm(struct vm_area_struct *vma, uint32_t seen)
{
	uint32_t *word = &vma->vm_mm->vma_writer_wait;

	store_relaxed(word, 1u);
	/*
	 * ORDER[vma-wake:A] after the word is set, before vm_refcnt is read. Pairs with ORDER[vma-wake:B]: either the
	 * last reader finds the word, or the writer finds that it has left. Weaker: the writer sleeps for ever.
	 */
	if (!KNOCKED_OUT(VMA_WAKE_A))
		smp_mb();
	if (load_relaxed(&vma->vm_refcnt) == seen)
		futex_wait(word, 1);
	store_relaxed(word, 0u);
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
		if (vma->vm_mm->pt.policy.vma_lock == VMA_LOCK_REFCNT)
			futex_wait(&vma->vm_refcnt, seen);
		else
			sleep_on_mm(vma, seen);
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
	if (vma_lock_counts(vma->vm_mm->pt.policy.vma_lock))
		store_release(&vma->vm_refcnt, 1);
}

void vma_mark_detached(struct vm_area_struct *vma)
{
	vma_assert_write_locked(vma);
	store_relaxed(&vma->vm_detached, true);
	object_unlinked(&kind_vma, &vma->vm_probe, vma);
	if (!vma_lock_counts(vma->vm_mm->pt.policy.vma_lock))
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
