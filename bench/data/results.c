/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results.c - what results say: rates, medians, noise. */
#include "bench/data/results.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/data/json_read.h"
#include "bench/data/results_gather.h"
#include "bench/data/run_folder.h"
#include "bench/data/statistics.h"
#include "bench/data/trust.h"
#include "core/faultline.h"

#define NOISE_PART	0.95	/* of the benchmarks, which differ by less than the noise floor */

void result_free(struct result *result)
{
	free(result->name);
	free(result->workload);
	free(result->policy);
	free(result->choices);
	free(result->rates);
	free(result->in_turn);
	free(result->got);
	free(result->on_cpu);
	free(result->error);
}

static char *fact(const json_t *context, const char *key)
{
	const char *value = json_string_value(json_object_get(context, key));

	return strdup(value ? value : "");
}

void results_take_facts(struct results *results, const json_t *context)
{
	results->cpu_model = fact(context, "cpu_model");
	results->commit = fact(context, "commit");
	results->date = fact(context, "date");
	results->build_type = fact(context, "build_type");
	results->topology = fact(context, "topology");
	results->context = json_incref((json_t *)context);
}

void results_take_incomplete(struct results *results, const json_t *root)
{
	const char *reason = json_string_value(json_object_get(root, "incomplete"));

	results->incomplete = reason ? strdup(reason) : NULL;
}

/* Google Benchmark's context holds strings, and is the only place of its files that is ours to fill. */
bool results_schema_known(const json_t *root)
{
	const json_t *own = json_object_get(root, "schema");
	const char *noted = json_string_value(json_object_get(json_object_get(root, "context"), "faultline_schema"));
	char known[16];

	snprintf(known, sizeof(known), "%d", RESULTS_SCHEMA);
	if (own)
		return json_is_integer(own) && json_integer_value(own) == RESULTS_SCHEMA;
	return !noted || !strcmp(noted, known);
}

void results_free(struct results *results)
{
	for (unsigned int i = 0; i < results->nr; i++)
		result_free(&results->all[i]);
	free(results->all);
	free(results->cpu_model);
	free(results->commit);
	free(results->date);
	free(results->build_type);
	free(results->topology);
	json_decref(results->context);
	free(results->incomplete);
	*results = (struct results){ 0 };
}

bool result_is_drawable(const struct result *result)
{
	if (result->empty || !result->nr)
		return !result->empty;
	return result->threads && result->threads <= MOST_THREADS_DRAWN && result_least(result) >= LEAST_RATE &&
	       result_most(result) <= MOST_RATE;
}

unsigned int results_keep(struct results *results, bool (*wanted)(const struct result *))
{
	unsigned int kept = 0, all = results->nr;

	for (unsigned int i = 0; i < all; i++)
		if (wanted(&results->all[i]))
			results->all[kept++] = results->all[i];
		else
			result_free(&results->all[i]);
	results->nr = kept;
	return all - kept;
}

const char *result_skipped(const struct result *result)
{
	const size_t length = strlen(RESULT_SKIPPED);

	return result->error && !strncmp(result->error, RESULT_SKIPPED, length) ? result->error + length : NULL;
}

double result_median(const struct result *result)
{
	return median_of(result->rates, result->nr);
}

void result_interval(const struct result *result, double *low, double *high)
{
	median_interval(result->rates, result->nr, low, high);
}

double results_noise_floor(const struct results *results)
{
	double *differing = calloc(results->nr + 1, sizeof(*differing)), floor;
	unsigned int nr = 0;

	BUG_ON(!differing);
	for (unsigned int i = 0; i < results->nr; i++)
		if (results->all[i].nr > 1 && trust_measured(&results->all[i]))
			differing[nr++] = halves_differ(results->all[i].in_turn, results->all[i].nr);
	sort_values(differing, nr);
	floor = expm1(quantile_of(differing, nr, NOISE_PART));
	free(differing);
	return floor;
}

double result_least(const struct result *result)
{
	return result->nr ? result->rates[0] : 0;
}

double result_most(const struct result *result)
{
	return result->nr ? result->rates[result->nr - 1] : 0;
}

double result_nanoseconds(const struct result *result)
{
	double median = result_median(result);

	return median >= LEAST_RATE ? result->threads * 1e9 / median : 0;
}

const struct result *results_find(const struct results *results, const struct result *of, const char *policy,
				  unsigned int threads)
{
	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *other = &results->all[i];

		if (!strcmp(other->workload, of->workload) && !strcmp(other->choices, of->choices) &&
		    !strcmp(other->policy, policy) && other->threads == threads)
			return other;
	}
	return NULL;
}

const struct result *results_by_name(const struct results *results, const char *name)
{
	for (unsigned int i = 0; i < results->nr; i++)
		if (!strcmp(results->all[i].name, name))
			return &results->all[i];
	return NULL;
}
