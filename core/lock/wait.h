/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wait.h - the ways to wait: spin, give up the core, park in the kernel; each counted for lockstat.
 *
 * There may be more threads than cores, so no wait spins without bound: whoever is waited for may need this core.
 */
#ifndef FAULTLINE_CORE_LOCK_WAIT_H
#define FAULTLINE_CORE_LOCK_WAIT_H

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/lock/lockstat.h"

/*
 * Rounds (one cpu_relax() each, 10 to 40 ns) before a wait gives up the core: about 2 µs, some critical sections and
 * less than two switches of threads, so that a wrong guess costs no more than it could have saved.
 */
#define SPIN_ROUNDS	64

/* One round of waiting of @rounds spins, or of yielding once SPIN_ROUNDS are used up. */
static inline void wait_rounds(struct wait_cost *cost, unsigned int rounds)
{
	if (cost->count[LOCKSTAT_SPIN] >= SPIN_ROUNDS) {
		cost->count[LOCKSTAT_YIELD]++;
		sched_yield();
		return;
	}
	cost->count[LOCKSTAT_SPIN] += rounds;
	while (rounds--)
		cpu_relax();
}

/* One round of spinning; false, without any, once SPIN_ROUNDS are used up: then it is time to park. */
static inline bool wait_spin(struct wait_cost *cost)
{
	if (cost->count[LOCKSTAT_SPIN] >= SPIN_ROUNDS)
		return false;
	cost->count[LOCKSTAT_SPIN]++;
	cpu_relax();
	return true;
}

/* Sleeps until woken if *@word is @value when the kernel looks; may return early. It looks under the lock that wakers take. */
static inline void futex_wait(uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* Wakes one sleeper on @word, which need not be mapped any more. */
static inline void futex_wake_one(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static inline void futex_wake_all(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

#endif
