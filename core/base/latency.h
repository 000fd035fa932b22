/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency.h - how long each operation took, by operation and thread; in builds with FAULTLINE_PROFILE, for threads that ask.
 *
 * Two readings of the clock cost more than some operations are allowed to, so of those that take less than LATENCY_SHORT on
 * average only one in LATENCY_INTERVAL, chosen at random, is timed, and counts for all since the last. Long ones are all timed.
 */
#ifndef FAULTLINE_CORE_BASE_LATENCY_H
#define FAULTLINE_CORE_BASE_LATENCY_H

#include "core/base/clock.h"
#include "core/base/histogram.h"
#include "core/base/rng.h"

#define LATENCY_SHORT		512	/* ticks: 200 ns at 2.6 GHz */
#define LATENCY_LONG		(8 * LATENCY_SHORT)	/* one that lost its core must not make the others look long */
#define LATENCY_INTERVAL	64
#define MAX_OPERATIONS		64

/* An operation: where OPERATION() stands. (C) */
struct operation_site {
	const char *name;
};

/* Of one operation. Lock key: (T) the timed thread's (A) atomic: written by it, read by any */
struct latency {
	uint64_t samples;		/* (A) operations timed */
	uint64_t ticks;			/* (T) what they took, but LATENCY_LONG at the most for one */
	uint32_t stands_for;		/* (T) how many operations the next one timed counts for */
	struct histogram histogram;	/* ticks; has its own lock key */
};

/* Lock key: (T) the timed thread's */
struct latencies {
	struct rng rng;			/* (T) */
	uint32_t until[MAX_OPERATIONS];	/* (T) operations before the next one timed */
	struct latency of[];		/* one for each operation; has its own lock key */
};

/* The operations are numbered as the linker found them. NULL past the last one. */
const char *operation_name(unsigned int index);

/* For one thread, empty. NULL: no memory, or a build without FAULTLINE_PROFILE. free() it. */
struct latencies *latencies_new(void);

#if FAULTLINE_PROFILE
extern const struct operation_site __start_faultline_operations[];
extern _Thread_local struct latencies *this_latencies;	/* (T) where the calling thread is timed to; NULL: it is not */

/* From here on the calling thread's operations are timed to @latencies, or no more. */
static inline void latency_timing_begin(struct latencies *latencies)
{
	this_latencies = latencies;
}

static inline void latency_timing_end(void)
{
	this_latencies = NULL;
}

void latency_add(const struct operation_site *site, uint64_t since);

/* When the operation began, or 0: this one is not timed. */
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
