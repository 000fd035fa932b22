/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results.h - what a file of results says: Google Benchmark's JSON, gathered by benchmark. */
#ifndef FAULTLINE_BENCH_RESULTS_H
#define FAULTLINE_BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

/* One benchmark: WORKLOAD/key:value.../threads:N, with a rate for each repetition. */
struct result {
	char *name;			/* all of it */
	char *workload;
	char *policy;			/* "" when it has none */
	char *choices;			/* the other keys and values, "key:value ..."; "" when there are none */
	unsigned int threads;
	unsigned int nr;		/* repetitions that have a rate */
	double *rates;			/* items per second, ascending */
	char *error;			/* NULL unless a repetition failed */
};

struct results {
	struct result *all;		/* by workload, choices, policy (in the order of the presets), threads */
	unsigned int nr;
	/* Facts of the context, "" when the file lacks them. */
	char *cpu_model, *commit, *date, *build_type, *topology;
	unsigned int cpus;		/* of the machine; 0 when the file lacks it */
};

/*
 * @run is a file of results, or a run's folder, whose bench.json is meant.
 * Returns 0, or -errno with one line in @why, as "FILE: reason" or "FILE:LINE: reason".
 */
int results_load(const char *run, struct results *results, char *why, size_t why_size);
void results_free(struct results *results);

struct json_t;
/* Into @results without any: the facts of @context, as other files than Google Benchmark's have them. */
void results_take_facts(struct results *results, const struct json_t *context);

/* Why it could not be run on this machine, which is no failure; NULL when it was run, or failed. */
const char *result_skipped(const struct result *result);
/* Of the rates; 0 when there are none. */
double result_median(const struct result *result);
double result_least(const struct result *result);
double result_most(const struct result *result);
/* Holds the median that endless repetitions would have, as far as these tell. */
void result_interval(const struct result *result, double *low, double *high);
/* What one thread spends on one item, in nanoseconds: threads / median. */
double result_nanoseconds(const struct result *result);

/* The result that differs from @of in policy and number of threads alone; NULL when there is none. */
const struct result *results_find(const struct results *results, const struct result *of, const char *policy,
				  unsigned int threads);
const struct result *results_by_name(const struct results *results, const char *name);

#endif
