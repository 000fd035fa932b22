/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rwsem.c - the queue behind a reader/writer lock.
 *
 * No wake-up is lost. A waiter marks itself and checks the lock in one operation on count, and a holder releases and
 * checks for waiters in one operation on count:
 *
 *   (A1) waiter: set WAITERS, and read if the lock is held     ORDER[rwsem-wait:A]
 *   (B1) holder: release, and read WAITERS                     ORDER[rwsem-wait:B]
 *
 * Read-modify-writes of one word have one order for all threads, so no fence is needed: if A1 is first, B1 sees
 * WAITERS and wakes the head; if B1 is first, A1 finds the lock free and the waiter does not park. With a flag in a
 * second word this would be store buffering, both sides reading the old value, and each would need a full fence.
 *
 * The same holds for every later check: the head checks under queue_lock with WAITERS set, so a holder that it saw
 * will see WAITERS and wake it, after queue_lock is free again; the head clears `woken` before that, so the wake-up is
 * kept. The kernel puts a thread to sleep only if `woken` is still 0 when it reads it, under the wakers' lock.
 *
 * A newcomer's tentative reader count can make the head fail to enter; undoing it is a release, and wakes the head.
 *
 * Grants: the waker lets readers in (all at once, and they can't be overtaken again); a writer is only woken and
 * enters by itself, so that a running thread may overtake it, once, instead of waiting for a sleeping one.
 */
#include "core/lock/rwsem.h"

#include "core/host/rcu.h"
#include "core/lock/wait.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"
#include "core/probe/syncpoint.h"

DEFINE_RETRY_LOOP(RWSEM_TRY, 10000, "exchange: a rwsem's trylock");

void init_rwsem(struct rwsem *sem, enum lock_rank rank)
{
	store_relaxed(&sem->count, 0u);
	sem->rank = (uint8_t)rank;
	spin_lock_init(&sem->queue_lock, SPIN_TTAS, NR_LOCK_RANKS);
	sem->head = NULL;
	sem->tail = NULL;
	probe_word_init(&sem->probe);
}

#if FAULTLINE_CHECK
void rwsem_assert_may_sleep(void)
{
	if (unlikely(rcu_read_held()))
		BUG("a sleeping lock is wanted inside an RCU read-side section");
}

void rwsem_assert_may_wake(const struct rwsem *sem, bool for_write)
{
	if (unlikely((sem->rank == RANK_ANON_VMA_RWSEM || (sem->rank == RANK_VMA_LOCK && !for_write)) &&
		     !rcu_read_held()))
		BUG("%s %p is dropped outside RCU: it may be freed before its waiters are woken",
		    lockrank_name(sem->rank), (const void *)sem);
}
#endif

/* Appends to the queue. Locking: queue_lock. */
static void enqueue(struct rwsem *sem, struct rwsem_waiter *waiter)
{
	if (sem->tail)
		sem->tail->next = waiter;
	else
		sem->head = waiter;
	sem->tail = waiter;
	/* ORDER[rwsem-wait:A] before the head checks the lock; pairs with ORDER[rwsem-wait:B] */
	fetch_or_relaxed(&sem->count, RWSEM_WAITERS);
}

DEFINE_KNOCKOUT(RWSEM_HANDOFF,
	.name = "rwsem-handoff",
	.removes = "the hand-off to a waiter that was overtaken",
	.breaks = "a starving waiter",
	.detected_by = "knockout.rwsem",
	.hunt = "test knockout.rwsem");

/*
 * For the head of the queue: adds @take to count unless it has a bit of @busy. If it has, and the head was @passed, no
 * thread overtakes it from now on. Locking: queue_lock.
 */
static bool head_enters(struct rwsem *sem, uint32_t busy, uint32_t take, bool passed)
{
	uint32_t seen = load_relaxed(&sem->count);
	bool enters;
	RETRY_LOOP_PROFILED(10000, "exchange: the head of a rwsem's queue");

	do {
		enters = !(seen & busy);
		if (!enters && (!passed || KNOCKED_OUT(RWSEM_HANDOFF)))
			return false;
	} while (!try_cmpxchg_acquire(&sem->count, &seen, enters ? seen + take : seen | RWSEM_HANDOFF) && RETRIED());
	return enters;
}

/* The head has entered and left the queue. Locking: queue_lock. */
static void head_left(struct rwsem *sem)
{
	fetch_and_relaxed(&sem->count, sem->head ? ~RWSEM_HANDOFF : ~(RWSEM_HANDOFF | RWSEM_WAITERS));
}

/* Removes all readers from the queue, in order. Returns their list and @number. Locking: queue_lock. */
static struct rwsem_waiter *take_readers(struct rwsem *sem, uint32_t *number)
{
	struct rwsem_waiter *readers = NULL, **last_reader = &readers;
	struct rwsem_waiter **link = &sem->head, *waiter;

	*number = 0;
	sem->tail = NULL;
	while ((waiter = *link)) {
		if (waiter->for_write) {
			sem->tail = waiter;
			link = &waiter->next;
			continue;
		}
		*link = waiter->next;
		*last_reader = waiter;
		last_reader = &waiter->next;
		++*number;
	}
	*last_reader = NULL;
	return readers;
}

/*
 * The head is a reader: lets in all queued readers, unless a writer is in. Returns the list to wake. Locking:
 * queue_lock.
 */
static struct rwsem_waiter *grant_readers(struct rwsem *sem, bool passed)
{
	struct rwsem_waiter *readers;
	uint32_t number;

	/* The head's own count keeps writers out while the others are counted. */
	if (!head_enters(sem, RWSEM_WRITER, RWSEM_READER, passed))
		return NULL;
	readers = take_readers(sem, &number);
	fetch_add_relaxed(&sem->count, (number - 1) * RWSEM_READER);
	head_left(sem);
	return readers;
}

static void wake_readers(struct rwsem_waiter *waiter)
{
	while (waiter) {
		struct rwsem_waiter *next = waiter->next;
		uint32_t *word = &waiter->woken;

		store_release(word, 1u);
		futex_wake_one(word);
		waiter = next;
	}
}

DEFINE_KNOCKOUT(RWSEM_WAIT_B,
	.name = "rwsem-wait:B",
	.removes = "an unlock's check for waiters",
	.breaks = "a lost wake-up",
	.detected_by = "knockout.rwsem",
	.hunt = "explore anon_vma_vs_reuse",
	.mirrors = "locking/rwsem-xadd: Fix missed wakeup due to reordering of load");

/* The lock was released, or downgraded, with WAITERS set. */
__noinline void rwsem_wake(struct rwsem *sem)
{
	struct rwsem_waiter *head, *readers = NULL;
	uint32_t *writer = NULL;

	if (KNOCKED_OUT(RWSEM_WAIT_B))
		return;
	SYNCPOINT("rwsem.before_wake");
	raw_spin_lock(&sem->queue_lock);
	head = sem->head;
	if (head && !head->for_write) {
		readers = grant_readers(sem, true);
	} else if (head && !load_relaxed(&head->woken)) {
		writer = &head->woken;
		store_release(writer, 1u);
	}
	raw_spin_unlock(&sem->queue_lock);
	if (writer)
		futex_wake_one(writer);
	wake_readers(readers);
}

static void park(struct rwsem_waiter *waiter, struct wait_cost *cost)
{
	while (!load_acquire(&waiter->woken)) {
		if (wait_spin(cost))
			continue;
		SYNCPOINT("rwsem.before_park");
		cost->count[LOCKSTAT_PARK]++;
		futex_wait(&waiter->woken, 0);
	}
	SYNCPOINT("rwsem.woken");
}

/*
 * A reader may overtake the queue into a free lock, since the head was woken when it became free. It may not join
 * readers past a queue: the lock would never become free, and the head never re-check.
 */
static bool reader_may_enter(uint32_t seen)
{
	return !(seen & RWSEM_BUSY) || !(seen & ~RWSEM_WAITERS);
}

static bool spin_for_read(struct rwsem *sem, struct wait_cost *cost)
{
	uint32_t seen;

	while (wait_spin(cost)) {
		seen = load_relaxed(&sem->count);
		if (seen & RWSEM_HANDOFF)
			return false;
		if (reader_may_enter(seen) && try_cmpxchg_acquire(&sem->count, &seen, seen + RWSEM_READER))
			return true;
	}
	return false;
}

DEFINE_KNOCKOUT(RWSEM_WAIT_A,
	.name = "rwsem-wait:A",
	.removes = "a queued waiter's re-check of the lock",
	.breaks = "a lost wake-up",
	.detected_by = "knockout.rwsem",
	.hunt = HUNT_JUMBLE " --patience 1");

static void queue_for_read(struct rwsem *sem, struct wait_cost *cost)
{
	struct rwsem_waiter self = { .for_write = false };
	bool granted = false;

	SYNCPOINT("rwsem.before_queue_read");
	raw_spin_lock(&sem->queue_lock);
	enqueue(sem, &self);
	if (sem->head == &self && !KNOCKED_OUT(RWSEM_WAIT_A))
		granted = grant_readers(sem, false);
	raw_spin_unlock(&sem->queue_lock);
	if (!granted)
		park(&self, cost);
}

DEFINE_KNOCKOUT(RWSEM_READ_WAIT,
	.name = "rwsem-read-wait",
	.removes = "a reader's wait for a writer",
	.breaks = "a reader beside a writer",
	.detected_by = "knockout.rwsem",
	.hunt = HUNT_JUMBLE);

/* The fast path has counted this thread as a reader, on top of @seen. */
__noinline void rwsem_down_read_slow(struct rwsem *sem, uint32_t seen)
{
	struct wait_cost cost = { .count = { [LOCKSTAT_WAIT] = 1 } };

	if (reader_may_enter(seen) || KNOCKED_OUT(RWSEM_READ_WAIT))
		return;
	lock_wait_begin(&cost);
	rwsem_put_read(sem);
	if (!spin_for_read(sem, &cost))
		queue_for_read(sem, &cost);
	lock_wait_end(sem->rank, &cost);
}

static bool spin_for_write(struct rwsem *sem, struct wait_cost *cost)
{
	uint32_t seen;

	while (wait_spin(cost)) {
		seen = load_relaxed(&sem->count);
		if (seen & RWSEM_HANDOFF)
			return false;
		if (!(seen & ~RWSEM_WAITERS) && try_cmpxchg_acquire(&sem->count, &seen, seen | RWSEM_WRITER))
			return true;
	}
	return false;
}

static void queue_for_write(struct rwsem *sem, struct wait_cost *cost)
{
	struct rwsem_waiter self = { .for_write = true };
	bool look = !KNOCKED_OUT(RWSEM_WAIT_A), passed = false;

	SYNCPOINT("rwsem.before_queue_write");
	raw_spin_lock(&sem->queue_lock);
	enqueue(sem, &self);
	while (!look || sem->head != &self ||
	       !head_enters(sem, ~(RWSEM_WAITERS | RWSEM_HANDOFF), RWSEM_WRITER, passed)) {
		store_relaxed(&self.woken, 0u);
		raw_spin_unlock(&sem->queue_lock);
		park(&self, cost);
		look = true;
		passed = true;
		raw_spin_lock(&sem->queue_lock);
	}
	sem->head = self.next;
	if (!sem->head)
		sem->tail = NULL;
	head_left(sem);
	raw_spin_unlock(&sem->queue_lock);
}

__noinline void rwsem_down_write_slow(struct rwsem *sem)
{
	struct wait_cost cost = { .count = { [LOCKSTAT_WAIT] = 1 } };

	lock_wait_begin(&cost);
	if (!spin_for_write(sem, &cost))
		queue_for_write(sem, &cost);
	lock_wait_end(sem->rank, &cost);
}
