/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results.c - reads Google Benchmark's JSON. */
#include "bench/results.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/crew.h"
#include "bench/lenient_json.h"
#include "bench/run_folder.h"
#include "bench/statistics.h"
#include "bench/trust.h"
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
	free(result->got);
	free(result->on_cpu);
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

static double number_of(const json_t *run, const char *key)
{
	return json_number_value(json_object_get(run, key));
}

/* A repetition whose rate is no number has nothing to measure by: it is counted. */
static const char *add_repetition(struct result *result, const json_t *run, double rate)
{
	unsigned int i = result->nr;

	if (!isfinite(rate) || rate < 0) {
		result->empty++;
		return NULL;
	}
	if (!append_value(&result->rates, result->nr, rate) || !append_value(&result->in_turn, result->nr, rate) ||
	    !append_value(&result->got, result->nr, number_of(run, "processor_got")) ||
	    !append_value(&result->on_cpu, result->nr, number_of(run, "on_processor")))
		return "out of memory";
	for (; i && result->rates[i - 1] > rate; i--)
		result->rates[i] = result->rates[i - 1];
	result->rates[i] = rate;
	result->nr++;
	return NULL;
}

/* A failure, or a skip of later versions of Google Benchmark. False for neither; else NULL or what is wrong in *@wrong. */
static bool take_failure(struct result *result, const json_t *run, const char **wrong)
{
	const char *error = json_string_value(json_object_get(run, "error_message"));
	const char *skip = json_string_value(json_object_get(run, "skip_message"));
	const bool skipped = json_is_true(json_object_get(run, "skipped"));
	char text[512];

	if (!skipped && !json_is_true(json_object_get(run, "error_occurred")))
		return false;
	snprintf(text, sizeof(text), "%s%s", skipped ? CREW_SKIPPED : "", skipped && skip ? skip : error ? error : "failed");
	free(result->error);
	result->error = strdup(text);
	*wrong = result->error ? NULL : "out of memory";
	return true;
}

/* Aggregates are left aside: they follow from the repetitions. NULL, or what is wrong. */
static const char *add_run(struct results *results, const json_t *run)
{
	const char *name = json_string_value(json_object_get(run, "run_name"));
	const char *type = json_string_value(json_object_get(run, "run_type"));
	const json_t *rate = json_object_get(run, "items_per_second"), *fairness = json_object_get(run, "fairness");
	const char *wrong = NULL;
	struct result *result;

	if (!name || !type)
		return "a benchmark without run_name and run_type";
	if (strcmp(type, "iteration"))
		return NULL;
	result = result_of(results, name);
	if (!result)
		return "a benchmark's name that cannot be read";
	if (take_failure(result, run, &wrong))
		return wrong;
	if (!json_is_number(rate) && !json_is_null(rate))
		return "a benchmark without items_per_second";
	if (json_is_number(fairness) && (result->fairness < 0 || json_number_value(fairness) < result->fairness))
		result->fairness = json_number_value(fairness);
	return add_repetition(result, run, json_is_number(rate) ? json_number_value(rate) : NAN);
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

/* Files that were made before runs noted how they were made have a command. */
static bool was_quick(const json_t *context)
{
	const char *command = json_string_value(json_object_get(context, "command"));

	return json_object_get(context, "quick") || (command && (strstr(command, " --quick") || strstr(command, " -q")));
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
	results->quick = was_quick(context);
	results->beside = json_is_true(json_object_get(root, "other_runs"));
	results->others = number_of(root, "others_share");
	json_array_foreach(runs, i, run) {
		wrong = add_run(results, run);
		if (wrong)
			return wrong;
	}
	if (!results->nr)
		return "no benchmarks in it";
	qsort(results->all, results->nr, sizeof(*results->all), compare_results);
	trust_judge(results);
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
	int wrong;

	*results = (struct results){ 0 };
	if (!run_folder_file(run, "bench.json", path, sizeof(path)))
		return malformed(run, why, why_size, strerror(ENAMETOOLONG));
	if (access(path, R_OK)) {
		int number = errno;

		snprintf(why, why_size, "%s: %s", path, strerror(number));
		return -number;
	}
	root = lenient_json_load(path, &error);
	if (!root) {
		snprintf(why, why_size, "%s:%d: not JSON: %s", path, error.line, error.text);
		return -EINVAL;
	}
	wrong = results_take_json(path, root, results, why, why_size);
	json_decref(root);
	return wrong;
}

/* "marks" of each repetition and at the root; none where there are none. */
static void put_marks(json_t *object, unsigned int marks)
{
	json_t *names = json_array();

	for (enum mark mark = 0; mark < NR_MARKS; mark++)
		if (marks & 1u << mark)
			json_array_append_new(names, json_string(mark_name(mark)));
	if (json_array_size(names))
		json_object_set(object, "marks", names);
	json_decref(names);
}

int results_note(json_t *root, struct results *results, const struct company *company)
{
	json_t *run;
	const double floor = results_noise_floor(results);
	size_t i;

	results->others = company->share;
	results->beside = company->beside;
	trust_judge(results);
	json_array_foreach(json_object_get(root, "benchmarks"), i, run) {
		const struct result *result = results_by_name(results, json_string_value(json_object_get(run, "run_name")));

		if (result)
			put_marks(run, result->marks);
	}
	put_marks(root, results->marks);
	return json_object_set_new(root, "noise_floor", json_real(floor)) ||
	       json_object_set_new(root, "others_share", json_real(company->share)) ||
	       json_object_set_new(root, "other_runs", json_boolean(company->beside)) ? -ENOMEM : 0;
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
