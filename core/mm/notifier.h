/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notifier.h - who keeps translations of an mm elsewhere is told before the mm drops them.
 *
 * subscriber   has a second page table for a range of addresses: a device, a mirror
 * invalidation an operation that takes translations of a range away, or rights from them
 *
 * Not notified, as on Linux: what only adds, as a fault or the end of a migration; an entry's accessed bit, which gives no right;
 * entries that no subscriber can have, guards, swap entries and migration entries, and empty tables; and the entries of a
 * child that fork() makes.
 *
 * A subscriber fills its table from what it reads of the page tables without any lock that keeps them as they are, while
 * invalidations come and go. So a sequence says whether what it read still counts:
 *
 *   invalidation                                     subscriber
 *   (A1) start: the sequence becomes odd, and        (B1) mmu_interval_read_begin(): wait until no invalidation of
 *        every subscriber of the range, under its         its range goes on; remember the sequence
 *        own lock, notes it and drops its copies     (B2) read entries
 *   (A2) entries change                              (B3) take its own lock; mmu_interval_read_retry(): another
 *   (A3) end: when all that go on have ended,             sequence was noted: drop what was read, start again
 *        the sequence becomes even                   (B4) put it into its table; unlock
 *
 * If B2 reads what A2 has changed already, A1 was before B3, which finds it out. If it reads what A2 will change, then
 * either A1 comes before B3, as above; or it waits for the lock, and drops what B4 put there. B1 does not return
 * between A1 and A3, and after A3 all that A2 did is seen. So under its own lock a subscriber never has a translation
 * that the mm has dropped.
 *
 * Source: mm/mmu_notifier.c, include/linux/mmu_notifier.h.
 */
#ifndef FAULTLINE_CORE_MM_NOTIFIER_H
#define FAULTLINE_CORE_MM_NOTIFIER_H

#include "core/base/syncpoint.h"
#include "core/mm/mm_types.h"

enum mmu_notifier_event {
	MMU_NOTIFY_UNMAP,		/* mremap: what was at these addresses goes to others */
	MMU_NOTIFY_CLEAR,		/* the pages go: unmapped, dropped, truncated, swapped out, replaced by copies */
	MMU_NOTIFY_PROTECTION_VMA,	/* what the VMA allows changes */
	MMU_NOTIFY_PROTECTION_PAGE,	/* pages become read-only: fork, cleaning */
	MMU_NOTIFY_MIGRATE,		/* pages go to other frames */
};

/* One invalidation. Lock key: (T) this thread only */
struct mmu_notifier_range {
	struct mm_struct *mm;			/* (T) */
	unsigned long start, end;		/* (T) */
	enum mmu_notifier_event event;		/* (T) */
	struct mmu_notifier_subscriptions *told;	/* (T) whose sequence it made odd: set by start, for end */
};

struct mmu_interval_notifier;

struct mmu_interval_notifier_ops {
	/*
	 * An invalidation of @range begins, which meets the notifier's: under the subscriber's own lock, calls
	 * mmu_interval_set_seq(@sub, @seq) and drops its copies of what lies in both. It may wait for that lock, not for
	 * mmap_lock, a folio lock, an rmap lock or an invalidation: the caller may hold one, or be one.
	 */
	void (*invalidate)(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, uint32_t seq);
};

/* Lock key: (C) const while inserted (A) atomic: written by the subscriptions' lock, or the subscriber's (N) the subscriptions' lock */
struct mmu_interval_notifier {
	struct interval_node node;		/* its range, in pages; has its own lock key */
	const struct mmu_interval_notifier_ops *ops;	/* (C) */
	struct mm_struct *mm;			/* (C) */
	uint32_t invalidate_seq;		/* (A) of the last invalidation it was told of */
	bool in_tree;				/* (N) else it waits to come in */
	TAILQ_ENTRY(mmu_interval_notifier) deferred_item;	/* (N) while it waits to come in, or to go */
};

void mmu_notifier_start_slow(struct mmu_notifier_range *range, struct mmu_notifier_subscriptions *subs);
void mmu_notifier_end_slow(struct mmu_notifier_range *range);

/*
 * mmu_notifier_invalidate_range_start, mmu_notifier_invalidate_range_end - around what takes translations of @range
 * away, or rights from them. Nothing but a branch when nobody ever subscribed to the mm. Between the two, nothing is
 * waited for but page table locks and memory. Locking: mmap_lock, the VMA lock, or the lock of an rmap tree that a VMA
 * of the range is in, so that no first subscriber can come; no spinlock, not inside RCU. Source:
 * include/linux/mmu_notifier.h.
 */
static inline void mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range)
{
	range->told = NULL;
	if (unlikely(load_relaxed(&range->mm->notifier_subscriptions)))
		mmu_notifier_start_slow(range, load_acquire(&range->mm->notifier_subscriptions));
	SYNCPOINT("notifier.started");
}

static inline void mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range)
{
	if (unlikely(range->told))
		mmu_notifier_end_slow(range);
}

/* What start and end take. */
static inline struct mmu_notifier_range mmu_notifier_range_of(struct mm_struct *mm, enum mmu_notifier_event event, unsigned long start,
							      unsigned long end)
{
	return (struct mmu_notifier_range){ .mm = mm, .event = event, .start = start, .end = end };
}

/*
 * mmu_notifier_register - @mm can have subscribers from now on: on return no invalidation goes on that does not know.
 * Returns 0, also when it can already, or -ENOMEM. mmu_notifier_register_locked() under mmap_lock for write, the other
 * under no lock. Source: mm/mmu_notifier.c, __mmu_notifier_register(), which holds all locks at once.
 */
int mmu_notifier_register_locked(struct mm_struct *mm);
int mmu_notifier_register(struct mm_struct *mm);
/* For mm_free(): nobody subscribes any more. */
void mmu_notifier_destroy(struct mm_struct *mm);

/*
 * mmu_interval_notifier_insert - @sub is told of every invalidation of [@start, @end) in @mm from now on. Returns 0,
 * -EINVAL for an empty range or one that is not page aligned, -ENOENT when mmu_notifier_register() was not called.
 * mmu_interval_notifier_remove() - on return @ops->invalidate() does not run and will not. Every notifier is removed
 * before mm_exit(). Locking: nothing that an invalidation may wait for: not the subscriber's lock. Source:
 * mm/mmu_notifier.c.
 */
int mmu_interval_notifier_insert(struct mmu_interval_notifier *sub, struct mm_struct *mm, unsigned long start, unsigned long end,
				 const struct mmu_interval_notifier_ops *ops);
void mmu_interval_notifier_remove(struct mmu_interval_notifier *sub);

/*
 * mmu_interval_read_begin - waits until no invalidation of @sub's range goes on; returns the sequence to compare with.
 * Locking: as mmu_interval_notifier_insert(); mmap_lock may be held for read. Source: mm/mmu_notifier.c.
 */
uint32_t mmu_interval_read_begin(struct mmu_interval_notifier *sub);

/*
 * mmu_interval_read_retry - an invalidation of @sub's range began since @seq was read: what was read of the page tables
 * in between must not be used. Locking: the lock that @sub's invalidate() takes; without it true is final, and false
 * says so of the moment of the call. Source: include/linux/mmu_notifier.h.
 */
static inline bool mmu_interval_read_retry(struct mmu_interval_notifier *sub, uint32_t seq)
{
	/*
	 * ORDER[hmm-seq:B] the sequence is read again after entries were read, with acquire; pairs with ORDER[hmm-seq:A].
	 * Weaker: an entry is read that was changed, and the sequence from before.
	 */
	return load_acquire(&sub->invalidate_seq) != seq && !KNOCKED_OUT(HMM_SEQ_B);
}

/* By invalidate(): see there. */
static inline void mmu_interval_set_seq(struct mmu_interval_notifier *sub, uint32_t seq)
{
	/*
	 * ORDER[hmm-seq:A] the sequence changes before entries do, which is by release; pairs with ORDER[hmm-seq:B].
	 * Weaker: a reader meets a changed entry, and not the sequence.
	 */
	if (!KNOCKED_OUT(HMM_SEQ_A))
		store_release(&sub->invalidate_seq, seq);
}

#endif
