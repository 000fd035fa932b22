/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lockstat.c - costs of locks, by cpu and rank. */
#include "core/lock/lockstat.h"

#include "core/probe/timeline.h"

/* Lock key: (A) atomic: written by this cpu, read by any */
struct lockstat_cpu {
	uint64_t count[NR_LOCK_RANKS][NR_LOCKSTATS];	/* (A) */
} __cacheline_aligned;

static struct lockstat_cpu stats[NR_CPUS];

#if FAULTLINE_PROFILE
static struct lockstat_timed timed[NR_CPUS];

_Thread_local struct lockstat_timed *this_lockstat;

static void next_sample(struct lockstat_timed *mine)
{
	mine->until = mine->all ? 1 : 1 + (uint32_t)rng_below(&mine->rng, 2 * LOCKSTAT_INTERVAL - 1);
}

void lockstat_timing_begin(void)
{
	struct lockstat_timed *mine = &timed[this_cpu->id];

	if (!mine->rng.state)
		rng_init(&mine->rng, this_cpu->id);
	mine->lock = NULL;
	mine->all = this_timeline;
	next_sample(mine);
	this_lockstat = mine;
}

void lockstat_timing_end(void)
{
	this_lockstat = NULL;
}

/* One lock at a time: while one is timed, locks taken inside it are not. */
__noinline void lockstat_sample_begin(struct lockstat_timed *mine, const void *lock, enum lock_rank rank)
{
	next_sample(mine);
	if (mine->all)
		timeline_lock(lock, lockrank_name(rank));
	if (mine->lock || (mine->all && rng_below(&mine->rng, LOCKSTAT_INTERVAL)))
		return;
	mine->lock = lock;
	mine->rank = (uint8_t)rank;
	mine->since = clock_ticks();
}

__noinline void lockstat_sample_end(struct lockstat_timed *mine, const void *lock)
{
	struct lock_times *times = &mine->of[mine->rank];

	if (mine->all)
		timeline_unlock(lock);
	if (mine->lock != lock)
		return;
	count_own(&times->hold, clock_ticks() - mine->since);
	count_own(&times->hold_samples, 1);
	mine->lock = NULL;
}

static void add_wait(enum lock_rank rank, const struct wait_cost *cost)
{
	struct lock_times *times;
	uint64_t waited;

	if (!this_lockstat || !cost->since)
		return;
	times = &this_lockstat->of[rank];
	waited = clock_ticks() - cost->since;
	if (this_timeline)
		timeline_add(TIMELINE_WAIT, lockrank_name(rank), cost->since);
	count_own(&times->contended, 1);
	count_own(&times->wait, waited);
	if (waited > load_relaxed(&times->wait_most))
		store_relaxed(&times->wait_most, waited);
}

struct lock_times lockstat_times(enum lock_rank rank)
{
	struct lock_times sum = { 0 };

	for (unsigned int i = 0; i < nr_cpus_used(); i++) {
		const struct lock_times *of = &timed[i].of[rank];

		sum.acquired += load_relaxed(&timed[i].acquired[rank]);
		sum.contended += load_relaxed(&of->contended);
		sum.wait += load_relaxed(&of->wait);
		sum.wait_most = max(sum.wait_most, load_relaxed(&of->wait_most));
		sum.hold += load_relaxed(&of->hold);
		sum.hold_samples += load_relaxed(&of->hold_samples);
	}
	return sum;
}

static void reset_times(unsigned int cpu)
{
	for (unsigned int rank = 0; rank < NR_LOCK_RANKS; rank++) {
		struct lock_times *of = &timed[cpu].of[rank];

		store_relaxed(&timed[cpu].acquired[rank], 0);
		store_relaxed(&of->contended, 0);
		store_relaxed(&of->wait, 0);
		store_relaxed(&of->wait_most, 0);
		store_relaxed(&of->hold, 0);
		store_relaxed(&of->hold_samples, 0);
	}
}
#else
static void add_wait(enum lock_rank rank, const struct wait_cost *cost)
{
	(void)rank, (void)cost;
}

struct lock_times lockstat_times(enum lock_rank rank)
{
	(void)rank;
	return (struct lock_times){ 0 };
}

static void reset_times(unsigned int cpu)
{
	(void)cpu;
}
#endif

void lockstat_add(enum lock_rank rank, const struct wait_cost *cost)
{
	uint64_t *count;

	if (!this_cpu)
		return;
	count = stats[this_cpu->id].count[rank];
	for (unsigned int what = 0; what < NR_LOCKSTATS; what++)
		count_own(&count[what], cost->count[what]);
	add_wait(rank, cost);
}

uint64_t lockstat_total(enum lock_rank rank, enum lockstat what)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < nr_cpus_used(); i++)
		sum += load_relaxed(&stats[i].count[rank][what]);
	return sum;
}

void lockstat_reset(void)
{
	for (unsigned int i = 0; i < nr_cpus_used(); i++) {
		for (unsigned int rank = 0; rank < NR_LOCK_RANKS; rank++)
			for (unsigned int what = 0; what < NR_LOCKSTATS; what++)
				store_relaxed(&stats[i].count[rank][what], 0);
		reset_times(i);
	}
}

const char *lockstat_name(enum lockstat what)
{
	static const char *const names[] = {
#define X(id, name) name,
		LOCKSTATS(X)
#undef X
	};

	return what < NR_LOCKSTATS ? names[what] : NULL;
}
