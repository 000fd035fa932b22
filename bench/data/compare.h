/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h - what changed between two sides: faster, slower, the same within a threshold, or undecided.
 *
 * A side is one run, or several, as many as the other has. Three or more are rounds: the i-th of both were made in
 * turns (alternate.h). For each benchmark:
 *
 *   the rate         items per second; with one thread, which waits for no other, items per second of processor time:
 *                    what else runs
 *                    takes time from a thread, but adds little to what it uses
 *   the samples      in rounds the logarithm of after / before, one for each round: the trimmed mean over its pairs of
 *                    repetitions
 *                    that were made side by side. What the machine did meanwhile falls out of a pair, and what sets two
 *                    processes apart for good - where memory lies - counts as noise. Else the logarithms of all
 *                    repetitions of a side.
 *   ratio            after / before, of the means of these (trimmed, but in rounds), with an interval of 95 %
 *   p                how probable as much would be if nothing differed, corrected for the number of benchmarks. In
 *   rounds by a test that
 *                    may be looked at after each of them (differ_sequentially()), else by Yuen's
 *   threshold        what a change must exceed: the one asked for, what the controls with as many threads shifted by -
 *                    the limit_*
 *                    workloads, in which nothing changes from one commit to another - and, but in rounds, which show
 *                    the noise of each benchmark by themselves, the noise floor of either side
 *
 * A benchmark is faster or slower when p is below SIGNIFICANCE and the ratio beyond the threshold; the same when the
 * interval lies within the threshold; else more rounds are needed. Rows with marks (trust.h) in half of a side's runs
 * are excluded; starved and two-groups count for rates by real time alone. Sides with runs by --quick are refused.
 */
#ifndef FAULTLINE_BENCH_DATA_COMPARE_H
#define FAULTLINE_BENCH_DATA_COMPARE_H

#include "bench/data/results.h"

#define MAX_RUNS	256	/* of one side */
#define COMPARE_DIGITS	5	/* of the rates that are printed */
#define COMPARE_THRESHOLD	0.01	/* unless another one is asked for */

struct side {
	struct results runs[MAX_RUNS];
	unsigned int nr;
};

enum change_verdict {
	VERDICT_UNKNOWN,
	VERDICT_SAME,
	VERDICT_FASTER,
	VERDICT_SLOWER,
	VERDICT_CONTROL,
	VERDICT_MARKED,
	NR_VERDICTS
};

struct change {
	const struct result *result;	/* of the first run after */
	bool by_processor;		/* rates are those of processor time */
	unsigned int marks;		/* why it was excluded */
	double before, after;		/* items per second: the median of all runs before; that times the ratio */
	double ratio, low, high, p;
	double threshold;		/* as a part: 0.05 is 5 % */
	enum change_verdict verdict;
};

struct comparison {
	struct change *changes;		/* of what all runs have, in the order of the results */
	unsigned int nr, counts[NR_VERDICTS], judged;
	bool in_rounds;
	double asked, floor_before, floor_after;	/* parts; no floors in rounds */
	/* geometric mean of the ratios judged; an interval in rounds alone, else 0 */
	double mean, mean_low, mean_high;
};

/* @text names runs, or files, with commas in between. Returns 0, or the exit status after one line on stderr. */
int side_load(struct side *side, const char *text);
void side_free(struct side *side);

/* @threshold is a part. The sides have as many runs, and must outlive the comparison. */
void compare_sides(struct comparison *comparison, const struct side *before, const struct side *after,
		   double threshold);
/* Of all together: slower before faster before undecided; VERDICT_UNKNOWN also when nothing was judged. */
enum change_verdict comparison_verdict(const struct comparison *comparison);
void comparison_free(struct comparison *comparison);

#endif
