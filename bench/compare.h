/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h - what changed between two sides: faster, slower, or noise.
 *
 * A side is one run, or several that were made in turns with those of the other side (A B A B …). For each benchmark:
 *
 *   the samples      with three runs or more on both sides the logarithm of each run's median, in pairs where both have as many:
 *                    what sets two processes apart - where memory lies, what the machine did meanwhile - counts as noise then,
 *                    and what drifts slowly falls out of the pairs. Else the logarithms of all repetitions.
 *   ratio            after / before, of the trimmed means of these, with an interval of 95 %
 *   p                how probable as much would be if nothing differed (Yuen's test), corrected for the number of benchmarks
 *   threshold        what a change must exceed: the one asked for, the noise floor of either side, and what the controls with as
 *                    many threads shifted by - the limit_* workloads, in which nothing changes from one commit to another
 *
 * A benchmark is faster or slower when p is below SIGNIFICANCE and the ratio beyond the threshold; else what differs is noise.
 */
#ifndef FAULTLINE_BENCH_COMPARE_H
#define FAULTLINE_BENCH_COMPARE_H

#include "bench/results.h"

#define MAX_RUNS	64	/* of one side */
#define COMPARE_THRESHOLD	0.05	/* unless another one is asked for */

struct side {
	struct results runs[MAX_RUNS];
	unsigned int nr;
};

enum verdict { VERDICT_NOISE, VERDICT_FASTER, VERDICT_SLOWER, VERDICT_CONTROL };

struct change {
	const struct result *result;	/* of the first run after */
	double before, after;		/* items per second, medians over all runs */
	double ratio, low, high, p;
	double threshold;		/* as a part: 0.05 is 5 % */
	enum verdict verdict;
};

struct comparison {
	struct change *changes;		/* of what all runs have, in the order of the results */
	unsigned int nr, faster, slower, controls;
	double asked, floor_before, floor_after;	/* parts */
};

/* @text names runs, or files, with commas in between. Returns 0, or the exit status after one line on stderr. */
int side_load(struct side *side, const char *text);
void side_free(struct side *side);

/* @threshold is a part. The sides must outlive the comparison. */
void compare_sides(struct comparison *comparison, const struct side *before, const struct side *after, double threshold);
void comparison_free(struct comparison *comparison);

#endif
