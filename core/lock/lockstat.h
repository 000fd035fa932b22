/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lockstat.h - what locks cost, by rank.
 *
 * Every build counts contention, on slow paths alone: an uncontended lock pays nothing. Builds with FAULTLINE_PROFILE also tell,
 * of threads that ask, how often locks were taken, how long was waited and, of a few acquisitions chosen at random, how long they
 * were held. Of a reference-counted VMA lock readers are timed, and writers counted: those let go all at once with mmap_lock.
 */
#ifndef FAULTLINE_CORE_LOCK_LOCKSTAT_H
#define FAULTLINE_CORE_LOCK_LOCKSTAT_H

#include "core/base/clock.h"
#include "core/base/cpu.h"
#include "core/lock/lockrank.h"

#define LOCKSTATS(X) \
	X(WAIT,		"acquisitions that waited") \
	X(SPIN,		"rounds spun") \
	X(YIELD,	"times the core was given up") \
	X(PARK,		"times parked in the kernel")

enum lockstat {
#define X(id, name) LOCKSTAT_##id,
	LOCKSTATS(X)
#undef X
	NR_LOCKSTATS
};

/* What one wait cost so far. */
struct wait_cost {
	uint32_t count[NR_LOCKSTATS];	/* (T) */
#if FAULTLINE_PROFILE
	uint64_t since;			/* (T) 0: not timed */
#endif
};

/* Adds one finished wait for a lock of @rank; threads that are no cpus are not counted. */
void lockstat_add(enum lock_rank rank, const struct wait_cost *cost);
/* The sum over all threads, past and present, since lockstat_reset(). */
uint64_t lockstat_total(enum lock_rank rank, enum lockstat what);
/* Locking: while no other thread is in core; what is counted meanwhile may survive. */
void lockstat_reset(void);
/* NULL past the last one. */
const char *lockstat_name(enum lockstat what);

/* What locks of one rank cost the cpus that asked; in ticks of clock.h. */
struct lock_times {
	uint64_t acquired, contended;	/* how often taken, and how often that had to be waited for */
	uint64_t wait, wait_most;	/* all waits together; the longest */
	uint64_t hold, hold_samples;	/* acquisitions timed until the lock was let go, and what they took together */
};

/* The sum over all cpus since lockstat_reset(); all 0 without FAULTLINE_PROFILE. */
struct lock_times lockstat_times(enum lock_rank rank);

#if FAULTLINE_PROFILE
/* Acquisitions between two that are timed, on average: odd, so that no two locks taken in turn fall into step with it. */
#define LOCKSTAT_INTERVAL	127

/* Lock key: (A) atomic: written by its cpu, read by any (T) its cpu's */
struct lockstat_timed {
	uint64_t acquired[NR_LOCK_RANKS];	/* (A) */
	struct lock_times of[NR_LOCK_RANKS];	/* (A) all but acquired */
	uint32_t until;				/* (T) acquisitions before the next one timed */
	uint8_t rank;				/* (T) of lock */
	const void *lock;			/* (T) held, and timed since; NULL: none is */
	uint64_t since;				/* (T) */
	struct rng rng;				/* (T) */
} __cacheline_aligned;

extern _Thread_local struct lockstat_timed *this_lockstat;	/* (T) NULL: the calling thread's locks are not timed */

/*
 * From here on the calling cpu's locks are timed, or no more: before it unregisters at the latest. A lock that is held then is
 * not among those timed.
 */
void lockstat_timing_begin(void);
void lockstat_timing_end(void);

void lockstat_sample_begin(struct lockstat_timed *mine, const void *lock, enum lock_rank rank);
void lockstat_sample_end(struct lockstat_timed *mine);

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

	if (unlikely(mine && mine->lock == lock))
		lockstat_sample_end(mine);
}

/* Taken, to be let go where nobody can tell when. */
static inline void lockstat_counted(enum lock_rank rank)
{
	if (this_lockstat)
		count_own(&this_lockstat->acquired[rank], 1);
}

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
