/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results.h - what a file of results says, gathered by benchmark: Google Benchmark's JSON (results_json.c has its
 * versions), or will-it-scale's CSV (results_csv.c).
 */
#ifndef FAULTLINE_BENCH_DATA_RESULTS_H
#define FAULTLINE_BENCH_DATA_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/ground/company.h"

struct json_t;

/* Items per second, of anything that a machine can do and a picture show. */
#define LEAST_RATE	1e-6
#define MOST_RATE	1e15
#define MOST_THREADS_DRAWN	1000000u

#define RESULT_SKIPPED	"skipped: "	/* before a reason in place of an error: see workload_skip() */

/* One benchmark: WORKLOAD/key:value.../threads:N, with a rate for each repetition. */
struct result {
	char *name;			/* all of it */
	char *workload;
	char *policy;			/* "" when it has none */
	char *choices;			/* the other keys and values, "key:value ..."; "" when there are none */
	unsigned int threads;
	unsigned int nr;		/* repetitions that have a rate */
	double *rates;			/* items per second, ascending; finite, none below 0 */
	bool by_time;			/* they are iterations per second, since the file has no items */
	double *in_turn;		/* the same in the order they were measured */
	double fairness;		/* of the repetition that was least fair; below 0 when the file has none */
	char *error;			/* NULL unless a repetition failed, or none has a rate */
	unsigned int empty;		/* repetitions that have no finite rate */
	unsigned int marks;		/* bits of enum mark: why the rates cannot be trusted */
	/* In the order they were measured, as parts, 0 where the file lacks them; */
	double *got;			/* processor time against what the threads wanted, */
	double *on_cpu;			/* and against real time */
};

struct results {
	struct result *all;		/* by workload, choices, policy (by policy_compare()), threads */
	unsigned int nr;
	/* Facts of the context, "" when the file lacks them. */
	char *cpu_model, *commit, *date, *build_type, *topology;
	char *incomplete;		/* why the measurement ended early; NULL when it did not */
	unsigned int cpus;		/* of the machine; 0 when the file lacks it */
	struct json_t *context;		/* all of it; NULL when there is none */
	unsigned int marks;		/* of the run, not of a row */
	bool quick, beside;		/* a smoke run; made while another one measured */
	double others;			/* share of the processors that other programs used */
};

/* @root, of any file of a run's folder, has the schema that this program writes, or names none. */
bool results_schema_known(const struct json_t *root);
/*
 * @run is a file of results, or a run's folder, whose bench.json is meant.
 * Returns 0, or -errno with one line in @why, as "FILE: reason" or "FILE:LINE: reason".
 */
int results_load(const char *run, struct results *results, char *why, size_t why_size);
/* The same of @root, which @name stands for in @why. */
int results_take_root(const char *name, const struct json_t *root, struct results *results, char *why, size_t why_size);
/* Nothing is left in @results: after a load that failed, or another free, there is nothing to do. */
void results_free(struct results *results);

/* A picture can hold it: it failed, or has threads, and all its rates are LEAST_RATE to MOST_RATE. */
bool result_is_drawable(const struct result *result);
/* Drops the results that are not @wanted. Returns how many they were. */
unsigned int results_keep(struct results *results, bool (*wanted)(const struct result *));
/* Into @results without any: the facts of @context, as other files than Google Benchmark's have them. */
void results_take_facts(struct results *results, const struct json_t *context);
/* Why the measurement that left @root ended early. */
void results_take_incomplete(struct results *results, const struct json_t *root);

/* Why it could not be run on this machine, which is no failure; NULL when it was run, or failed. */
const char *result_skipped(const struct result *result);
/* Of the rates; 0 when there are none. */
double result_median(const struct result *result);
double result_least(const struct result *result);
double result_most(const struct result *result);
/*
 * result_interval - where the median lies, by order statistics alone: of 5 repetitions it is the range from least to
 * most, and covers it with a probability of 0.94; from 6 on it is at least 0.95 (median_interval()).
 */
void result_interval(const struct result *result, double *low, double *high);
/*
 * results_noise_floor - by which part the medians of one run differ with nothing changed (A/A): each benchmark's
 * repetitions, which were interleaved with those of the others, are split in two halves as two runs would have them; of
 * all benchmarks the 95th percentile. 0 when none was repeated.
 */
double results_noise_floor(const struct results *results);
/*
 * results_note - judges @results, which were taken from @root, and adds to @root what only all of the run shows: the
 * noise floor, the company, the marks. Returns 0 or -ENOMEM.
 */
int results_note(struct json_t *root, struct results *results, const struct company *company);
/* What one thread spends on one item, in nanoseconds: threads / median; 0 for rates below LEAST_RATE. */
double result_nanoseconds(const struct result *result);

/* The result that differs from @of in policy and number of threads alone; NULL when there is none. */
const struct result *results_find(const struct results *results, const struct result *of, const char *policy,
				  unsigned int threads);
const struct result *results_by_name(const struct results *results, const char *name);

#endif
