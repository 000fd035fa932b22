/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spinlock.h - mutual exclusion for short sections, in four kinds chosen per lock at run time.
 *
 *   kind    word                          order of entry           waiters poll          unlock
 *   ttas    0 free, 1 held                none                     the word              plain store
 *   ticket  next ticket, ticket served    first come               the word              plain store
 *   queued  tail of the queue, held byte  first come, see below    a line of their own   plain store
 *   futex   0 free, 1 held, 2 waiters     none                     parked in the kernel  exchange
 *
 * Each costs one locked instruction to take when free. The edge from one holder to the next is the release of unlock
 * read by the acquire of lock, on the same word; no kind needs a fence. Every wait yields the core after a short spin
 * (wait.h), so more threads than cores still progress: ticket at the pace of the scheduler, since it hands over to one
 * thread that may not be running; queued lets others overtake a head that is off its core, a bounded number of times.
 */
#ifndef FAULTLINE_CORE_LOCK_SPINLOCK_H
#define FAULTLINE_CORE_LOCK_SPINLOCK_H

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/lock/lock_event.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DECLARE_KNOCKOUT(SPIN_LOCK_A);

enum spin_kind { SPIN_TTAS, SPIN_TICKET, SPIN_QUEUED, SPIN_FUTEX, NR_SPIN_KINDS };

/* Initialisers of an array of names by kind. */
#define SPIN_KIND_NAMES \
	[SPIN_TTAS] = "ttas", [SPIN_TICKET] = "ticket", [SPIN_QUEUED] = "queued", [SPIN_FUTEX] = "futex"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a spinlock's halves are laid out for little-endian machines"
#endif

/* Lock key: (C) const once initialised (A) atomic. 8 bytes: it lives in struct page beside other fields. */
typedef struct spinlock {
	union {
		uint32_t val;			/* (A) the whole word; 0 is free, but see ticket */
		struct {
			uint16_t served;	/* (A) ticket: the holder's; free while served == next */
			uint16_t next;		/* (A) ticket: the next one to draw */
		};
		struct {
			uint8_t held;		/* (A) ttas, queued: 1 while held */
			uint8_t head_away; /* (A) queued: the queue's head is off its core; 0 without a head */
			uint16_t tail;		/* (A) queued: cpu id + 1 of the last waiter, 0 for none */
		};
	};
	uint8_t kind;				/* (C) enum spin_kind */
	uint8_t rank;				/* (C) enum lock_rank */
	struct probe_word probe;		/* has its own lock key */
} spinlock_t;

_Static_assert(sizeof(spinlock_t) == 8 + sizeof(struct probe_word), "a spinlock takes 8 bytes of struct page");
_Static_assert(NR_CPUS < UINT16_MAX, "a tail or a ticket half names every thread");

#define SPIN_TICKET_ONE		(1u << 16)	/* one ticket drawn, in units of val */
#define SPIN_FUTEX_WAITED	2u
#define SPIN_QUEUED_AWAY	0xff00u

/*
 * The slow paths: spin_lock_slow() - waits for @lock, which was @seen, and takes it; spin_wake_futex() - wakes a
 * waiter after the release.
 */
void spin_lock_slow(spinlock_t *lock, uint32_t seen);
void spin_wake_futex(spinlock_t *lock);

/* "ttas", "ticket", "queued", "futex". */
const char *spin_kind_name(enum spin_kind kind);
/* Returns 0, or -EINVAL for an unknown @name. */
int spin_kind_parse(const char *name, enum spin_kind *kind);

/* Makes @lock free. Locking: no other thread can reach it. */
static inline void spin_lock_init(spinlock_t *lock, enum spin_kind kind, enum lock_rank rank)
{
	store_relaxed(&lock->val, 0);
	lock->kind = (uint8_t)kind;
	lock->rank = (uint8_t)rank;
	probe_word_init(&lock->probe);
}

/*
 * The raw forms are outside of the lock order: for a lock inside another lock, whose rank is NR_LOCK_RANKS and whose
 * waits are its owner's. SPIN_QUEUED is for registered threads only.
 */
static force_inline void raw_spin_lock(spinlock_t *lock)
{
	uint32_t seen = 0;

	ASSERT(lock->kind != SPIN_QUEUED || this_cpu);
	if (lock->kind == SPIN_TICKET) {
		seen = fetch_add_acquire(&lock->val, SPIN_TICKET_ONE);
		if (unlikely((uint16_t)seen != seen >> 16))
			spin_lock_slow(lock, seen);
	/* ORDER[spin-lock:B] sees the last holder's accesses; pairs with ORDER[spin-lock:A]. Weaker: may miss them. */
	} else if (unlikely(!try_cmpxchg_acquire(&lock->val, &seen, 1u))) {
		spin_lock_slow(lock, seen);
	}
}

/* Returns true with the lock held; never waits. */
static force_inline bool raw_spin_trylock(spinlock_t *lock)
{
	uint32_t seen = 0, wanted = 1;

	if (lock->kind == SPIN_TICKET) {
		seen = load_relaxed(&lock->val);
		if ((uint16_t)seen != seen >> 16)
			return false;
		wanted = seen + SPIN_TICKET_ONE;
	}
	return try_cmpxchg_acquire(&lock->val, &seen, wanted);
}

/* Lets the next waiter in. Locking: @lock. */
static force_inline void raw_spin_unlock(spinlock_t *lock)
{
	if (lock->kind == SPIN_TICKET)
		store_release(&lock->served, (uint16_t)(load_relaxed(&lock->served) + 1));
	else if (lock->kind != SPIN_FUTEX && KNOCKED_OUT(SPIN_LOCK_A))
		store_relaxed(&lock->held, (uint8_t)0);
	/* ORDER[spin-lock:A] after all accesses inside; pairs with ORDER[spin-lock:B]. */
	else if (lock->kind != SPIN_FUTEX)
		store_release(&lock->held, (uint8_t)0);
	/* ORDER[spin-futex:B] one exchange frees the lock and reads the waiters mark; pairs with ORDER[spin-futex:A] */
	else if (unlikely(xchg_release(&lock->val, 0u) == SPIN_FUTEX_WAITED))
		spin_wake_futex(lock);
}

/* spin_lock_at, spin_trylock_at - spin_lock() and spin_trylock() below, and their rules; reports name @site. */
static force_inline void spin_lock_at(spinlock_t *lock, enum lock_how how, const char *site)
{
	lock_wanted(lock, lock->rank, HELD_WRITE, how, site);
	raw_spin_lock(lock);
	lock_acquired(lock, &lock->probe, lock->rank, HELD_WRITE, how, site);
}

static force_inline bool spin_trylock_at(spinlock_t *lock, const char *site)
{
	if (!raw_spin_trylock(lock))
		return false;
	lock_acquired(lock, &lock->probe, lock->rank, HELD_WRITE, LOCK_TRIED, site);
	return true;
}

/*
 * Waits for @lock. Locking: every held lock ranks above it; check builds die otherwise. Context: never sleeps under
 * it.
 */
#define spin_lock(lock)		spin_lock_at((lock), LOCK_WAITED, LOCK_SITE)
/* As spin_lock(), and one other lock of the same rank may be held: the caller orders the two. */
#define spin_lock_nested(lock)	spin_lock_at((lock), LOCK_NESTED, LOCK_SITE)
/* Takes @lock if that needs no waiting. */
#define spin_trylock(lock)	spin_trylock_at((lock), LOCK_SITE)

/* Releases @lock, and lets the next waiter in. Locking: @lock. */
static force_inline void spin_unlock(spinlock_t *lock)
{
	lock_released(lock, &lock->probe, lock->rank, HELD_WRITE);
	raw_spin_unlock(lock);
	SYNCPOINT("spin.unlocked");
}

/* By any thread. */
static inline bool spin_is_locked(const spinlock_t *lock)
{
	uint32_t val = load_relaxed(&lock->val);

	if (lock->kind == SPIN_TICKET)
		return (uint16_t)val != val >> 16;
	return (uint8_t)val != 0;
}

/* True if a thread waits; always false for ttas, whose waiters leave no mark. */
static inline bool spin_is_contended(const spinlock_t *lock)
{
	uint32_t val = load_relaxed(&lock->val);

	switch (lock->kind) {
	case SPIN_TICKET:
		return (uint16_t)((val >> 16) - val) > 1;
	case SPIN_QUEUED:
		return val >> 16;
	case SPIN_FUTEX:
		return val == SPIN_FUTEX_WAITED;
	default:
		return false;
	}
}

#define assert_spin_locked(lock)	lockrank_assert_held(lock)

#endif
