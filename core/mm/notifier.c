/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notifier.c - notifies subscribers before an mm drops translations.
 *
 * All invalidations that overlap in time are one to the sequence: the first that hits a subscriber makes it odd, the
 * last that ends makes it even. While it is odd the tree of subscribers does not change, so invalidations read it
 * without a lock; subscribers that register or leave meanwhile are put on a list, which the last to end handles.
 * Source: mm/mmu_notifier.c.
 */
#include "core/mm/notifier.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/lock/wait.h"
#include "core/mm/all_locks.h"
#include "core/mm/mmap_lock.h"
#include "core/probe/knockout.h"

DEFINE_KNOCKOUT(HMM_SEQ_A,
	.name = "hmm-seq:A",
	.removes = "changing the sequence before entries are changed",
	.breaks = "a stale snapshot reported as valid",
	.detected_by = "the comparison with the entries: knockout.hmm",
	.hunt = "stress hmm_vs_invalidate --noise 100");

DEFINE_KNOCKOUT(HMM_SEQ_B,
	.name = "hmm-seq:B",
	.removes = "the re-read of the sequence after the entries",
	.breaks = "a stale snapshot reported as valid",
	.detected_by = "the comparison with the entries: knockout.hmm",
	.hunt = "stress hmm_vs_invalidate --noise 100");

DEFINE_EVENT(NOTIFIER_CALL, "invalidations that subscribers were notified of");
DEFINE_EVENT(NOTIFIER_WAIT, "waits for the end of invalidations");

TAILQ_HEAD(interval_notifier_list, mmu_interval_notifier);

/*
 * Conservation: active is the number of invalidations between start and end; invalidate_seq is odd only while it is
 * not 0.
 *
 * Lock key: (L) lock (L,R) changed under lock with an even sequence, read while it is odd too (A) atomic, written
 * under lock
 */
struct mmu_notifier_subscriptions {
	spinlock_t lock;
	uint32_t invalidate_seq;		/* (A) waiters for its change sleep on it */
	unsigned long active;			/* (L) running invalidations, with and without subscribers */
	bool waited_for;			/* (L) a thread sleeps */
	struct interval_tree itree;		/* (L,R) */
	struct interval_notifier_list deferred;	/* (L) */
};

static bool is_invalidating(const struct mmu_notifier_subscriptions *subs)
{
	return load_relaxed(&subs->invalidate_seq) & 1;
}

static struct mmu_interval_notifier *sub_of(struct interval_node *node)
{
	return node ? container_of(node, struct mmu_interval_notifier, node) : NULL;
}

/* ---- waiting ---- */

/* Locking: subs->lock, dropped. Returns once the sequence has changed. */
static void unlock_and_wait(struct mmu_notifier_subscriptions *subs)
{
	uint32_t seq = load_relaxed(&subs->invalidate_seq);
	struct wait_cost cost = { 0 };

	subs->waited_for = true;
	spin_unlock(&subs->lock);
	count_event(EV_NOTIFIER_WAIT);
	/*
	 * ORDER[notifier-end:B] before entries are read. Pairs with ORDER[notifier-end:A]. Weaker: a snapshot has an
	 * entry from before the invalidation, with the sequence of after it.
	 */
	while (load_acquire(&subs->invalidate_seq) == seq)
		if (!wait_spin(&cost))
			futex_wait(&subs->invalidate_seq, seq);
}

/* ---- invalidations ---- */

/*
 * The first subscriber of [@start, @end). From here on the tree does not change, if there is one. Source:
 * mm/mmu_notifier.c, mn_itree_inv_start_range().
 */
static struct mmu_interval_notifier *inv_start(struct mmu_notifier_subscriptions *subs, unsigned long start,
					       unsigned long end, uint32_t *seq)
{
	struct mmu_interval_notifier *sub;

	spin_lock(&subs->lock);
	subs->active++;
	sub = sub_of(interval_tree_iter_first(&subs->itree, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT));
	if (sub)
		store_relaxed(&subs->invalidate_seq, load_relaxed(&subs->invalidate_seq) | 1);
	*seq = load_relaxed(&subs->invalidate_seq);
	spin_unlock(&subs->lock);
	return sub;
}

/* The next one. Locking: between inv_start() and inv_end(). */
static struct mmu_interval_notifier *next_in(struct mmu_interval_notifier *sub, unsigned long start, unsigned long end)
{
	return sub_of(interval_tree_iter_next(&sub->node, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT));
}

void mmu_notifier_start_slow(struct mmu_notifier_range *range, struct mmu_notifier_subscriptions *subs)
{
	struct mmu_interval_notifier *sub;
	uint32_t seq;

	range->notified = subs;
	sub = inv_start(subs, range->start, range->end, &seq);
	for (; sub; sub = next_in(sub, range->start, range->end)) {
		SYNCPOINT("notifier.invalidate");
		count_event(EV_NOTIFIER_CALL);
		sub->ops->invalidate(sub, range, seq);
	}
}

static void come_in(struct mmu_notifier_subscriptions *subs, struct mmu_interval_notifier *sub)
{
	assert_spin_locked(&subs->lock);
	interval_tree_insert(&subs->itree, &sub->node, sub->node.first, sub->node.last);
	sub->in_tree = true;
}

static void go_out(struct mmu_notifier_subscriptions *subs, struct mmu_interval_notifier *sub)
{
	assert_spin_locked(&subs->lock);
	interval_tree_remove(&subs->itree, &sub->node);
}

static void see_to_deferred(struct mmu_notifier_subscriptions *subs)
{
	struct mmu_interval_notifier *sub;

	while ((sub = TAILQ_FIRST(&subs->deferred))) {
		TAILQ_REMOVE(&subs->deferred, sub, deferred_item);
		if (sub->in_tree)
			go_out(subs, sub);
		else
			come_in(subs, sub);
	}
}

/* Source: mm/mmu_notifier.c, mn_itree_inv_end(). */
static void inv_end(struct mmu_notifier_subscriptions *subs)
{
	bool wake = false;

	spin_lock(&subs->lock);
	if (!--subs->active && is_invalidating(subs)) {
		see_to_deferred(subs);
		/* ORDER[notifier-end:A] after the entries changed; pairs with ORDER[notifier-end:B]. */
		store_release(&subs->invalidate_seq, load_relaxed(&subs->invalidate_seq) + 1);
		wake = subs->waited_for;
		subs->waited_for = false;
	}
	spin_unlock(&subs->lock);
	if (wake)
		futex_wake_all(&subs->invalidate_seq);
}

void mmu_notifier_end_slow(struct mmu_notifier_range *range)
{
	SYNCPOINT("notifier.before_end");
	inv_end(range->notified);
}

void mmu_notifier_release(struct mm_struct *mm)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(mm, MMU_NOTIFY_RELEASE, 0, TASK_SIZE);

	mmap_assert_locked(mm);
	mmu_notifier_invalidate_range_start(&range);
	mmu_notifier_invalidate_range_end(&range);
}

/*
 * As an invalidation, so that the tree does not change meanwhile; but none of the subscribers is notified, so their
 * snapshots stay valid.
 */
bool mmu_notifier_young_slow(struct mmu_notifier_subscriptions *subs, unsigned long start, unsigned long end,
			     bool clear)
{
	struct mmu_interval_notifier *sub;
	bool young = false;
	uint32_t seq;

	for (sub = inv_start(subs, start, end, &seq); sub; sub = next_in(sub, start, end))
		young |= sub->ops->young && sub->ops->young(sub, start, end, clear);
	inv_end(subs);
	return young;
}

/* ---- subscribers ---- */

DEFINE_KNOCKOUT(NOTIFIER_BEGIN_WAIT,
	.name = "notifier:begin-wait",
	.removes = "the wait for running invalidations before entries are read",
	.breaks = "a snapshot of entries about to be zapped",
	.detected_by = "the comparison with the entries: knockout.hmm",
	.hunt = "stress hmm_vs_invalidate --noise 100");

uint32_t mmu_interval_read_begin(struct mmu_interval_notifier *sub)
{
	/* ORDER[notifier-subs:B] before its lock is taken; pairs with ORDER[notifier-subs:A]. */
	struct mmu_notifier_subscriptions *subs = load_acquire(&sub->mm->notifier_subscriptions);
	uint32_t seq;

	spin_lock(&subs->lock);
	/* ORDER[hmm-seq:B] (B1) before entries are read; pairs with ORDER[hmm-seq:A]. */
	seq = load_acquire(&sub->invalidate_seq);
	if (unlikely(seq == load_relaxed(&subs->invalidate_seq) && !KNOCKED_OUT(NOTIFIER_BEGIN_WAIT)))
		unlock_and_wait(subs);
	else
		spin_unlock(&subs->lock);
	SYNCPOINT("notifier.begun");
	return seq;
}

/*
 * Inserts it into the tree, or defers it on the list; the sequence reports running invalidations. Locking: subs->lock.
 */
static void insert(struct mmu_notifier_subscriptions *subs, struct mmu_interval_notifier *sub)
{
	uint32_t seq = load_relaxed(&subs->invalidate_seq);

	if (!subs->active) {
		store_relaxed(&sub->invalidate_seq, seq - 1);
		come_in(subs, sub);
		return;
	}
	if (is_invalidating(subs)) {
		TAILQ_INSERT_TAIL(&subs->deferred, sub, deferred_item);
	} else {
		/* A running invalidation may be in its range: it counts as if it had been notified. */
		seq |= 1;
		store_relaxed(&subs->invalidate_seq, seq);
		come_in(subs, sub);
	}
	store_relaxed(&sub->invalidate_seq, seq);
}

int mmu_interval_notifier_insert(struct mmu_interval_notifier *sub, struct mm_struct *mm, unsigned long start,
				 unsigned long end, const struct mmu_interval_notifier_ops *ops)
{
	/* ORDER[notifier-subs:B] before its lock is taken; pairs with ORDER[notifier-subs:A]. */
	struct mmu_notifier_subscriptions *subs = load_acquire(&mm->notifier_subscriptions);

	if (start >= end || !IS_ALIGNED(start | end, PAGE_SIZE))
		return -EINVAL;
	if (!subs)
		return -ENOENT;
	*sub = (struct mmu_interval_notifier){ .ops = ops, .mm = mm };
	sub->node.first = start >> PAGE_SHIFT;
	sub->node.last = (end - 1) >> PAGE_SHIFT;
	spin_lock(&subs->lock);
	insert(subs, sub);
	spin_unlock(&subs->lock);
	return 0;
}

void mmu_interval_notifier_remove(struct mmu_interval_notifier *sub)
{
	/* ORDER[notifier-subs:B] before its lock is taken; pairs with ORDER[notifier-subs:A]. */
	struct mmu_notifier_subscriptions *subs = load_acquire(&sub->mm->notifier_subscriptions);

	spin_lock(&subs->lock);
	if (!sub->in_tree) {
		TAILQ_REMOVE(&subs->deferred, sub, deferred_item);
	} else if (is_invalidating(subs)) {
		TAILQ_INSERT_TAIL(&subs->deferred, sub, deferred_item);
		unlock_and_wait(subs);
		return;
	} else {
		go_out(subs, sub);
	}
	spin_unlock(&subs->lock);
}

/* ---- the first subscriber ---- */

DEFINE_KNOCKOUT(NOTIFIER_REGISTER,
	.name = "notifier:register-wait",
	.removes = "holding all locks of the mm while the first subscriptions are published",
	.breaks = "a first subscriber that misses one",
	.detected_by = "the comparison of a snapshot with the entries: knockout.hmm",
	.hunt = "test knockout.hmm");

int mmu_notifier_register_locked(struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subs;

	mmap_assert_write_locked(mm);
	if (load_relaxed(&mm->notifier_subscriptions))
		return 0;
	subs = node_zalloc(mm->pt.home, sizeof(*subs), CACHE_LINE);
	if (!subs)
		return -ENOMEM;
	spin_lock_init(&subs->lock, mm->pt.policy.spin, RANK_NOTIFIER);
	TAILQ_INIT(&subs->deferred);
	store_relaxed(&subs->invalidate_seq, 2);
	/*
	 * A thread that found no subscriptions holds mmap_lock, the VMA lock of one of these VMAs, or the lock of an
	 * rmap tree of one, until its invalidation ends. None of those threads is left while all these locks are held.
	 */
	if (!KNOCKED_OUT(NOTIFIER_REGISTER))
		mm_take_all_locks(mm);
	/*
	 * ORDER[notifier-subs:A] after its lock and lists are initialised. Pairs with ORDER[notifier-subs:B]. Weaker:
	 * an invalidation takes a lock that is not yet initialised.
	 */
	store_release(&mm->notifier_subscriptions, subs);
	if (!KNOCKED_OUT(NOTIFIER_REGISTER))
		mm_drop_all_locks(mm);
	return 0;
}

int mmu_notifier_register(struct mm_struct *mm)
{
	int err;

	mmap_write_lock(mm);
	err = mmu_notifier_register_locked(mm);
	mmap_write_unlock(mm);
	return err;
}

void mmu_notifier_destroy(struct mm_struct *mm)
{
	/* ORDER[notifier-subs:B] before it is read; pairs with ORDER[notifier-subs:A]. */
	struct mmu_notifier_subscriptions *subs = load_acquire(&mm->notifier_subscriptions);

	if (!subs)
		return;
	BUG_ON(subs->active || is_invalidating(subs) || !RB_EMPTY(&subs->itree) || !TAILQ_EMPTY(&subs->deferred));
	node_free(subs, mm->pt.home, sizeof(*subs));
}
