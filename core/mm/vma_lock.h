/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma_lock.h - a lock per VMA, so that a fault needs no mmap_lock. Two designs, and none, by policy.
 *
 * Protects      one VMA's range, flags and place in its tree, for readers
 * Does not      protect the tree, or entries (their PTL)
 * For read      by lock_vma_under_rcu() only, which tries and never waits: who fails takes mmap_lock
 * For write     under mmap_lock for write, VMA by VMA; dropped all at once when mmap_lock is dropped or downgraded
 *
 * Write-locked means vm_lock_seq == mm_lock_seq. That is all a writer leaves behind: the lock itself is held for write
 * only while it waits for readers to leave and sets vm_lock_seq, and one change of mm_lock_seq unlocks every VMA.
 *
 *   VMA_LOCK_RWSEM    a reader holds vm_lock for read; a writer takes it for write, sets vm_lock_seq, lets it go.
 *                     The VMA is freed after a grace period, for readers that are about to try; one that gets in after
 *                     the writer is gone sees vm_detached.
 *   VMA_LOCK_REFCNT   vm_refcnt: 0 detached, 1 attached, + 1 for each reader, + VMA_LOCK_OFFSET while a writer waits:
 *                     readers then stay out, and the last one to leave wakes it. Detaching takes the 1 away. The VMA is
 *                     freed at once, since memory is type-stable: a reader may so lock a VMA that is another mm's by
 *                     now, and looks at vm_mm once it holds it.
 *
 * Source: include/linux/mmap_lock.h, include/linux/mm.h (vma_start_read() of 6.4 and 6.15), mm/memory.c.
 */
#ifndef FAULTLINE_CORE_MM_VMA_LOCK_H
#define FAULTLINE_CORE_MM_VMA_LOCK_H

#include "core/base/retry.h"
#include "core/base/syncpoint.h"
#include "core/mm/mm_types.h"

#define VMA_LOCK_OFFSET	0x40000000u	/* above any number of readers */

void vma_wake_writer(struct vm_area_struct *vma);
void vma_start_write_slow(struct vm_area_struct *vma);

/*
 * In check builds: what a reader found when it got the lock, compared when it lets go; and who is inside (shadow.h): a writer is
 * until its mm's vma_shadow_seq changes.
 */
#if FAULTLINE_CHECK
void vma_writer_never(struct mm_struct *mm, struct vm_area_struct *vma);
void vma_writer_enter(struct vm_area_struct *vma);
void vma_writers_leave(struct mm_struct *mm);
void vma_reader_enter(struct vm_area_struct *vma);
void vma_reader_leave(struct vm_area_struct *vma);
#else
static inline void vma_writer_never(struct mm_struct *mm, struct vm_area_struct *vma) { (void)mm, (void)vma; }
static inline void vma_writer_enter(struct vm_area_struct *vma) { (void)vma; }
static inline void vma_writers_leave(struct mm_struct *mm) { (void)mm; }
static inline void vma_reader_enter(struct vm_area_struct *vma) { (void)vma; }
static inline void vma_reader_leave(struct vm_area_struct *vma) { (void)vma; }
#endif
static inline bool vma_seq_locked(const struct vm_area_struct *vma, struct mm_struct *mm)
{
	return load_relaxed(&vma->vm_lock_seq) == load_acquire(&mm->mm_lock_seq);
}

/* One reader more, unless the VMA is detached or a writer waits. */
static inline bool vma_refcnt_get(struct vm_area_struct *vma)
{
	uint32_t old = load_relaxed(&vma->vm_refcnt);
	RETRY_LOOP(VMA_REF);

	do {
		if (old == 0 || old >= VMA_LOCK_OFFSET)
			return false;
	} while (!try_cmpxchg_acquire(&vma->vm_refcnt, &old, old + 1) && RETRIED());
	return true;
}

/* The last reader out wakes the writer; its release hands all it read to the writer's acquire. */
static inline void vma_refcnt_put(struct vm_area_struct *vma)
{
	uint32_t left = fetch_sub_release(&vma->vm_refcnt, 1) - 1;

	if (unlikely(left == VMA_LOCK_OFFSET || left == VMA_LOCK_OFFSET + 1))
		vma_wake_writer(vma);
}

static inline void vma_reader_put(enum vma_lock_kind kind, struct vm_area_struct *vma)
{
	if (kind == VMA_LOCK_REFCNT) {
		lockstat_released(vma);
		lockrank_release(vma);
		vma_refcnt_put(vma);
		SYNCPOINT("vma_lock.unlocked");
	} else {
		up_read(&vma->vm_lock);
	}
}

/*
 * vma_start_read - lock @vma for read if that needs no waiting. False: a writer has it, or it is gone, or another mm's.
 * Locking: RCU, or mmap_lock. Context: never waits. Source: mm/mmap_lock.c, vma_start_read().
 */
static inline bool vma_start_read(struct mm_struct *mm, struct vm_area_struct *vma)
{
	enum vma_lock_kind kind = mm->pt.policy.vma_lock;

	ASSERT(rcu_read_held() || lockrank_is_held(&mm->mmap_lock));
	/* Cheap and unreliable, but it keeps readers off the lock's line while a writer works. */
	if (vma_seq_locked(vma, mm))
		return false;
	SYNCPOINT("vma_lock.before_get");
	if (kind == VMA_LOCK_REFCNT) {
		if (unlikely(!vma_refcnt_get(vma)))
			return false;
		lockrank_try_acquired(vma, RANK_VMA_LOCK, HELD_READ);
		lockstat_acquired(vma, RANK_VMA_LOCK);
	} else if (unlikely(!down_read_trylock(&vma->vm_lock))) {
		return false;
	}
	SYNCPOINT("vma_lock.after_get");
	if (unlikely(load_relaxed(&vma->vm_mm) != mm && !KNOCKED_OUT(VMA_MM_RECHECK))) {
		vma_reader_put(kind, vma);
		count_event(EV_VMA_REUSED);
		return false;
	}
	/*
	 * ORDER[vma-seq:B] the lock is held, then vm_lock_seq is compared with mm_lock_seq, loaded with acquire. Pairs
	 * with ORDER[vma-seq:A]. Either this reader came before the writer took the lock, and the writer waits for it;
	 * or after, and it finds vm_lock_seq set - unless mm_lock_seq has moved on, whose release it then reads, and
	 * with it all that the writer did. Weaker: a fault in a VMA that is being changed.
	 */
	if (unlikely(vma_seq_locked(vma, mm) && !KNOCKED_OUT(VMA_SEQ_B))) {
		vma_reader_put(kind, vma);
		count_event(EV_VMA_LOCK_RECHECK);
		return false;
	}
	/* What the last writer did is visible by now: had it detached the VMA, vm_detached would be seen. */
	if (unlikely(load_relaxed(&vma->vm_detached) && !KNOCKED_OUT(VMA_DETACHED_RECHECK))) {
		vma_reader_put(kind, vma);
		count_event(EV_VMA_LOCK_RECHECK);
		return false;
	}
	vma_reader_enter(vma);
	return true;
}

/*
 * Source: include/linux/mmap_lock.h, vma_end_read(). A rwsem that was let go is touched a moment longer when somebody waits
 * (rwsem.h), and that somebody may be about to free the VMA: RCU keeps it until then.
 */
static inline void vma_end_read(struct mm_struct *mm, struct vm_area_struct *vma)
{
	enum vma_lock_kind kind = mm->pt.policy.vma_lock;

	vma_reader_leave(vma);
	if (kind == VMA_LOCK_RWSEM)
		rcu_read_lock();
	vma_reader_put(kind, vma);
	if (kind == VMA_LOCK_RWSEM)
		rcu_read_unlock();
}

/* True while @vma is locked for write. Locking: mmap_lock for write. */
static inline bool vma_is_write_locked(const struct vm_area_struct *vma)
{
	return load_relaxed(&vma->vm_lock_seq) == load_relaxed(&vma->vm_mm->mm_lock_seq);
}

/*
 * vma_start_write - lock @vma for write, once the readers inside have left. Nothing to do the second time.
 * Locking: mmap_lock for write; it stays locked until that is dropped. Source: mm/mmap_lock.c, __vma_start_write().
 */
static inline void vma_start_write(struct vm_area_struct *vma)
{
	assert_rwsem_held_write(&vma->vm_mm->mmap_lock);
	if (vma->vm_mm->pt.policy.vma_lock != VMA_LOCK_NONE && !vma_is_write_locked(vma))
		vma_start_write_slow(vma);
}

static inline void vma_assert_write_locked(const struct vm_area_struct *vma)
{
	assert_rwsem_held_write(&vma->vm_mm->mmap_lock);
	BUG_ON(vma->vm_mm->pt.policy.vma_lock != VMA_LOCK_NONE && !vma_is_write_locked(vma));
}

/* Every VMA that @mm's writer locked is unlocked. Locking: mmap_lock for write, about to be dropped or downgraded. */
static inline void vma_end_write_all(struct mm_struct *mm)
{
	vma_writers_leave(mm);
	store_release(&mm->mm_lock_seq, load_relaxed(&mm->mm_lock_seq) + 1);
	SYNCPOINT("vma_lock.unlocked");
}

/* A new VMA, complete but in no tree. Locking: its creator alone. */
void vma_lock_init(struct mm_struct *mm, struct vm_area_struct *vma);
/* From now on readers may lock it. Locking: mmap_lock for write; complete, about to be put into the tree. */
void vma_mark_attached(struct vm_area_struct *vma);
/*
 * Out of the tree, and write-locked: returns when no reader can get the lock any more, and none holds it.
 * Source: mm/mmap_lock.c, vma_mark_detached().
 */
void vma_mark_detached(struct vm_area_struct *vma);

/*
 * lock_vma_under_rcu - the VMA that holds @addr, locked for read until vma_end_read(); NULL when there is none, or it
 * could not be had at once: then the caller takes mmap_lock and looks there. Source: mm/memory.c.
 */
struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, unsigned long addr);

#endif
