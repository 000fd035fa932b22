/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lockstat.h - costs of locks, by rank.
 *
 * Every build counts contention, on slow paths only: an uncontended lock costs nothing more. Builds with
 * FAULTLINE_PROFILE also record, for threads that enable it, the number of acquisitions, wait times and, for a few
 * acquisitions chosen at random, hold times. For a reference-counted VMA lock readers are timed, and writers counted:
 * those are released all at once with mmap_lock.
 */
#ifndef FAULTLINE_CORE_LOCK_LOCKSTAT_H
#define FAULTLINE_CORE_LOCK_LOCKSTAT_H

#include "core/base/clock.h"
#include "core/base/cpu.h"
#include "core/lock/lockrank.h"

#define LOCKSTATS(X) \
	X(WAIT,		"acquisitions that waited") \
	X(SPIN,		"rounds spun") \
	X(YIELD,	"yields of the core") \
	X(PARK,		"times parked in the kernel")

enum lockstat {
#define X(id, name) LOCKSTAT_##id,
	LOCKSTATS(X)
#undef X
	NR_LOCKSTATS
};

/* The cost of one wait so far. */
struct wait_cost {
	uint32_t count[NR_LOCKSTATS];	/* (T) */
#if FAULTLINE_PROFILE
	uint64_t since;			/* (T) 0: not timed */
#endif
};

/* Adds one finished wait for a lock of @rank; threads without a cpu are not counted. */
void lockstat_add(enum lock_rank rank, const struct wait_cost *cost);
/* The sum over all threads, past and present, since lockstat_reset(). */
uint64_t lockstat_total(enum lock_rank rank, enum lockstat what);
/* Locking: while no other thread is in core; concurrent counts may survive. */
void lockstat_reset(void);
/* Returns NULL past the last one. */
const char *lockstat_name(enum lockstat what);

/* Costs of locks of one rank, in ticks of clock.h, on the cpus that enabled timing. */
struct lock_times {
	uint64_t acquired, contended;	/* acquisitions, and those that waited */
	uint64_t wait, wait_most;	/* the sum of all waits; the maximum */
	uint64_t hold, hold_samples;	/* the sum of timed hold times, and their number */
};

/* The sum over all cpus since lockstat_reset(); all 0 without FAULTLINE_PROFILE. */
struct lock_times lockstat_times(enum lock_rank rank);

#if FAULTLINE_PROFILE
/*
 * Mean number of acquisitions between timed ones: odd, so that two locks taken in turn do not fall into step with it.
 */
#define LOCKSTAT_INTERVAL	127

/* Lock key: (A) atomic: written by its cpu, read by any (T) its cpu's */
struct lockstat_timed {
	uint64_t acquired[NR_LOCK_RANKS];	/* (A) */
	struct lock_times of[NR_LOCK_RANKS];	/* (A) all but acquired */
	uint32_t until;				/* (T) acquisitions before the next timed one */
	uint8_t rank;				/* (T) of lock */
	bool all;				/* (T) each lock is noted, for a timeline */
	const void *lock;			/* (T) the lock being timed; NULL: none */
	uint64_t since;				/* (T) */
	struct rng rng;				/* (T) */
} __cacheline_aligned;

extern _Thread_local struct lockstat_timed *this_lockstat;	/* (T) NULL: the calling thread's locks are not timed */

/*
 * Starts timing the calling cpu's locks; lockstat_timing_end() stops it, at the latest before the cpu unregisters. A
 * lock held at that moment is not timed. A thread with a timeline begins that before.
 */
void lockstat_timing_begin(void);
void lockstat_timing_end(void);

/* One of LOCKSTAT_INTERVAL acquisitions on average is timed, from lockstat_acquired() to lockstat_released(). */
void lockstat_sample_begin(struct lockstat_timed *mine, const void *lock, enum lock_rank rank);
void lockstat_sample_end(struct lockstat_timed *mine, const void *lock);

/*
 * Called by a lock's own functions after each acquisition. lockstat_released() - the same before each release. No
 * effect in a thread that is not timed.
 */
static force_inline void lockstat_acquired(const void *lock, enum lock_rank rank)
{
	struct lockstat_timed *mine = this_lockstat;

	if (unlikely(!mine))
		return;
	count_own(&mine->acquired[rank], 1);
	if (unlikely(!--mine->until))
		lockstat_sample_begin(mine, lock, rank);
}

static force_inline void lockstat_released(const void *lock)
{
	struct lockstat_timed *mine = this_lockstat;

	if (unlikely(mine && (mine->lock == lock || mine->all)))
		lockstat_sample_end(mine, lock);
}

/* Counts an acquisition whose release has no hook. */
static inline void lockstat_counted(enum lock_rank rank)
{
	if (this_lockstat)
		count_own(&this_lockstat->acquired[rank], 1);
}

/* Starts a slow path's clock; lockstat_add() stops it. */
static inline void lockstat_wait_begin(struct wait_cost *cost)
{
	cost->since = this_lockstat ? clock_ticks() : 0;
}
#else
static force_inline void lockstat_timing_begin(void) {}
static force_inline void lockstat_timing_end(void) {}
static force_inline void lockstat_acquired(const void *lock, enum lock_rank rank) { (void)lock, (void)rank; }
static force_inline void lockstat_released(const void *lock) { (void)lock; }
static force_inline void lockstat_counted(enum lock_rank rank) { (void)rank; }
static force_inline void lockstat_wait_begin(struct wait_cost *cost) { (void)cost; }
#endif

#endif
