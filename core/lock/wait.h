/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wait.h - the ways to wait: spin, yield the core, park in the kernel; each counted for lockstat.
 *
 * There may be more threads than cores, so no wait spins without bound: the awaited thread may need this core.
 *
 * A sleep ends when another thread makes progress, and that thread may wait for a grace period first. So a sleeper is
 * no RCU reader: it is in no read-side section, and under qsbr it is offline. sleep_begin() and sleep_end() are the
 * one place for that rule. All sleeps are between them (tests/lint/sleeps.sh), except:
 *
 *   a spinlock's waiter      may be inside a section, and stays online: the holder of a spinlock never sleeps, so it
 *                            waits for no grace period, and the wait ends by itself
 *   a thread of a schedule   waits for its turn, and the schedule has grace periods of its own
 */
#ifndef FAULTLINE_CORE_LOCK_WAIT_H
#define FAULTLINE_CORE_LOCK_WAIT_H

#include <limits.h>

#include "core/base/futex.h"
#include "core/host/rcu.h"
#include "core/lock/lockstat.h"
#include "core/probe/schedule.h"

/*
 * Rounds (one cpu_relax() each, 10 to 40 ns) before a wait yields the core: about 2 µs, some critical sections and
 * less than two context switches, so that a wrong guess costs no more than it could have saved.
 */
#define SPIN_ROUNDS	64

/*
 * One round of waiting of @rounds spins, or of yielding once SPIN_ROUNDS are used up. @word: the 4 bytes that end the
 * wait once they are no longer @seen.
 */
static inline void wait_rounds(struct wait_cost *cost, unsigned int rounds, const void *word, uint32_t seen)
{
	if (SCHEDULED()) {
		cost->count[LOCKSTAT_SPIN] += rounds;
		schedule_await(word, seen, "a spinlock");
		return;
	}
	if (cost->count[LOCKSTAT_SPIN] >= SPIN_ROUNDS) {
		cost->count[LOCKSTAT_YIELD]++;
		yield_core();
		return;
	}
	cost->count[LOCKSTAT_SPIN] += rounds;
	while (rounds--)
		cpu_relax();
}

/*
 * One round of spinning; false, without any, once SPIN_ROUNDS are used up or no other thread runs: then the caller
 * parks.
 */
static inline bool wait_spin(struct wait_cost *cost)
{
	if (cost->count[LOCKSTAT_SPIN] >= SPIN_ROUNDS || SCHEDULED())
		return false;
	cost->count[LOCKSTAT_SPIN]++;
	cpu_relax();
	return true;
}

/* Around a wait of any length. Locking: no spinlock, not inside RCU. */
static inline void sleep_begin(void)
{
	lockrank_assert_may_sleep();
	if (this_cpu)
		rcu_offline();
}

/* Ends what sleep_begin() began. */
static inline void sleep_end(void)
{
	if (this_cpu)
		rcu_online();
}

/* The sleep of a spinlock's waiter: as futex_wait(), but online. */
static inline void futex_wait_online(uint32_t *word, uint32_t value)
{
	if (SCHEDULED())
		schedule_futex_wait(word, value);
	else
		kernel_futex_wait(word, value);
}

/*
 * Sleeps until woken if *@word is @value when the kernel reads it under the wakers' lock; may return early. Locking:
 * no spinlock, not inside RCU.
 */
static inline void futex_wait(uint32_t *word, uint32_t value)
{
	sleep_begin();
	futex_wait_online(word, value);
	sleep_end();
}

/* The same, for @millisecs at most; 0, or where a schedule decides: without a bound. */
static inline void futex_wait_for(uint32_t *word, uint32_t value, unsigned int millisecs)
{
	sleep_begin();
	if (SCHEDULED())
		schedule_futex_wait(word, value);
	else
		kernel_futex_wait_for(word, value, millisecs);
	sleep_end();
}

/* Waits for an event without a wake-up: yields the core. Locking: as futex_wait(). */
static inline void sleep_yield(void)
{
	sleep_begin();
	yield_core();
	sleep_end();
}

/* Wakes up to @nr sleepers on @word, which may be unmapped. */
static inline void futex_wake(uint32_t *word, int nr)
{
	if (SCHEDULED())
		schedule_futex_wake(word, (unsigned int)nr);
	else
		kernel_futex_wake(word, nr);
}

/* Wakes one sleeper on @word, which may be unmapped. */
static inline void futex_wake_one(uint32_t *word)
{
	futex_wake(word, 1);
}

/* Wakes all of them. */
static inline void futex_wake_all(uint32_t *word)
{
	futex_wake(word, INT_MAX);
}

#endif
