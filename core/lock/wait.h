/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wait.h - the ways to wait: spin, give up the core, park in the kernel; each counted for lockstat.
 *
 * There may be more threads than cores, so no wait spins without bound: whoever is waited for may need this core.
 */
#ifndef FAULTLINE_CORE_LOCK_WAIT_H
#define FAULTLINE_CORE_LOCK_WAIT_H

#include <limits.h>

#include "core/base/futex.h"
#include "core/base/schedule.h"
#include "core/lock/lockstat.h"

/*
 * Rounds (one cpu_relax() each, 10 to 40 ns) before a wait gives up the core: about 2 µs, some critical sections and
 * less than two switches of threads, so that a wrong guess costs no more than it could have saved.
 */
#define SPIN_ROUNDS	64

/*
 * One round of waiting of @rounds spins, or of yielding once SPIN_ROUNDS are used up. @word: the 4 bytes whose change is
 * waited for.
 */
static inline void wait_rounds(struct wait_cost *cost, unsigned int rounds, const void *word)
{
	if (SCHEDULED()) {
		cost->count[LOCKSTAT_SPIN] += rounds;
		schedule_await(word, "a spinlock");
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

/* One round of spinning; false, without any, once SPIN_ROUNDS are used up or nobody else runs: then it is time to park. */
static inline bool wait_spin(struct wait_cost *cost)
{
	if (cost->count[LOCKSTAT_SPIN] >= SPIN_ROUNDS || SCHEDULED())
		return false;
	cost->count[LOCKSTAT_SPIN]++;
	cpu_relax();
	return true;
}

/* Sleeps until woken if *@word is @value when the kernel looks; may return early. It looks under the lock that wakers take. */
static inline void futex_wait(uint32_t *word, uint32_t value)
{
	if (SCHEDULED())
		schedule_futex_wait(word, value);
	else
		kernel_futex_wait(word, value);
}

static inline void futex_wake(uint32_t *word, int nr)
{
	if (SCHEDULED())
		schedule_futex_wake(word, (unsigned int)nr);
	else
		kernel_futex_wake(word, nr);
}

/* Wakes one sleeper on @word, which need not be mapped any more. */
static inline void futex_wake_one(uint32_t *word)
{
	futex_wake(word, 1);
}

static inline void futex_wake_all(uint32_t *word)
{
	futex_wake(word, INT_MAX);
}

#endif
