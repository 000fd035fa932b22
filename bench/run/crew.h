/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crew.h - the workers of one run, driven by Google Benchmark's threads (bench) or by the program's own (stress).
 *
 *   crew_begin()                      main thread: pins and registers itself at worker 0's place, sets the workload up
 *     crew_join(); crew_prepare(), crew_op() …; crew_leave()      in each worker's thread
 *   crew_end()                        main thread, all workers gone
 */
#ifndef FAULTLINE_BENCH_RUN_CREW_H
#define FAULTLINE_BENCH_RUN_CREW_H

#include "bench/run/suite.h"

/* One worker's slot, on cache lines of its own. */
struct seat {
	struct worker worker;		/* (T) of the worker's thread while it runs */
	const struct workload_role *role;
	struct pin pin;
	bool registered;		/* the thread was no cpu before it joined */
} __attribute__((aligned(2 * CACHE_LINE)));

struct crew {
	struct workload_run run;
	struct seat *seats;		/* run.threads of them */
	struct places places;
	unsigned int nodes[NR_CPUS];	/* of each worker */
	char why[256];			/* what went wrong, after an -errno */
};

/* Returns 0, or -errno with the reason in crew->why; then nothing is left behind. */
int crew_begin(struct crew *crew, const struct run_case *what, const struct choices *choices, bool checking);
/* Quiescent: the workload's own check. Returns 0 or -errno; the workload has printed the reason. */
int crew_check(struct crew *crew);
void crew_end(struct crew *crew);

/* The calling thread becomes worker @index. Returns 0, or -errno; then crew_leave() must not follow. */
int crew_join(struct crew *crew, unsigned int index);
void crew_leave(struct crew *crew, unsigned int index);

static inline void crew_prepare(struct seat *seat)
{
	if (seat->role->prepare)
		seat->role->prepare(&seat->worker);
}

/* Returns the items done, or -errno. */
static inline int64_t crew_op(struct seat *seat)
{
	return seat->role->op(&seat->worker);
}

#endif
