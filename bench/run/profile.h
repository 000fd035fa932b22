/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - one case run with instruments: which locks were waited for, how long operations took, what was tried
 * again.
 */
#ifndef FAULTLINE_BENCH_RUN_PROFILE_H
#define FAULTLINE_BENCH_RUN_PROFILE_H

#include <stdio.h>

#include <jansson.h>

#include "bench/run/suite.h"
#include "bench/run/timeline_trace.h"

/* A lock whose waits take less than this share of all threads' time is no bottleneck. */
#define BOTTLENECK_SHARE	0.05

/* What the instruments saw of one operation, by the workers of one role. */
struct profile_latency {
	const char *role, *operation;
	uint64_t samples;		/* of histogram's total, those that were timed */
	struct histogram histogram;	/* ticks */
};

struct profile {
	const struct run_case *what;
	double seconds;			/* from the first worker's start to the last one's end */
	double thread_seconds;		/* of all workers, without what they prepared */
	uint64_t items;
	double ns_per_tick;
	double ticks_of_nothing;	/* in each of locks[].hold_samples, and subtracted from the reported times */
	bool bare;			/* run without instruments */
	struct lock_times locks[NR_LOCK_RANKS];
	struct profile_latency *latencies;
	unsigned int nr_latencies;
	struct retry_summary *retries;
	unsigned int nr_retries;
	bool skipped;			/* what went wrong is no failure: the running kernel cannot do it */
	char why[256];			/* what went wrong, after an -errno */
};

/*
 * profile_run - runs @what for @seconds on the machine that is there, its preparations not counted. @bare: with no
 * instruments on, for comparison. @trace: the threads' timelines go there; or NULL. Returns 0, or -errno with the
 * reason in profile->why; profile_free() only follows the former.
 */
int profile_run(struct profile *profile, const struct run_case *what, const struct choices *choices, double seconds,
		bool bare, struct timeline_trace *trace);
void profile_free(struct profile *profile);

/* Of all threads' time, the share that went into waiting for locks of @rank. */
double profile_wait_share(const struct profile *profile, enum lock_rank rank);
/* The class of locks that took most of it; NR_LOCK_RANKS when none took BOTTLENECK_SHARE. */
enum lock_rank profile_bottleneck(const struct profile *profile);

/* A few lines for people. */
void profile_print(FILE *out, const struct profile *profile);
/* As one of "cases" in profile.json, of a run that went well or was skipped; NULL: no memory. */
json_t *profile_json(const struct profile *profile);

#endif
