/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results_gather.c - gathers rates by benchmark, whatever the file's format. */
#include "bench/data/results_gather.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/data/statistics.h"
#include "bench/data/trust.h"
#include "bench/ground/command.h"
#include "core/faultline.h"

/* ---- one benchmark's name, part by part ---- */

/* Adds "key:value" to the choices, which have room for all of the name. */
static void add_choice(struct result *result, const char *part)
{
	if (*result->choices)
		strcat(result->choices, " ");
	strcat(result->choices, part);
}

/* The first part that is none of ours is the workload, whatever is in it: others' names are C++. */
static void take_part(struct result *result, const char *part)
{
	uint64_t threads;

	if (!strncmp(part, "threads:", 8) && read_number(part + 8, 0, UINT_MAX, &threads)) {
		result->threads = (unsigned int)threads;
	} else if (!strncmp(part, "policy:", 7)) {
		free(result->policy);
		result->policy = strdup(part + 7);
	} else if (result->workload) {
		add_choice(result, part);
	} else {
		result->workload = strdup(part);
	}
}

/* False when memory ran out, or the name has no workload. */
static bool result_init(struct result *result, const char *name)
{
	char *parts = strdup(name), *next = NULL;

	*result = (struct result){ .name = strdup(name), .policy = strdup(""), .choices = calloc(1, strlen(name) + 1),
				   .threads = 1, .fairness = -1 };
	if (parts && result->name && result->policy && result->choices)
		for (char *part = strtok_r(parts, "/", &next); part; part = strtok_r(NULL, "/", &next))
			take_part(result, part);
	free(parts);
	if (result->workload && result->policy)
		return true;
	result_free(result);
	return false;
}

/* ---- gathering ---- */
bool results_begin(struct results_reader *reader, struct results *results)
{
	*results = (struct results){ 0 };
	*reader = (struct results_reader){ .results = results, .index = json_object() };
	return reader->index != NULL;
}

struct result *results_add(struct results_reader *reader, const char *name)
{
	struct results *results = reader->results;
	const json_t *known = json_object_get(reader->index, name);

	if (known)
		return &results->all[json_integer_value(known)];
	if (results->nr == reader->room) {
		unsigned int room = reader->room ? 2 * reader->room : 64;
		struct result *grown = realloc(results->all, room * sizeof(*grown));

		if (!grown)
			return NULL;
		results->all = grown;
		reader->room = room;
	}
	if (!result_init(&results->all[results->nr], name))
		return NULL;
	if (json_object_set_new(reader->index, name, json_integer(results->nr))) {
		result_free(&results->all[results->nr]);
		return NULL;
	}
	return &results->all[results->nr++];
}

/* One more value behind the @nr that are there; false when memory ran out. */
static bool append_value(double **values, unsigned int nr, double value)
{
	double *grown = realloc(*values, (nr + 1) * sizeof(*grown));

	if (grown) {
		grown[nr] = value;
		*values = grown;
	}
	return grown;
}

bool result_add_rate(struct result *result, double rate, double got, double on_cpu)
{
	if (!isfinite(rate) || rate < 0) {
		result->empty++;
		return true;
	}
	if (!append_value(&result->in_turn, result->nr, rate) || !append_value(&result->got, result->nr, got) ||
	    !append_value(&result->on_cpu, result->nr, on_cpu))
		return false;
	result->nr++;
	return true;
}

/* The rates in order. */
static bool finish(struct result *result)
{
	if (!result->nr)
		return true;
	result->rates = malloc(result->nr * sizeof(*result->rates));
	if (!result->rates)
		return false;
	memcpy(result->rates, result->in_turn, result->nr * sizeof(*result->rates));
	sort_values(result->rates, result->nr);
	return true;
}

/* Numbers in choices compare as numbers: pages:64 before pages:512. */
static int compare_results(const void *a, const void *b)
{
	const struct result *one = a, *other = b;
	int order = strcmp(one->workload, other->workload);

	if (!order)
		order = strverscmp(one->choices, other->choices);
	if (!order)
		order = policy_compare(one->policy, other->policy);
	return order ? order : (one->threads > other->threads) - (one->threads < other->threads);
}

/* NULL, or what is wrong with them. */
static const char *complete(struct results *results)
{
	if (!results->nr)
		return "no benchmarks in it";
	for (unsigned int i = 0; i < results->nr; i++)
		if (!finish(&results->all[i]))
			return "out of memory";
	qsort(results->all, results->nr, sizeof(*results->all), compare_results);
	trust_judge(results);
	return NULL;
}

int results_end(struct results_reader *reader, int error, const char *name, char *why, size_t why_size)
{
	const char *wrong = error ? NULL : complete(reader->results);

	if (wrong) {
		snprintf(why, why_size, "%s: %s", name, wrong);
		error = -EINVAL;
	}
	json_decref(reader->index);
	if (error)
		results_free(reader->results);
	return error;
}
