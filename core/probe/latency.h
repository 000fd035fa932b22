/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency.h - latencies by operation and thread; in builds with FAULTLINE_PROFILE, for threads that enable it.
 *
 * Two readings of the clock cost more than the shortest operations may. So of operations that take less than
 * LATENCY_SHORT on average only one in LATENCY_INTERVAL, chosen at random, is timed, and counts for all since the
 * last. Long ones are all timed.
 */
#ifndef FAULTLINE_CORE_PROBE_LATENCY_H
#define FAULTLINE_CORE_PROBE_LATENCY_H

#include "core/base/clock.h"
#include "core/base/histogram.h"
#include "core/base/rng.h"

#define LATENCY_SHORT		512	/* bound of one sample in the average, for preemption */
#define LATENCY_LONG		(8 * LATENCY_SHORT)	/* bound of one sample in the average, for preemption */
#define LATENCY_INTERVAL	64
#define MAX_OPERATIONS		64

/* An operation: the site of an OPERATION(). (C) */
struct operation_site {
	const char *name;
};

/* Of one operation. Lock key: (T) the timed thread's (A) atomic: written by it, read by any */
struct latency {
	uint64_t samples;		/* (A) operations timed */
	uint64_t ticks;			/* (T) sum of times, each at most LATENCY_LONG */
	uint32_t stands_for;		/* (T) number of operations that the next timed one counts for */
	struct histogram histogram;	/* ticks; has its own lock key */
};

/* Lock key: (T) the timed thread's */
struct latencies {
	struct rng rng;			/* (T) */
	uint32_t until[MAX_OPERATIONS];	/* (T) operations before the next one timed */
	struct latency of[];		/* one for each operation; has its own lock key */
};

/* Operations are numbered in the linker's order. Returns NULL past the last one. */
const char *operation_name(unsigned int index);

/* Empty latencies of one thread; the caller frees them with free(). NULL without memory or FAULTLINE_PROFILE. */
struct latencies *latencies_new(void);

#if FAULTLINE_PROFILE
extern const struct operation_site __start_faultline_operations[];
extern _Thread_local struct latencies *this_latencies;	/* (T) the calling thread's latencies; NULL: it is not timed */

/* Starts timing the calling thread's operations into @latencies; NULL stops it. */
static inline void latency_timing_begin(struct latencies *latencies)
{
	this_latencies = latencies;
}

static inline void latency_timing_end(void)
{
	this_latencies = NULL;
}

/* Adds the time since @since, which latency_begin() returned, to the calling thread's latencies of @site. */
void latency_add(const struct operation_site *site, uint64_t since);

/* The start of the operation, or 0: not timed. */
static force_inline uint64_t latency_begin(const struct operation_site *site)
{
	struct latencies *mine = this_latencies;

	if (unlikely(!mine) || likely(--mine->until[site - __start_faultline_operations]))
		return 0;
	return clock_ticks();
}
#else
static inline void latency_timing_begin(struct latencies *latencies) { (void)latencies; }
static inline void latency_timing_end(void) {}
#endif

#endif
