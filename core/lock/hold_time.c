/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold_time.c - how long locks are held, in processor time of the holder: the longest holds by rank, and a bound.
 *
 * A holder that is preempted or sleeps uses no processor time, so that a loaded machine lengthens no hold. Reading a
 * thread's own processor time is a system call: one acquisition in INTERVAL is timed, one lock at a time, drawn by a
 * generator of its own, so that the choices of a seeded run stay as they are. No bound is free of false alarms
 * everywhere, since a hypervisor's other guests count as processor time: by default there is none, and it reports
 * only. With a bound every acquisition is timed.
 */
#include "core/lock/lock_event.h"

#include <time.h>

#include "core/base/assert.h"
#include "core/base/cpu.h"
#include "core/probe/detector.h"

#if FAULTLINE_CHECK
#define INTERVAL	509	/* mean number of acquisitions between timed ones: prime, out of step with loops */

/* Lock key: (A) atomic: written by its cpu, read by any (T) its cpu's, and reset's */
struct hold_cpu {
	struct {
		uint64_t ns;		/* (A) 0: none was timed */
		const char *site;	/* (A) */
	} longest[NR_LOCK_RANKS];
	const void *lock;		/* (T) the lock being timed; NULL: none */
	const char *site;		/* (T) */
	uint64_t since;			/* (T) */
	uint32_t until;			/* (T) acquisitions before the next timed one; 0: not begun */
	struct rng rng;			/* (T) */
} __cacheline_aligned;

static struct hold_cpu cpus[NR_CPUS];

static void holds_reset(void)
{
	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++) {
		cpus[cpu].lock = NULL;
		for (unsigned int rank = 0; rank < NR_LOCK_RANKS; rank++)
			store_relaxed(&cpus[cpu].longest[rank].ns, (uint64_t)0);
	}
}

static uint64_t longest_of(enum lock_rank rank, const char **site)
{
	uint64_t most = 0;

	for (unsigned int cpu = 0; cpu < nr_cpus_used(); cpu++) {
		uint64_t ns = load_relaxed(&cpus[cpu].longest[rank].ns);

		if (ns <= most)
			continue;
		most = ns;
		*site = load_relaxed(&cpus[cpu].longest[rank].site);
	}
	return most;
}

static struct detector hold_time;

/* Of all ranks, or of the one with the longest hold. */
static void holds_report(FILE *out, bool full)
{
	const char *site = NULL, *most_site = NULL;
	enum lock_rank most_rank = 0;
	uint64_t ns, most = 0;

	fprintf(out, "longest holds in processor time of the holder, 1 in %d timed:\n",
		load_relaxed(&hold_time.bound) ? 1 : INTERVAL);
	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++) {
		ns = longest_of(rank, &site);
		if (ns && full)
			fprintf(out, "  %s: %.3f ms, taken at %s\n", lockrank_name(rank), (double)ns / 1e6, site);
		if (ns <= most)
			continue;
		most = ns;
		most_rank = rank;
		most_site = site;
	}
	if (most && !full)
		fprintf(out, "  %s: %.3f ms, taken at %s\n", lockrank_name(most_rank), (double)most / 1e6, most_site);
}

static struct detector hold_time = {
	.name = "hold-time",
	.what = "longest holds of locks, in processor time; stress --max-hold sets a bound",
	.reset = holds_reset,
	.report = holds_report,
};
DETECTOR(hold_time);

/* Never 0. */
static uint64_t own_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec + 1;
}

/* True for a few calls, chosen at random; with a bound, for all. */
static bool is_drawn(struct hold_cpu *mine)
{
	bool drawn = mine->until == 1;

	if (unlikely(load_relaxed(&hold_time.bound)))
		return true;
	if (mine->until == 0)
		rng_init(&mine->rng, this_cpu->id);
	if (mine->until <= 1)
		mine->until = 1 + (uint32_t)rng_below(&mine->rng, 2 * INTERVAL - 1);
	else
		mine->until--;
	return drawn;
}

static void hold_begins(const struct lock_event *event)
{
	struct hold_cpu *mine;

	if (!this_cpu || !detector_is_on(&hold_time))
		return;
	mine = &cpus[this_cpu->id];
	if (likely(!is_drawn(mine)) || mine->lock)
		return;
	mine->lock = event->lock;
	mine->site = event->site;
	mine->since = own_ns();
}

static __noinline void hold_ends(struct hold_cpu *mine, const struct lock_event *event)
{
	uint64_t now = own_ns(), ns = now > mine->since ? now - mine->since : 1;
	uint64_t bound = load_relaxed(&hold_time.bound);

	mine->lock = NULL;
	if (ns > load_relaxed(&mine->longest[event->rank].ns)) {
		store_relaxed(&mine->longest[event->rank].site, mine->site);
		store_relaxed(&mine->longest[event->rank].ns, ns);
	}
	if (unlikely(bound && ns > bound))
		BUG_BY(hold_time.name,
		       "hold time: %s %p is held for %llu ns of processor time, bound %llu, taken at %s",
		       lockrank_name(event->rank), event->lock, (unsigned long long)ns, (unsigned long long)bound,
		       mine->site);
}

static void hold_released(const struct lock_event *event)
{
	struct hold_cpu *mine = this_cpu ? &cpus[this_cpu->id] : NULL;

	if (unlikely(mine && mine->lock == event->lock))
		hold_ends(mine, event);
}

static const struct lock_subscriber hold = {
	.acquired = hold_begins,
	.released = hold_released,
};
LOCK_SUBSCRIBER(hold);
#endif
