/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h - what changed between two sides: faster, slower, or noise.
 *
 * A side is one run, or several, as many as the other has. Three or more are rounds: the i-th of both were made in turns (alternate.h).
 * For each benchmark:
 *
 *   the samples      in rounds the logarithm of after / before, one for each round: the trimmed mean over its pairs of repetitions
 *                    that were made side by side. What the machine did meanwhile falls out of a pair, and what sets two processes
 *                    apart for good - where memory lies - counts as noise. Else the logarithms of all repetitions of a side.
 *   ratio            after / before, of the trimmed means of these, with an interval of 95 %
 *   p                how probable as much would be if nothing differed (Yuen's test), corrected for the number of benchmarks
 *   threshold        what a change must exceed: the one asked for, what the controls with as many threads shifted by - the limit_*
 *                    workloads, in which nothing changes from one commit to another - and, but in rounds, which show the noise of
 *                    each benchmark by themselves, the noise floor of either side
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

enum change_verdict { VERDICT_NOISE, VERDICT_FASTER, VERDICT_SLOWER, VERDICT_CONTROL };

struct change {
	const struct result *result;	/* of the first run after */
	double before, after;		/* items per second, medians over all runs */
	double ratio, low, high, p;
	double threshold;		/* as a part: 0.05 is 5 % */
	enum change_verdict verdict;
};

struct comparison {
	struct change *changes;		/* of what all runs have, in the order of the results */
	unsigned int nr, faster, slower, controls;
	bool in_rounds;
	double asked, floor_before, floor_after;	/* parts; no floors in rounds */
};

/* @text names runs, or files, with commas in between. Returns 0, or the exit status after one line on stderr. */
int side_load(struct side *side, const char *text);
void side_free(struct side *side);

/* @threshold is a part. The sides have as many runs, and must outlive the comparison. */
void compare_sides(struct comparison *comparison, const struct side *before, const struct side *after, double threshold);
void comparison_free(struct comparison *comparison);

#endif
