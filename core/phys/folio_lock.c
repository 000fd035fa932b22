/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_lock.c - the slow path of a folio's lock.
 *
 * No wake-up is lost. A waiter sets PG_WAITERS by a compare-and-exchange that finds the lock held, a holder releases
 * and reads PG_WAITERS in one operation on the same word: so either the waiter finds the lock free, or the holder
 * finds the waiter. A waiter sleeps only while the kernel finds the word as the waiter left it; other flags that
 * change in it wake no thread and cost a sleeper at most another round.
 *
 * The unlock clears PG_WAITERS and wakes one. The woken one can't know if it was the last, so it sets the bit again
 * with the lock: at worst one wake-up is redundant. If another thread was faster, the woken one sets PG_WAITERS again
 * before it sleeps.
 */
#include "core/phys/folio_lock.h"

#include "core/lock/wait.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

static void park(uint32_t *flags, uint32_t seen, struct wait_cost *cost)
{
	SYNCPOINT("folio_lock.before_park");
	cost->count[LOCKSTAT_PARK]++;
	futex_wait(flags, seen);
}

DEFINE_KNOCKOUT(FOLIO_WAIT_A,
	.name = "folio-wait:A",
	.removes = "the waiters mark of a folio lock",
	.breaks = "a lost wake-up",
	.detected_by = "knockout.folio_lock",
	.hunt = HUNT_CUTS " --patience 1");

static void wait_for(uint32_t *flags, struct wait_cost *cost)
{
	uint32_t seen = load_relaxed(flags), mine = PG_LOCKED;

	for (;;) {
		if (!(seen & PG_LOCKED)) {
			/* ORDER[folio-lock:B] as in folio_lock_at(); pairs with ORDER[folio-lock:A]. */
			if (try_cmpxchg_acquire(flags, &seen, seen | mine))
				return;
			continue;
		}
		if (wait_spin(cost)) {
			seen = load_relaxed(flags);
			continue;
		}
		mine = PG_LOCKED | PG_WAITERS;
		/* ORDER[folio-wait:A] marks the waiter and reads the holder; pairs with ORDER[folio-wait:B] */
		if (!(seen & PG_WAITERS) && !KNOCKED_OUT(FOLIO_WAIT_A)) {
			if (!try_cmpxchg_acquire(flags, &seen, seen | PG_WAITERS))
				continue;
			seen |= PG_WAITERS;
		}
		park(flags, seen, cost);
		seen = load_relaxed(flags);
	}
}

DEFINE_KNOCKOUT(FOLIO_LOCK_WAIT,
	.name = "folio-lock:wait",
	.removes = "waiting for a folio lock that is held",
	.breaks = "two threads in one section",
	.detected_by = "knockout.folio_lock",
	.hunt = HUNT_CUTS);

__noinline void folio_lock_slow(struct folio *folio)
{
	struct wait_cost cost = { .count = { [LOCKSTAT_WAIT] = 1 } };

	if (KNOCKED_OUT(FOLIO_LOCK_WAIT))
		return;
	lock_wait_begin(&cost);
	wait_for(&folio->page.flags, &cost);
	lock_wait_end(RANK_FOLIO_LOCK, &cost);
}

DEFINE_KNOCKOUT(FOLIO_WAIT_B,
	.name = "folio-wait:B",
	.removes = "the wake-up at a folio lock's unlock",
	.breaks = "a lost wake-up",
	.detected_by = "knockout.folio_lock",
	.hunt = HUNT_CUTS " --patience 1");

__noinline void folio_wake(struct folio *folio)
{
	if (!KNOCKED_OUT(FOLIO_WAIT_B))
		futex_wake_one(&folio->page.flags);
}

bool folio_wait_begin(struct folio *folio, uint32_t *seen)
{
	uint32_t *flags = &folio->page.flags;

	*seen = load_relaxed(flags);
	while (*seen & PG_LOCKED) {
		if (*seen & PG_WAITERS || try_cmpxchg_relaxed(flags, seen, *seen | PG_WAITERS)) {
			*seen |= PG_WAITERS;
			return true;
		}
	}
	return false;
}

DEFINE_KNOCKOUT(FOLIO_WAIT_PASS,
	.name = "folio-wait:pass-on",
	.removes = "a waiter's passing on of a wake-up that did not get it the lock",
	.breaks = "waiters that sleep beside an unlocked folio",
	.detected_by = "knockout.folio_lock",
	.hunt = "test knockout.folio_lock");

/*
 * The wake-up may have been another waiter's. While the lock is held, its unlock wakes the next; else the wake-up is
 * passed on here. (If it were passed on in both cases, the waiters would wake each other until the unlock.)
 */
void folio_wait_end(struct folio *folio, uint32_t seen)
{
	OPERATION("wait for a folio", folio, 0);
	struct wait_cost cost = { .count = { [LOCKSTAT_WAIT] = 1 } };

	lockstat_wait_begin(&cost);
	park(&folio->page.flags, seen, &cost);
	lockstat_add(RANK_FOLIO_LOCK, &cost);
	if (!folio_wait_begin(folio, &seen) && !KNOCKED_OUT(FOLIO_WAIT_PASS))
		folio_wake(folio);
}
