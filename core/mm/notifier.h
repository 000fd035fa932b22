/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notifier.h - notifies subscribers before an mm drops translations.
 *
 * subscriber   has a second page table for a range of addresses: a device, a mirror
 * invalidation an operation that removes translations of a range, or permissions from them
 *
 * Not notified, as on Linux: operations that only add, such as a fault or the end of a migration; an entry's accessed
 * bit, which is no permission; entries that subscribers never have: guards, swap entries and migration entries, and
 * empty tables; and the entries of a child that fork() makes.
 *
 * A subscriber fills its table from page tables that it reads without a lock that keeps them stable, during
 * invalidations. So a sequence shows whether its reads are still valid:
 *
 *   invalidation                                     subscriber
 *   (A1) start: the sequence becomes odd, and        (B1) mmu_interval_read_begin(): wait until no invalidation of
 *        every subscriber of the range, under its         its range runs; remember the sequence
 *        own lock, notes it and drops its copies     (B2) read entries
 *   (A2) entries change                              (B3) take its own lock; mmu_interval_read_retry(): another
 *   (A3) end: when all running ones have ended,           sequence was noted: drop what was read, start again
 *        the sequence becomes even                   (B4) add it to its table; unlock
 *
 * If B2 reads an entry that A2 has changed already, A1 was before B3, which detects it. If it reads one that A2 will
 * change, then either A1 comes before B3, as above; or it waits for the lock, and drops B4's copy. B1 does not return
 * between A1 and A3, and after A3 all changes of A2 are visible. So under its own lock a subscriber never has a
 * translation that the mm has dropped.
 *
 * Source: mm/mmu_notifier.c, include/linux/mmu_notifier.h.
 */
#ifndef FAULTLINE_CORE_MM_NOTIFIER_H
#define FAULTLINE_CORE_MM_NOTIFIER_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DECLARE_EVENT(NOTIFIER_CALL);
DECLARE_EVENT(NOTIFIER_WAIT);
DECLARE_KNOCKOUT(HMM_SEQ_A);
DECLARE_KNOCKOUT(HMM_SEQ_B);

enum mmu_notifier_event {
	MMU_NOTIFY_UNMAP,		/* mremap: the pages move to other addresses */
	MMU_NOTIFY_CLEAR,		/* pages are removed: unmapped, truncated, swapped out, replaced by copies */
	MMU_NOTIFY_PROTECTION_VMA,	/* the VMA's permissions change */
	MMU_NOTIFY_PROTECTION_PAGE,	/* pages become read-only: fork, cleaning */
	MMU_NOTIFY_MIGRATE,		/* pages move to other frames */
	MMU_NOTIFY_SOFT_DIRTY,		/* pages become read-only: clear_refs */
	MMU_NOTIFY_RELEASE,		/* all of the mm, which exits: the last one that finds pages */
};

/* One invalidation. Lock key: (T) this thread only */
struct mmu_notifier_range {
	struct mm_struct *mm;			/* (T) */
	unsigned long start, end;		/* (T) */
	enum mmu_notifier_event event;		/* (T) */
	struct mmu_notifier_subscriptions *notified;	/* (T) subscriptions whose sequence start made odd */
};

struct mmu_interval_notifier;

struct mmu_interval_notifier_ops {
	/*
	 * An invalidation of @range begins, which overlaps the notifier's: under the subscriber's own lock, calls
	 * mmu_interval_set_seq(@sub, @seq) and drops its copies in the overlap. It may wait for that lock, but not for
	 * mmap_lock, a folio lock, an rmap lock or an invalidation: the caller may hold one, or be one.
	 */
	void (*invalidate)(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, uint32_t seq);
	/*
	 * Was [@start, @end), which overlaps the notifier's range, accessed through the subscriber's table? @clear:
	 * since the last call that cleared. NULL: not known, so no. Called under a PTL: it waits for no lock. Source:
	 * struct mmu_notifier_ops, clear_flush_young(), clear_young(), test_young().
	 */
	bool (*young)(struct mmu_interval_notifier *sub, unsigned long start, unsigned long end, bool clear);
};

/*
 * Lock key: (C) const while inserted (A) atomic: written by the subscriptions' lock, or the subscriber's (N) the
 * subscriptions' lock
 */
struct mmu_interval_notifier {
	struct interval_node node;		/* its range, in pages; has its own lock key */
	const struct mmu_interval_notifier_ops *ops;	/* (C) */
	struct mm_struct *mm;			/* (C) */
	uint32_t invalidate_seq;		/* (A) of the last invalidation that it was notified of */
	bool in_tree;				/* (N) else it is on the deferred list */
	TAILQ_ENTRY(mmu_interval_notifier) deferred_item;	/* (N) while its insertion or removal is deferred */
};

/*
 * For an mm with subscribers: counts an invalidation of @range as running, and calls each of them that overlaps it;
 * the end uncounts it. Locking: as mmu_notifier_invalidate_range_start(). Source: mm/mmu_notifier.c,
 * mn_itree_invalidate(), mn_itree_inv_end().
 */
void mmu_notifier_start_slow(struct mmu_notifier_range *range, struct mmu_notifier_subscriptions *subs);
void mmu_notifier_end_slow(struct mmu_notifier_range *range);

/*
 * mmu_notifier_invalidate_range_start, mmu_notifier_invalidate_range_end - around an operation that removes
 * translations of @range, or permissions from them. Only a branch if the mm never had a subscriber. Between the two,
 * the caller waits only for page table locks and memory. Locking: mmap_lock, the VMA lock, or the lock of an rmap tree
 * of a VMA of the range, which exclude a first subscriber; no spinlock, not inside RCU. Source:
 * include/linux/mmu_notifier.h.
 */
static inline void mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range)
{
	range->notified = NULL;
	/* ORDER[notifier-subs:B] before its lock is taken; pairs with ORDER[notifier-subs:A] in notifier.c. */
	if (unlikely(load_relaxed(&range->mm->notifier_subscriptions)))
		mmu_notifier_start_slow(range, load_acquire(&range->mm->notifier_subscriptions));
	SYNCPOINT("notifier.started");
}

static inline void mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range)
{
	if (unlikely(range->notified))
		mmu_notifier_end_slow(range);
}

/* The argument of start and end. */
static inline struct mmu_notifier_range mmu_notifier_range_of(struct mm_struct *mm, enum mmu_notifier_event event,
							      unsigned long start, unsigned long end)
{
	return (struct mmu_notifier_range){ .mm = mm, .event = event, .start = start, .end = end };
}

/*
 * mmu_notifier_release - the mm exits: invalidates all of it, as the last invalidation that finds pages. Subscribers
 * stay, until their owners remove them, beside the exit or after it. Locking: mmap_lock. Source:
 * mm/mmu_notifier.c, __mmu_notifier_release(), mn_itree_release().
 */
void mmu_notifier_release(struct mm_struct *mm);

/* ---- accesses through subscribers' tables ---- */

/* The part of those below for an mm with subscribers. Locking: as there. */
bool mmu_notifier_young_slow(struct mmu_notifier_subscriptions *subs, unsigned long start, unsigned long end,
			     bool clear);

/*
 * mmu_notifier_clear_flush_young - true if a subscriber accessed [@start, @end) since the last call; the next access is
 * noted again. mmu_notifier_clear_young() - the same where the kernel accepts that the next access is missed, and omits
 * a flush. mmu_notifier_test_young() - the same for the page at @addr, and clears nothing. No translation is dropped.
 * Locking: as mmu_notifier_invalidate_range_start(), or the PTL of the entries. Source: include/linux/mmu_notifier.h.
 */
static inline bool mmu_notifier_young(struct mm_struct *mm, unsigned long start, unsigned long end, bool clear)
{
	/* ORDER[notifier-subs:B] before its lock is taken; pairs with ORDER[notifier-subs:A] in notifier.c. */
	return unlikely(load_relaxed(&mm->notifier_subscriptions)) &&
	       mmu_notifier_young_slow(load_acquire(&mm->notifier_subscriptions), start, end, clear);
}

static inline bool mmu_notifier_clear_flush_young(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	return mmu_notifier_young(mm, start, end, true);
}

static inline bool mmu_notifier_clear_young(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	return mmu_notifier_young(mm, start, end, true);
}

static inline bool mmu_notifier_test_young(struct mm_struct *mm, unsigned long addr)
{
	return mmu_notifier_young(mm, addr, addr + PAGE_SIZE, false);
}

/*
 * mmu_notifier_register - allows subscribers of @mm: on return all running invalidations know of them. Returns 0, also
 * if they were allowed before, or -ENOMEM. mmu_notifier_register_locked() under mmap_lock for write, the other under
 * no lock; takes all locks of @mm (all_locks.h). Source: mm/mmu_notifier.c, __mmu_notifier_register().
 */
int mmu_notifier_register_locked(struct mm_struct *mm);
int mmu_notifier_register(struct mm_struct *mm);
/* For mm_free(): there are no subscribers any more. Source: mm/mmu_notifier.c; "HMM v13", hmm_mm_destroy(). */
void mmu_notifier_destroy(struct mm_struct *mm);

/*
 * mmu_interval_notifier_insert - notifies @sub of every invalidation of [@start, @end) in @mm from now on. Returns 0,
 * -EINVAL for an empty range or one that is not page aligned, -ENOENT if mmu_notifier_register() was not called.
 * mmu_interval_notifier_remove() - on return none of @ops runs, nor will. Beside mm_exit(), or after it, the caller
 * holds a reference to the mm (mmgrab()). Locking: no lock that an invalidation may wait for, in particular not the
 * subscriber's lock. Source: mm/mmu_notifier.c.
 */
int mmu_interval_notifier_insert(struct mmu_interval_notifier *sub, struct mm_struct *mm, unsigned long start,
				 unsigned long end, const struct mmu_interval_notifier_ops *ops);
void mmu_interval_notifier_remove(struct mmu_interval_notifier *sub);

/*
 * mmu_interval_read_begin - waits until no invalidation of @sub's range runs; returns the sequence to compare with.
 * Locking: as mmu_interval_notifier_insert(); mmap_lock may be held for read. Source: mm/mmu_notifier.c.
 */
uint32_t mmu_interval_read_begin(struct mmu_interval_notifier *sub);

/*
 * mmu_interval_read_retry - true if an invalidation of @sub's range began since @seq was read: the entries read in
 * between must not be used. Locking: the lock that @sub's invalidate() takes; without it true is final, and false is
 * valid at the moment of the call only. Source: include/linux/mmu_notifier.h.
 */
static inline bool mmu_interval_read_retry(struct mmu_interval_notifier *sub, uint32_t seq)
{
	/*
	 * ORDER[hmm-seq:B] the sequence is re-read after the entries, with acquire; pairs with ORDER[hmm-seq:A].
	 * Weaker: a changed entry is read with the old sequence.
	 */
	return load_acquire(&sub->invalidate_seq) != seq && !KNOCKED_OUT(HMM_SEQ_B);
}

/* Called by invalidate(): see there. */
static inline void mmu_interval_set_seq(struct mmu_interval_notifier *sub, uint32_t seq)
{
	/*
	 * ORDER[hmm-seq:A] the sequence changes before entries do, which is by release; pairs with ORDER[hmm-seq:B].
	 * Weaker: a reader sees a changed entry, but the old sequence.
	 */
	if (!KNOCKED_OUT(HMM_SEQ_A))
		store_release(&sub->invalidate_seq, seq);
}

#endif
