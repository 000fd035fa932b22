/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure.h - what `faultline bench` and its like have in common: options, a suite, Google Benchmark, one file of
 * results.
 */
#ifndef FAULTLINE_BENCH_CMD_MEASURE_H
#define FAULTLINE_BENCH_CMD_MEASURE_H

#include "bench/data/results.h"

/* One kind of measurement. */
struct measurement {
	const char *file;			/* in the run's folder */
	const char *const *workloads;		/* globs, where none are given; none at all: every workload */
	unsigned int nr_workloads;
	/*
	 * Every policy with at least this many numbers of threads, for one value of all else. 0: as choices and axes
	 * vary.
	 */
	unsigned int grid;
	int (*print)(const struct results *results);	/* as text; returns an exit status */
};

/* Reads a command line, measures, writes the file and prints the results. Returns the exit status. */
int measure(const struct measurement *kind, int argc, const char **argv);

#endif
