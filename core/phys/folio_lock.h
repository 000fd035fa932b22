/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_lock.h - the lock of one folio: two bits of its flags, and waiters that park.
 *
 *   PG_LOCKED    held
 *   PG_WAITERS   a thread sleeps, or was woken and may not be the last: the unlock wakes one
 *
 * The holder has a reference, or knows of one that stays: the bits are part of the folio. Unlike a spinlock it is held
 * across sleeping locks, the rmap locks above all. It is not fair: a running thread may overtake a woken one.
 *
 * Source: mm/filemap.c, folio_lock(), folio_unlock(); include/linux/pagemap.h, folio_trylock().
 */
#ifndef FAULTLINE_CORE_PHYS_FOLIO_LOCK_H
#define FAULTLINE_CORE_PHYS_FOLIO_LOCK_H

#include "core/lock/rwsem.h"
#include "core/phys/folio.h"
#include "core/phys/page_flags.h"

/*
 * The slow paths: folio_lock_slow() - waits for the lock, and takes it; folio_wake() - wakes one waiter, after the
 * unlock. Source: mm/filemap.c, __folio_lock(), folio_wake_bit().
 */
void folio_lock_slow(struct folio *folio);
void folio_wake(struct folio *folio);

/* By any thread; the result may be stale unless the caller is the holder. */
static inline bool folio_test_locked(const struct folio *folio)
{
	return load_relaxed(&folio->page.flags) & PG_LOCKED;
}

/* folio_trylock_at, folio_lock_at - folio_trylock() and folio_lock() below; reports name @site. */
static force_inline bool folio_trylock_at(struct folio *folio, const char *site)
{
	ASSERT(folio_ref_count(folio) != 0);
	/* ORDER[folio-lock:B] as in folio_lock_at(); pairs with ORDER[folio-lock:A]. */
	if (fetch_or_acquire(&folio->page.flags, PG_LOCKED) & PG_LOCKED)
		return false;
	lock_acquired(folio, &folio->page.lock_probe, RANK_FOLIO_LOCK, HELD_WRITE, LOCK_TRIED, site);
	return true;
}

static force_inline void folio_lock_at(struct folio *folio, const char *site)
{
	rwsem_assert_may_sleep();
	ASSERT(folio_ref_count(folio) != 0);
	lock_wanted(folio, RANK_FOLIO_LOCK, HELD_WRITE, LOCK_WAITED, site);
	/*
	 * ORDER[folio-lock:B] sees the last holder's accesses; pairs with ORDER[folio-lock:A]. Weaker: may miss them.
	 */
	if (unlikely(fetch_or_acquire(&folio->page.flags, PG_LOCKED) & PG_LOCKED))
		folio_lock_slow(folio);
	lock_acquired(folio, &folio->page.lock_probe, RANK_FOLIO_LOCK, HELD_WRITE, LOCK_WAITED, site);
}

/*
 * Waits for @folio's lock. Locking: every held lock ranks above it; not inside RCU: it sleeps. A reference to @folio.
 */
#define folio_lock(folio)	folio_lock_at((folio), LOCK_SITE)
/* Takes it if that needs no waiting; allowed under spinlocks and inside RCU. */
#define folio_trylock(folio)	folio_trylock_at((folio), LOCK_SITE)

/* Drops the lock, and wakes a waiter. Locking: the folio lock; a reference, or one that is known to stay. */
static force_inline void folio_unlock(struct folio *folio)
{
	lock_released(folio, &folio->page.lock_probe, RANK_FOLIO_LOCK, HELD_WRITE);
	ASSERT(folio_ref_count(folio) != 0);
	/*
	 * ORDER[folio-lock:A] after all accesses inside; pairs with ORDER[folio-lock:B].
	 * ORDER[folio-wait:B] one operation releases and reads PG_WAITERS; pairs with ORDER[folio-wait:A].
	 */
	if (unlikely(fetch_and_release(&folio->page.flags, ~(PG_LOCKED | PG_WAITERS)) & PG_WAITERS))
		folio_wake(folio);
	SYNCPOINT("folio_lock.unlocked");
}

/* The calling thread has made @folio with PG_LOCKED, and becomes the holder of its lock. */
static inline void folio_adopt_lock(struct folio *folio)
{
	ASSERT(folio_test_locked(folio));
	lock_acquired(folio, &folio->page.lock_probe, RANK_FOLIO_LOCK, HELD_WRITE, LOCK_TRIED, LOCK_SITE);
}

/*
 * For a waiter without a reference, which would block the holder's work: folio_wait_begin() marks the waiter, while
 * the lock that keeps @folio is still held; folio_wait_end() sleeps until the folio lock is dropped, without taking
 * it, or returns early. The frame may be another folio's then. Source: mm/filemap.c, folio_wait_locked(),
 * migration_entry_wait_on_locked().
 */
/* Returns false if @folio is unlocked. Locking: a reference, or the PTL of an entry that has one or names @folio. */
bool folio_wait_begin(struct folio *folio, uint32_t *seen);
/* Locking: no spinlock, not inside RCU. */
void folio_wait_end(struct folio *folio, uint32_t seen);

#define assert_folio_locked(folio)	lockrank_assert_held(folio)

#endif
