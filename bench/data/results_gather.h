/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results_gather.h - what the readers of results' formats share: gathering rates by benchmark. */
#ifndef FAULTLINE_BENCH_DATA_RESULTS_GATHER_H
#define FAULTLINE_BENCH_DATA_RESULTS_GATHER_H

#include "bench/data/results.h"

struct json_t;

/* Results as they are gathered, from results_begin() to results_end(). */
struct results_reader {
	struct results *results;
	struct json_t *index;		/* each benchmark's place in results->all, by name */
	unsigned int room;
};

bool results_begin(struct results_reader *reader, struct results *results);
/* The benchmark of that @name, added when it is new; NULL when it cannot be read as a name, or memory ran out. */
struct result *results_add(struct results_reader *reader, const char *name);
/*
 * One more repetition, with the parts of struct result, 0 where they are not known. Rates that are no number from 0 on
 * are counted as empty. False when memory ran out.
 */
bool result_add_rate(struct result *result, double rate, double got, double on_cpu);
/*
 * A reader took file @name and returned @error. Sorts and judges the results, or frees them. Returns @error, or
 * -EINVAL with one line in @why when there are none, or memory ran out.
 */
int results_end(struct results_reader *reader, int error, const char *name, char *why, size_t why_size);

/* The readers: each takes one whole file into @reader, and returns 0 or -EINVAL with one line in @why. */
int results_take_json(struct results_reader *reader, const char *path, const char *text, size_t length, char *why,
		      size_t why_size);
int results_take_csv(struct results_reader *reader, const char *path, char *text, size_t length, char *why,
		     size_t why_size);
/* @text begins as a file that results_take_csv() reads. */
bool results_are_csv(const char *text);

void result_free(struct result *result);

#endif
