/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras.h - the gain of each step from one policy to the next. */
#ifndef FAULTLINE_BENCH_DATA_ERAS_H
#define FAULTLINE_BENCH_DATA_ERAS_H

#include <stdio.h>

#include "bench/data/results.h"

#define ERAS_MOST	8	/* policies in a row */

/*
 * Policies by policy_compare(), each a step from the one before: Linux's history by version, then the others. The
 * first is the base: the oldest of the history that was measured. All steps together end at the newest of the history.
 */
struct eras {
	const struct results *results;
	const char *policies[ERAS_MOST];
	unsigned int nr_policies, nr_history;	/* the history comes first */
	unsigned int nr_steps;		/* that were measured, in all rows, without marks */
	/* what p must not exceed, so that of the steps found at most SIGNIFICANCE are false */
	double chance;
};

/* Throughput after a step against that before it. */
struct era_step {
	double factor, low, high;	/* of trimmed means, with an interval of 95 % */
	double p;			/* that as much comes by chance (Yuen's test) */
	bool noise;			/* not significant among all steps: neither better nor worse */
	/* of either side (trust.h): such a step is noise, and drawn and counted nowhere */
	unsigned int marks;
};

struct eras eras_of(const struct results *results);
/*
 * The @step-th step, from policy @step to the next, of the workload, choices and threads of @of. False when one side
 * was not measured.
 */
bool eras_step(const struct eras *eras, const struct result *of, unsigned int step, struct era_step *bought);
/* The index of the policy with which all steps together end. */
unsigned int eras_last(const struct eras *eras);
/* All steps together. */
bool eras_whole(const struct eras *eras, const struct result *of, struct era_step *bought);
/* The results of the first policy, which stand for a row each; NULL past the last. */
const struct result *eras_row(const struct eras *eras, unsigned int nth);
/* What is new in a preset, in a few words; "" for what is no preset. */
const char *era_news(const char *policy);

/* One line for each row: the factor of each step, in brackets when it is noise. */
void table_eras(FILE *out, const struct results *results);

#endif
