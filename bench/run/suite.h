/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suite.h - which workloads run with which choices. */
#ifndef FAULTLINE_BENCH_RUN_SUITE_H
#define FAULTLINE_BENCH_RUN_SUITE_H

#include "bench/run/choices.h"
#include "workloads/lib/workload.h"

/* One workload with one value of everything that can be chosen. */
struct run_case {
	const struct workload *workload;
	const struct policy_choice *policy;	/* NULL when the workload knows no policy */
	const struct layout *layout;		/* NULL when it runs on none */
	int64_t choice[WORKLOAD_MAX_AXES];
	struct places places;			/* where its threads, frames and page tables go */
	unsigned int payload, threads;
	unsigned int repetitions;		/* still to be measured; 0: none */
	char *name;				/* WORKLOAD/key:value..., without the threads */
};

struct suite {
	struct run_case *cases;			/* by workload, then in the order of the choices */
	unsigned int nr, room;
};

/* What was not chosen, and so varies one thing at a time around the first of each list. */
struct suite_defaults {
	bool policies, payloads, layouts, threads;
	bool first_axis_values;		/* the axes of workloads do not vary at all: the smallest, */
	bool last_axis_values;		/* or the largest */
	bool scenarios;			/* globs may be names of such, too */
};

/*
 * suite_build - the cases of every workload that matches one of @globs, or of all workloads when there are none.
 * @choices has at least one of everything; the lists that @defaults marks vary one thing at a time, and so do the axes
 * of workloads: a full product would run for hours and say little more. Other lists are combined with everything.
 * Returns 0, or the exit status after one line on stderr: a glob matches nothing.
 */
int suite_build(struct suite *suite, const struct choices *choices, const struct suite_defaults *defaults,
		const char *const *globs, unsigned int nr_globs);
/* Adds @scenario with each policy, and as many threads as it has roles. Returns as above. */
int suite_add_scenario(struct suite *suite, const struct choices *choices, const struct workload *scenario);
/* Adds @what, under the name that follows from it. Returns 0, or the exit status after one line on stderr. */
int suite_add(struct suite *suite, const struct run_case *what);
/* Each case is to be measured @repetitions times. */
void suite_repeat(struct suite *suite, unsigned int repetitions);
void suite_free(struct suite *suite);

#endif
