/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rwsem.h - a sleeping reader/writer lock that starves neither side.
 *
 * One word has all that lock and unlock need; a queue, first come first served, is behind it. Guarantees:
 *
 *   exclusion   a writer is alone; readers share.
 *   fairness    while a thread is queued no reader joins other readers, so the lock becomes free and its head is woken.
 *               Until the head re-checks, running threads may take the free lock, which costs no context switch; then
 *               the head raises HANDOFF if it was overtaken, and is the lock's next holder. If the head is a reader,
 *               all queued readers enter with it: each overtakes a queued writer at most once.
 *   progress    waiters spin shortly, then park in the kernel: threads beyond the cores neither hang nor burn cores.
 *   edges       an unlock happens before each later conflicting lock; downgrade keeps writers out throughout.
 */
#ifndef FAULTLINE_CORE_LOCK_RWSEM_H
#define FAULTLINE_CORE_LOCK_RWSEM_H

#include "core/lock/spinlock.h"
#include "core/probe/retry.h"

/*
 * On the waiter's stack, and dead once a reader sees `woken` or a writer has left the queue: a late futex_wake_one()
 * may hit a dead address, or another futex at that address, and all sleepers on futexes expect early returns.
 * Lock key: (C) const once queued (A) atomic (Q) queue_lock.
 */
struct rwsem_waiter {
	struct rwsem_waiter *next;	/* (Q) */
	bool for_write;			/* (C) */
	uint32_t woken;			/* (A) a reader: has the lock; a writer: re-check */
};

/*
 * A release may access the lock a little longer if it has waiters: the lock is freed only once no thread can be inside
 * up_read() or up_write() of it.
 * Lock key: (C) const once initialised (A) atomic (Q) queue_lock. 32 bytes, half a cache line.
 */
struct rwsem {
	uint32_t count;			/* (A) RWSEM_* */
	uint8_t rank;			/* (C) enum lock_rank */
	spinlock_t queue_lock;		/* the queue, and WAITERS and HANDOFF together with it; the innermost lock */
	struct rwsem_waiter *head;	/* (Q) */
	struct rwsem_waiter *tail;	/* (Q) */
	struct probe_word probe;	/* has its own lock key */
};

#define RWSEM_WRITER	1u	/* held for write */
#define RWSEM_WAITERS	2u	/* the queue is not empty: a release that frees the lock wakes its head */
#define RWSEM_HANDOFF	4u	/* the head was overtaken: only it may take the lock */
#define RWSEM_READER	8u	/* one reader, in units of count; a newcomer counts itself before it checks */
#define RWSEM_BUSY	(RWSEM_WRITER | RWSEM_WAITERS | RWSEM_HANDOFF)	/* readers enter by the slow path */

/* Makes @sem free. Locking: no other thread can reach it. */
void init_rwsem(struct rwsem *sem, enum lock_rank rank);

/*
 * The slow paths. rwsem_down_read_slow() - the caller has counted itself on top of @seen. rwsem_wake() - the caller
 * released or downgraded, and found RWSEM_WAITERS. Source: kernel/locking/rwsem.c.
 */
void rwsem_down_read_slow(struct rwsem *sem, uint32_t seen);
void rwsem_down_write_slow(struct rwsem *sem);
void rwsem_wake(struct rwsem *sem);
#if FAULTLINE_CHECK
/* Dies if the caller may not sleep: it holds a spinlock, or is inside RCU. */
void rwsem_assert_may_sleep(void);
/*
 * Readers of a VMA, and holders of an anon_vma's lock, release a lock that may be freed once it is free: only RCU
 * keeps it.
 */
void rwsem_assert_may_wake(const struct rwsem *sem, bool for_write);
#else
static force_inline void rwsem_assert_may_sleep(void) {}
static force_inline void rwsem_assert_may_wake(const struct rwsem *sem, bool for_write) { (void)sem, (void)for_write; }
#endif

/* Drops one reader count; the last one wakes the queue's head. */
static force_inline void rwsem_put_read(struct rwsem *sem)
{
	/* ORDER[rwsem-wait:B] one operation releases and reads WAITERS; pairs with ORDER[rwsem-wait:A] in rwsem.c */
	uint32_t now = fetch_sub_release(&sem->count, RWSEM_READER) - RWSEM_READER;

	if (unlikely((now & RWSEM_WAITERS) && !(now & RWSEM_WRITER) && now < RWSEM_READER))
		rwsem_wake(sem);
}

/*
 * down_read_at, down_read_trylock_at, down_write_at, down_write_trylock_at - the macros below without _at, and their
 * rules; reports name @site, @nested as in down_write_nested().
 */
static force_inline void down_read_at(struct rwsem *sem, const char *site)
{
	uint32_t seen;

	rwsem_assert_may_sleep();
	lock_wanted(sem, sem->rank, HELD_READ, LOCK_WAITED, site);
	seen = fetch_add_acquire(&sem->count, RWSEM_READER);
	if (unlikely(seen & RWSEM_BUSY))
		rwsem_down_read_slow(sem, seen);
	lock_acquired(sem, &sem->probe, sem->rank, HELD_READ, LOCK_WAITED, site);
}

DECLARE_RETRY_LOOP(RWSEM_TRY);

static force_inline bool down_read_trylock_at(struct rwsem *sem, const char *site)
{
	uint32_t seen = load_relaxed(&sem->count);
	RETRY_LOOP_OF(RWSEM_TRY);

	do {
		if (seen & RWSEM_BUSY)
			return false;
	} while (!try_cmpxchg_acquire(&sem->count, &seen, seen + RWSEM_READER) && RETRIED());
	lock_acquired(sem, &sem->probe, sem->rank, HELD_READ, LOCK_TRIED, site);
	return true;
}

static force_inline void down_write_at(struct rwsem *sem, enum lock_how how, const char *site)
{
	uint32_t seen = 0;

	rwsem_assert_may_sleep();
	lock_wanted(sem, sem->rank, HELD_WRITE, how, site);
	if (unlikely(!try_cmpxchg_acquire(&sem->count, &seen, RWSEM_WRITER)))
		rwsem_down_write_slow(sem);
	lock_acquired(sem, &sem->probe, sem->rank, HELD_WRITE, how, site);
}

static force_inline bool down_write_trylock_at(struct rwsem *sem, const char *site)
{
	uint32_t seen = 0;

	if (!try_cmpxchg_acquire(&sem->count, &seen, RWSEM_WRITER))
		return false;
	lock_acquired(sem, &sem->probe, sem->rank, HELD_WRITE, LOCK_TRIED, site);
	return true;
}

/*
 * Wait for @sem. Locking: every held lock ranks above it, and no RCU read-side section is open, since these sleep (a
 * qsbr thread is no reader while it sleeps). A reader must not lock it again: a writer may be queued between.
 */
#define down_read(sem)		down_read_at((sem), LOCK_SITE)
#define down_write(sem)		down_write_at((sem), LOCK_WAITED, LOCK_SITE)
/* As down_write(), and one other lock of the same rank may be held: the caller orders the two. */
#define down_write_nested(sem)	down_write_at((sem), LOCK_NESTED, LOCK_SITE)
/*
 * As down_write(), and any number of locks of the same rank may be held: two threads that take such locks in different
 * orders can't deadlock, since all of them hold the rwsem @outer for write meanwhile. Source: include/linux/rwsem.h.
 */
#define down_write_nest_lock(sem, outer) \
	(lockrank_assert_held_write(outer), down_write_at((sem), LOCK_NEST_LOCK, LOCK_SITE))
/* Take it if that needs no waiting and overtakes no waiter; allowed under spinlocks and inside RCU. */
#define down_read_trylock(sem)	down_read_trylock_at((sem), LOCK_SITE)
#define down_write_trylock(sem)	down_write_trylock_at((sem), LOCK_SITE)

/* Releases a read lock; the last one wakes the head of the queue. Locking: @sem for read. */
static force_inline void up_read(struct rwsem *sem)
{
	lockrank_assert_held_read(sem);
	rwsem_assert_may_wake(sem, false);
	lock_released(sem, &sem->probe, sem->rank, HELD_READ);
	rwsem_put_read(sem);
	SYNCPOINT("rwsem.unlocked");
}

/* Releases the write lock, and wakes waiters. Locking: @sem for write. */
static force_inline void up_write(struct rwsem *sem)
{
	lockrank_assert_held_write(sem);
	rwsem_assert_may_wake(sem, true);
	lock_released(sem, &sem->probe, sem->rank, HELD_WRITE);
	/* ORDER[rwsem-wait:B] as in rwsem_put_read() */
	if (unlikely(fetch_sub_release(&sem->count, RWSEM_WRITER) & RWSEM_WAITERS))
		rwsem_wake(sem);
	SYNCPOINT("rwsem.unlocked");
}

/* From writer to reader with no writer between; readers at the head of the queue enter too. */
static inline void downgrade_write(struct rwsem *sem)
{
	lock_downgraded(sem, &sem->probe, sem->rank);
	if (unlikely(fetch_add_release(&sem->count, RWSEM_READER - RWSEM_WRITER) & RWSEM_WAITERS))
		rwsem_wake(sem);
	SYNCPOINT("rwsem.unlocked");
}

/* By any thread; the result may be stale. A newcomer that is about to queue counts as a holder. */
static inline bool rwsem_is_locked(const struct rwsem *sem)
{
	return load_relaxed(&sem->count) & ~(RWSEM_WAITERS | RWSEM_HANDOFF);
}

static inline bool rwsem_is_write_locked(const struct rwsem *sem)
{
	return load_relaxed(&sem->count) & RWSEM_WRITER;
}

/* True if a thread is queued: a long holder might release for a while. */
static inline bool rwsem_is_contended(const struct rwsem *sem)
{
	return load_relaxed(&sem->count) & RWSEM_WAITERS;
}

#define assert_rwsem_held(sem)		lockrank_assert_held(sem)
#define assert_rwsem_held_write(sem)	lockrank_assert_held_write(sem)

#endif
