/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vma_lock.h - a lock per VMA, so that a fault needs no mmap_lock. Three designs, and none, by policy.
 *
 * Protects      one VMA's range, flags and place in its tree, for readers
 * Does not      protect the tree, or entries (their PTL)
 * For read      by lock_vma_under_rcu() only, which tries and never waits: on failure the caller takes mmap_lock
 * For write     under mmap_lock for write, VMA by VMA; dropped all at once when mmap_lock is dropped or downgraded
 *
 * Write-locked means vm_lock_seq == mm_lock_seq. A writer leaves only that mark: the lock itself is held for write
 * only while it waits for readers to leave and sets vm_lock_seq, and one change of mm_lock_seq unlocks every VMA.
 *
 *   VMA_LOCK_RWSEM    a reader holds vm_lock for read; a writer takes it for write, sets vm_lock_seq, releases it.
 *                     The VMA is freed after a grace period, for readers that are about to try; one that enters after
 *                     the writer has left sees vm_detached.
 *   VMA_LOCK_REFCNT   vm_refcnt: 0 detached, 1 attached, + 1 for each reader, + VMA_LOCK_OFFSET while a writer waits:
 *                     readers then stay out, and the last one to leave wakes it. Detaching subtracts the 1. The VMA is
 *                     freed at once, since memory is type-stable: so a reader may lock a VMA that another mm has
 *                     reused, and checks vm_mm under the lock. The writer sleeps on vm_refcnt.
 *   VMA_LOCK_REFCNT_MM  the same, but the writer sleeps on a word of the mm, as in Linux. A reader wakes it after it
 *                     has dropped the VMA, so something must keep the mm: it is the reader's own; or it is another one,
 *                     whose VMA the reader has locked by mistake, and it takes a reference.
 *
 * Source: include/linux/mmap_lock.h, include/linux/mm.h (vma_start_read() of 6.4 and 6.15), mm/memory.c.
 */
#ifndef FAULTLINE_CORE_MM_VMA_LOCK_H
#define FAULTLINE_CORE_MM_VMA_LOCK_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"
#include "core/probe/syncpoint.h"

DECLARE_EVENT(VMA_LOCK_MISS);
DECLARE_EVENT(VMA_LOCK_RECHECK);
DECLARE_EVENT(VMA_REUSED);
DECLARE_EVENT(VMA_WRITE_WAIT);
DECLARE_KNOCKOUT(VMA_SEQ_B);
DECLARE_KNOCKOUT(VMA_MM_RECHECK);
DECLARE_KNOCKOUT(VMA_DETACHED_RECHECK);

#define VMA_LOCK_OFFSET	0x40000000u	/* above any number of readers */

/*
 * The slow paths. vma_wake_writer() - wakes the writer that waits for readers to leave; the VMA, which was @mm's, may
 * be reused already. vma_put_reused() - a reader drops a VMA that is another mm's; with VMA_LOCK_REFCNT_MM it ends its
 * read-side section and begins another one. vma_start_write_slow() - locks @vma for write. Locking: mmap_lock for
 * write. Source: mm/mmap_lock.c, __vma_start_write(), vma_start_read().
 */
void vma_wake_writer(enum vma_lock_kind kind, struct mm_struct *mm, struct vm_area_struct *vma);
void vma_put_reused(enum vma_lock_kind kind, struct vm_area_struct *vma);
void vma_start_write_slow(struct vm_area_struct *vma);

/*
 * In check builds: the VMA as a reader found it under the lock, compared at the unlock; and its owners (shadow.h): a
 * writer is inside until its mm's vma_shadow_seq changes.
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

/*
 * True if a writer has @vma. Reliable once the caller has the VMA lock.
 *
 * ORDER[vma-seq:B] before the VMA is read, if mm_lock_seq has changed. Pairs with ORDER[vma-seq:A] in
 * vma_end_write_all().
 */
static inline bool vma_seq_locked(const struct vm_area_struct *vma, struct mm_struct *mm)
{
	return load_relaxed(&vma->vm_lock_seq) == load_acquire(&mm->mm_lock_seq);
}

DECLARE_RETRY_LOOP(VMA_REF);

/* Adds a reader, unless the VMA is detached or a writer waits. */
static inline bool vma_refcnt_get(struct vm_area_struct *vma)
{
	uint32_t old = load_relaxed(&vma->vm_refcnt);
	RETRY_LOOP_OF(VMA_REF);

	do {
		if (old == 0 || old >= VMA_LOCK_OFFSET)
			return false;
	/*
	 * ORDER[vma-attach:B] before the VMA is read; pairs with ORDER[vma-attach:A].
	 * ORDER[vma-seq:B] before vm_lock_seq is read; pairs with ORDER[vma-seq:A].
	 */
	} while (!try_cmpxchg_acquire(&vma->vm_refcnt, &old, old + 1) && RETRIED());
	return true;
}

/*
 * The last reader wakes the writer of @mm, the VMA's.
 *
 * ORDER[vma-refcnt:A] after all reads inside. Pairs with ORDER[vma-refcnt:B] in vma_lock.c.
 */
static inline void vma_refcnt_put(enum vma_lock_kind kind, struct mm_struct *mm, struct vm_area_struct *vma)
{
	uint32_t left = fetch_sub_release(&vma->vm_refcnt, 1) - 1;

	if (unlikely(left == VMA_LOCK_OFFSET || left == VMA_LOCK_OFFSET + 1))
		vma_wake_writer(kind, mm, vma);
}

/*
 * Drops the lock of a reader of @mm's VMA, @kind's way. Locking: the VMA lock for read; RCU too with VMA_LOCK_RWSEM if
 * @vma may be freed; something that keeps @mm with VMA_LOCK_REFCNT_MM.
 */
static inline void vma_reader_put(enum vma_lock_kind kind, struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (vma_lock_counts(kind)) {
		lock_released(vma, NULL, RANK_VMA_LOCK, HELD_READ);
		vma_refcnt_put(kind, mm, vma);
		SYNCPOINT("vma_lock.unlocked");
	} else {
		up_read(&vma->vm_lock);
	}
}

/*
 * vma_start_read - locks @vma for read if that needs no waiting. False: a writer has it, or it is detached, or another
 * mm's: then what was found under RCU is not to be used any more. Locking: RCU, or mmap_lock. Context: never waits.
 * Source: mm/mmap_lock.c, vma_start_read().
 */
static inline bool vma_start_read(struct mm_struct *mm, struct vm_area_struct *vma)
{
	enum vma_lock_kind kind = mm->pt.policy.vma_lock;

	ASSERT(rcu_read_held() || lockrank_is_held(&mm->mmap_lock));
	/* Cheap and unreliable, but it keeps readers off the lock's line while a writer works. */
	if (vma_seq_locked(vma, mm))
		return false;
	SYNCPOINT("vma_lock.before_get");
	if (vma_lock_counts(kind)) {
		if (unlikely(!vma_refcnt_get(vma)))
			return false;
		lock_acquired(vma, NULL, RANK_VMA_LOCK, HELD_READ, LOCK_TRIED, LOCK_SITE);
	} else if (unlikely(!down_read_trylock(&vma->vm_lock))) {
		return false;
	}
	SYNCPOINT("vma_lock.after_get");
	if (unlikely(load_relaxed(&vma->vm_mm) != mm && !KNOCKED_OUT(VMA_MM_RECHECK))) {
		vma_put_reused(kind, vma);
		count_event(EV_VMA_REUSED);
		return false;
	}
	/*
	 * ORDER[vma-seq:B] the lock is held, then vm_lock_seq is compared with mm_lock_seq, loaded with acquire. Pairs
	 * with ORDER[vma-seq:A]. Either this reader came before the writer took the lock, and the writer waits for it;
	 * or after, and it finds vm_lock_seq set - unless mm_lock_seq has changed since: then it reads that release,
	 * and with it all changes of the writer. Weaker: a fault in a VMA that is being changed.
	 */
	if (unlikely(vma_seq_locked(vma, mm) && !KNOCKED_OUT(VMA_SEQ_B))) {
		vma_reader_put(kind, mm, vma);
		count_event(EV_VMA_LOCK_RECHECK);
		return false;
	}
	/* All changes of the last writer are visible: if it had detached the VMA, vm_detached would be set. */
	if (unlikely(load_relaxed(&vma->vm_detached) && !KNOCKED_OUT(VMA_DETACHED_RECHECK))) {
		vma_reader_put(kind, mm, vma);
		count_event(EV_VMA_LOCK_RECHECK);
		return false;
	}
	vma_reader_enter(vma);
	return true;
}

/*
 * Source: include/linux/mmap_lock.h, vma_end_read(). The unlock of a rwsem with waiters accesses it a little longer
 * (rwsem.h), and a waiter may be about to free the VMA: RCU keeps it until then.
 */
static inline void vma_end_read(struct mm_struct *mm, struct vm_area_struct *vma)
{
	enum vma_lock_kind kind = mm->pt.policy.vma_lock;

	vma_reader_leave(vma);
	if (kind == VMA_LOCK_RWSEM)
		rcu_read_lock();
	vma_reader_put(kind, mm, vma);
	if (kind == VMA_LOCK_RWSEM)
		rcu_read_unlock();
}

/* Dies in check builds unless the caller holds @vma's lock, or mmap_lock. Source: include/linux/mmap_lock.h. */
static inline void vma_assert_locked(const struct vm_area_struct *vma)
{
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);

	(void)mm;
	ASSERT(lockrank_is_held(&mm->mmap_lock) ||
	       lockrank_is_held(mm->pt.policy.vma_lock == VMA_LOCK_RWSEM ? (const void *)&vma->vm_lock : vma));
}

/* True while @vma is locked for write. Locking: mmap_lock for write. */
static inline bool vma_is_write_locked(const struct vm_area_struct *vma)
{
	return load_relaxed(&vma->vm_lock_seq) == load_relaxed(&vma->vm_mm->mm_lock_seq);
}

/*
 * vma_start_write - locks @vma for write, once the readers inside have left. No effect if it is locked already.
 * Locking: mmap_lock for write; it stays locked until that is dropped. Source: mm/mmap_lock.c, __vma_start_write().
 */
static inline void vma_start_write(struct vm_area_struct *vma)
{
	assert_rwsem_held_write(&vma->vm_mm->mmap_lock);
	if (vma->vm_mm->pt.policy.vma_lock != VMA_LOCK_NONE && !vma_is_write_locked(vma))
		vma_start_write_slow(vma);
}

/* Dies unless @vma is write-locked. Source: include/linux/mmap_lock.h, vma_assert_write_locked(). */
static inline void vma_assert_write_locked(const struct vm_area_struct *vma)
{
	assert_rwsem_held_write(&vma->vm_mm->mmap_lock);
	BUG_ON(vma->vm_mm->pt.policy.vma_lock != VMA_LOCK_NONE && !vma_is_write_locked(vma));
}

/*
 * mm_lock_seq is odd while there is a writer, for readers of the tree that take no lock: see op/maps.c. Locking:
 * mmap_lock for write, just taken. Source: include/linux/mmap_lock.h, mm_lock_seqcount_begin().
 */
static inline void mm_lock_seqcount_begin(struct mm_struct *mm)
{
	/*
	 * Before all changes of the tree, as those are releases: see maps-seq in ORDERING.md.
	 *
	 * ORDER[vma-seq:A] after the changes of the writer before. A reader that finds this value, and a VMA that was
	 * locked by that writer, sees them; pairs with ORDER[vma-seq:B].
	 */
	store_release(&mm->mm_lock_seq, load_relaxed(&mm->mm_lock_seq) + 1);
}

/* Unlocks all VMAs that @mm's writer locked. Locking: mmap_lock for write, about to be dropped or downgraded. */
static inline void vma_end_write_all(struct mm_struct *mm)
{
	ASSERT(load_relaxed(&mm->mm_lock_seq) & 1);
	vma_writers_leave(mm);
	/*
	 * ORDER[vma-seq:A] after the writer's changes. A reader that finds the sequence changed sees them; pairs with
	 * ORDER[vma-seq:B].
	 */
	store_release(&mm->mm_lock_seq, load_relaxed(&mm->mm_lock_seq) + 1);
	SYNCPOINT("vma_lock.unlocked");
}

/* A new VMA, complete but in no tree. Locking: only its creator has it. */
void vma_lock_init(struct mm_struct *mm, struct vm_area_struct *vma);
/* From now on readers may lock it. Locking: mmap_lock for write; complete, about to be inserted into the tree. */
void vma_mark_attached(struct vm_area_struct *vma);
/*
 * The VMA is removed from the tree, and write-locked: returns when no reader can get the lock any more, and none holds
 * it. Source: mm/mmap_lock.c, vma_mark_detached().
 */
void vma_mark_detached(struct vm_area_struct *vma);

/*
 * lock_vma_under_rcu - the VMA that contains @addr, locked for read until vma_end_read(); NULL if there is none, or
 * the trylock failed: then the caller takes mmap_lock and looks it up there. Source: mm/memory.c.
 */
struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, unsigned long addr);

#endif
