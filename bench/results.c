/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results.c - reads Google Benchmark's JSON. */
#include "bench/results.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/crew.h"
#include "bench/run_folder.h"
#include "bench/statistics.h"
#include "core/faultline.h"

#define NOISE_PART	0.95	/* of the benchmarks, which differ by less than the noise floor */

static int malformed(const char *path, char *why, size_t why_size, const char *reason)
{
	snprintf(why, why_size, "%s: %s", path, reason);
	return -EINVAL;
}

/* ---- one benchmark's name taken apart ---- */

/* Adds "key:value" to the choices, which have room for all of the name. */
static void add_choice(struct result *result, const char *part)
{
	if (*result->choices)
		strcat(result->choices, " ");
	strcat(result->choices, part);
}

static void take_part(struct result *result, const char *part)
{
	if (!strncmp(part, "threads:", 8)) {
		result->threads = (unsigned int)strtoul(part + 8, NULL, 10);
	} else if (!strncmp(part, "policy:", 7)) {
		free(result->policy);
		result->policy = strdup(part + 7);
	} else if (strchr(part, ':')) {
		add_choice(result, part);
	} else if (!result->workload) {
		result->workload = strdup(part);
	} else {
		add_choice(result, part);
	}
}

static void result_free(struct result *result)
{
	free(result->name);
	free(result->workload);
	free(result->policy);
	free(result->choices);
	free(result->rates);
	free(result->in_turn);
	free(result->error);
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

/* ---- one run of it ---- */
static struct result *result_of(struct results *results, const char *name)
{
	struct result *grown;

	for (unsigned int i = results->nr; i; i--)
		if (!strcmp(results->all[i - 1].name, name))
			return &results->all[i - 1];
	grown = realloc(results->all, (results->nr + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	results->all = grown;
	return result_init(&grown[results->nr], name) ? &grown[results->nr++] : NULL;
}

static int add_rate(struct result *result, double rate)
{
	double *grown = realloc(result->rates, (result->nr + 1) * sizeof(*grown)), *in_turn;
	unsigned int i = result->nr;

	if (!grown)
		return -ENOMEM;
	result->rates = grown;
	in_turn = realloc(result->in_turn, (result->nr + 1) * sizeof(*in_turn));
	if (!in_turn)
		return -ENOMEM;
	in_turn[result->nr] = rate;
	result->in_turn = in_turn;
	for (; i && grown[i - 1] > rate; i--)
		grown[i] = grown[i - 1];
	grown[i] = rate;
	result->nr++;
	return 0;
}

/* Aggregates are left aside: they follow from the repetitions. NULL, or what is wrong. */
static const char *add_run(struct results *results, const json_t *run)
{
	const char *name = json_string_value(json_object_get(run, "run_name"));
	const char *type = json_string_value(json_object_get(run, "run_type"));
	const char *error = json_string_value(json_object_get(run, "error_message"));
	const json_t *rate = json_object_get(run, "items_per_second"), *fairness = json_object_get(run, "fairness");
	struct result *result;

	if (!name || !type)
		return "a benchmark without run_name and run_type";
	if (strcmp(type, "iteration"))
		return NULL;
	result = result_of(results, name);
	if (!result)
		return "a benchmark's name that cannot be read";
	if (json_is_true(json_object_get(run, "error_occurred"))) {
		free(result->error);
		result->error = strdup(error ? error : "failed");
		return result->error ? NULL : "out of memory";
	}
	if (!json_is_number(rate))
		return "a benchmark without items_per_second";
	if (json_is_number(fairness) && (result->fairness < 0 || json_number_value(fairness) < result->fairness))
		result->fairness = json_number_value(fairness);
	return add_rate(result, json_number_value(rate)) ? "out of memory" : NULL;
}

/* ---- the whole file ---- */
static unsigned int preset_index(const char *policy)
{
	unsigned int i = 0;

	while (i < nr_policy_presets && strcmp(policy_presets[i].name, policy))
		i++;
	return i;
}

/* Numbers in choices compare as numbers: pages:64 before pages:512. */
static int compare_results(const void *a, const void *b)
{
	const struct result *one = a, *other = b;
	int order = strcmp(one->workload, other->workload);

	if (!order)
		order = strverscmp(one->choices, other->choices);
	if (!order)
		order = (int)preset_index(one->policy) - (int)preset_index(other->policy);
	if (!order)
		order = strcmp(one->policy, other->policy);
	return order ? order : (one->threads > other->threads) - (one->threads < other->threads);
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

static const char *take_root(struct results *results, const json_t *root)
{
	const json_t *context = json_object_get(root, "context"), *runs = json_object_get(root, "benchmarks"), *run;
	const char *wrong = NULL;
	size_t i;

	if (!json_is_object(context) || !json_is_array(runs))
		return "not results of Google Benchmark: no context, or no benchmarks";
	if (!results_schema_known(root))
		return "results of another version of faultline: their schema is not known here";
	results_take_facts(results, context);
	if (json_object_get(root, "incomplete"))
		results->incomplete = fact(root, "incomplete");
	results->cpus = (unsigned int)json_integer_value(json_object_get(context, "num_cpus"));
	json_array_foreach(runs, i, run) {
		wrong = add_run(results, run);
		if (wrong)
			return wrong;
	}
	if (!results->nr)
		return "no benchmarks in it";
	qsort(results->all, results->nr, sizeof(*results->all), compare_results);
	return NULL;
}

int results_take_json(const char *name, const json_t *root, struct results *results, char *why, size_t why_size)
{
	const char *wrong;

	*results = (struct results){ 0 };
	wrong = take_root(results, root);
	if (!wrong)
		return 0;
	results_free(results);
	return malformed(name, why, why_size, wrong);
}

int results_load(const char *run, struct results *results, char *why, size_t why_size)
{
	char path[PATH_MAX];
	json_error_t error;
	json_t *root;
	FILE *file;
	int wrong;

	*results = (struct results){ 0 };
	if (!run_folder_file(run, "bench.json", path, sizeof(path)))
		return malformed(run, why, why_size, strerror(ENAMETOOLONG));
	file = fopen(path, "re");
	if (!file) {
		int number = errno;

		snprintf(why, why_size, "%s: %s", path, strerror(number));
		return -number;
	}
	root = json_loadf(file, 0, &error);
	fclose(file);
	if (!root) {
		snprintf(why, why_size, "%s:%d: not JSON: %s", path, error.line, error.text);
		return -EINVAL;
	}
	wrong = results_take_json(path, root, results, why, why_size);
	json_decref(root);
	return wrong;
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
	if (!result->nr)
		return true;
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
	const size_t length = strlen(CREW_SKIPPED);

	return result->error && !strncmp(result->error, CREW_SKIPPED, length) ? result->error + length : NULL;
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
		if (results->all[i].nr > 1)
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
