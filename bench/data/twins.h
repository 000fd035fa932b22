/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * twins.h - the model beside what it is a model of: workloads of the live kernel, and of the core with the same shape,
 * in the same results.
 *
 * Where page contents matter, the core's with whole pages stands for it, if it was measured: the kernel clears and
 * copies them too.
 */
#ifndef FAULTLINE_BENCH_DATA_TWINS_H
#define FAULTLINE_BENCH_DATA_TWINS_H

#include <stdio.h>

#include "bench/data/results.h"

/* A live workload with one combination of choices. Of both sides the benchmark with the fewest threads. */
struct twin {
	const struct result *live, *core;	/* core: NULL when it was not measured */
	/* why the live kernel would not; NULL when it did: what follows is known only then */
	const char *skipped;
	/* time of an item in the core, against the live kernel's; and the interval it is in */
	double ratio, low, high;
	double live_scaling, core_scaling;	/* rate of two threads against that of one; 0: not measured */
	bool trusted;				/* neither side has a mark (trust.h): else it counts for no median */
	/* its choices are the first of each axis: what stands for it in a picture */
	bool usual;
};

/*
 * twins_find - by name and choices; a live workload that failed has no twin, nor one whose core side was not measured.
 * Returns an array for free(), with *@nr of them; NULL when there are none, or memory ran out.
 */
struct twin *twins_find(const struct results *results, unsigned int *nr);
/* As text: a line for each, and what they come to. Prints nothing when there are none. */
void table_twins(FILE *out, const struct results *results);

#endif
