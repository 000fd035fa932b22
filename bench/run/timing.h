/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timing.h - measures a suite, each case as often and as long as asked, and shows how long that will take. */
#ifndef FAULTLINE_BENCH_RUN_TIMING_H
#define FAULTLINE_BENCH_RUN_TIMING_H

#include <stdio.h>

#include "bench/run/suite.h"

struct json_t;

struct timing {
	/* of each case; those of all cases come in random order, but in turns with another process */
	uint64_t repetitions;
	bool by_workload;		/* those of one workload together: only they will be compared */
	double min_time;		/* seconds that each repetition takes at least */
	char *alternate;		/* socket where another process is met, to measure in turns with it; or NULL */
	/* part by which each op of the core takes longer, on purpose; limits and the live kernel do not */
	double slow_down;
	const char **library;		/* --benchmark_* options, for the library */
	int nr_library;
	FILE *journal;			/* repetitions go there as they come: journal_begin(); NULL: nowhere */
};

/*
 * The options for POPT_ARG_INCLUDE_TABLE, and whether one of them is @option; timing_take() takes it as choices_take()
 * does.
 */
extern struct poptOption timing_options[];
bool timing_takes(int option);
int timing_take(struct timing *timing, int option, const char *text);
/* What was not chosen. */
void timing_default(struct timing *timing, bool quick);

/*
 * Hands its options to the library, once, before the context of the results. Returns 0, or the exit status after one
 * line on stderr.
 */
int timing_begin(const struct timing *timing);
/*
 * timing_run - measures @suite on machines of @choices, each case as often as its repetitions say. *@root gets Google
 * Benchmark's JSON, to be released with json_decref(); after a signal, marked "incomplete", what was measured until
 * then. A case that fails is reported by its result alone. Returns as above; then *@root is NULL.
 */
int timing_run(const struct timing *timing, const struct suite *suite, const struct choices *choices,
	       struct json_t **root);

#endif
