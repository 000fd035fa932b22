/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results_json.c - results of Google Benchmark, of all versions of its JSON.
 *
 *   until 1.4     no run_name and no run_type: aggregates are known by the ends of their names
 *   from 1.8 on   skipped and skip_message beside error_occurred and error_message
 *   any           NaN and Infinity; items_per_second only where the benchmark sets it: else one iteration is one item,
 *   by real_time
 *
 * BigO and RMS are fits, no measurements. Other aggregates follow from the repetitions; a file that has them alone
 * counts as one repetition, its median, or else its mean.
 *
 * Source: Google Benchmark, src/json_reporter.cc.
 */
#include "bench/data/results_gather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/data/json_read.h"

/* What one entry of "benchmarks" is. */
struct entry {
	const json_t *object;
	const char *name;		/* of the benchmark, without an aggregate's */
	size_t name_length;
	const char *aggregate;		/* NULL when it is a repetition */
};

/* The aggregate's name that @name ends with; NULL when none. */
static const char *aggregate_suffix(const char *name)
{
	static const char *const suffixes[] = { "_mean", "_median", "_stddev", "_cv", "_min", "_max", "_BigO", "_RMS" };
	const size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (length > strlen(suffixes[i]) && !strcmp(name + length - strlen(suffixes[i]), suffixes[i]))
			return name + length - strlen(suffixes[i]) + 1;
	return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const char *take_entry(struct entry *entry, const json_t *object)
{
	const char *run_name = text_of(object, "run_name"), *type = text_of(object, "run_type");

	*entry = (struct entry){ .object = object, .name = run_name ? run_name : text_of(object, "name") };
	if (!json_is_object(object))
		return "not an object";
	if (!entry->name)
		return "neither run_name nor name is a string";
	if (json_object_get(object, "run_type") && !type)
		return "run_type is not a string";
	entry->name_length = strlen(entry->name);
	if (!type) {
		entry->aggregate = aggregate_suffix(entry->name);
		if (entry->aggregate)
			entry->name_length = (size_t)(entry->aggregate - 1 - entry->name);
	} else if (strcmp(type, "iteration")) {
		entry->aggregate = text_of(object, "aggregate_name");
		if (!entry->aggregate)
			entry->aggregate = type;
	}
	return NULL;
}

static double number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static double seconds_per_unit(const char *unit)
{
	static const struct { const char *name; double seconds; } units[] = {
		{ "ns", 1e-9 }, { "us", 1e-6 }, { "ms", 1e-3 }, { "s", 1 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].seconds;
	return 0;
}

/* Items per second, or iterations; below 0 where the file has no number for it. NULL, or what is wrong. */
static const char *take_rate(const json_t *object, double *rate, bool *by_time)
{
	const json_t *items = json_object_get(object, "items_per_second"), *time = json_object_get(object, "real_time");
	const char *unit = text_of(object, "time_unit");
	double seconds = seconds_per_unit(unit ? unit : "ns");

	*rate = -1;
	*by_time = !items;
	if (items && !json_is_number(items) && !json_is_null(items))
		return "items_per_second is not a number";
	if (items) {
		*rate = json_is_number(items) ? json_number_value(items) : -1;
		return NULL;
	}
	if (!time || (!json_is_number(time) && !json_is_null(time)))
		return "neither items_per_second nor real_time is a number";
	if (seconds == 0)
		return "time_unit is none of ns, us, ms, s";
	if (json_number_value(time) > 0)
		*rate = 1 / (json_number_value(time) * seconds);
	return NULL;
}

static const char *add_rate_of(struct result *result, const json_t *object)
{
	const json_t *fairness = json_object_get(object, "fairness");
	const char *wrong;
	double rate;
	bool by_time;

	wrong = take_rate(object, &rate, &by_time);
	if (wrong)
		return wrong;
	if (result->nr && by_time != result->by_time)
		return "items_per_second in some repetitions only";
	result->by_time = by_time;
	if (json_is_number(fairness) && (result->fairness < 0 || json_number_value(fairness) < result->fairness))
		result->fairness = json_number_value(fairness);
	return result_add_rate(result, rate, number_of(object, "processor_got"), number_of(object, "on_processor"))
		       ? NULL : "out of memory";
}

/* Why the entry has no rate, to be freed; NULL when it has one. */
static char *error_of(const json_t *object)
{
	const char *message = text_of(object, "error_message"), *skip = text_of(object, "skip_message");
	char *error = NULL;

	if (json_is_true(json_object_get(object, "error_occurred")))
		return strdup(message ? message : "failed");
	if (json_is_true(json_object_get(object, "skipped")) &&
	    asprintf(&error, RESULT_SKIPPED "%s", skip ? skip : "no reason") < 0)
		return NULL;
	return error;
}

static struct result *result_of(struct results_reader *reader, const struct entry *entry)
{
	char *name = strndup(entry->name, entry->name_length);
	struct result *result = name ? results_add(reader, name) : NULL;

	free(name);
	return result;
}

static const char *add_repetition(struct results_reader *reader, const struct entry *entry)
{
	struct result *result = result_of(reader, entry);
	char *error = error_of(entry->object);

	if (!result) {
		free(error);
		return "a name without a workload";
	}
	if (!error)
		return add_rate_of(result, entry->object);
	free(result->error);
	result->error = error;
	return NULL;
}

/* The one rate of a benchmark that has neither repetitions nor another aggregate taken before. */
static const char *add_aggregate(struct results_reader *reader, const struct entry *entry)
{
	struct result *result = result_of(reader, entry);

	if (!result)
		return "a name without a workload";
	return result->nr || result->error ? NULL : add_rate_of(result, entry->object);
}

/* One pass over all entries: repetitions (@aggregate NULL), or aggregates of that name. */
static int take_entries(struct results_reader *reader, const json_t *runs, const char *aggregate, const char *path,
			char *why, size_t why_size)
{
	const json_t *run;
	size_t i;

	json_array_foreach(runs, i, run) {
		struct entry entry;
		const char *wrong = take_entry(&entry, run);

		if (!wrong && !aggregate && !entry.aggregate)
			wrong = add_repetition(reader, &entry);
		else if (!wrong && aggregate && entry.aggregate && !strcmp(entry.aggregate, aggregate))
			wrong = add_aggregate(reader, &entry);
		if (wrong) {
			snprintf(why, why_size, "%s: benchmarks[%zu]: %s", path, i, wrong);
			return -EINVAL;
		}
	}
	return 0;
}

/* Files that were made before runs noted how they were made have a command. */
static bool was_quick(const json_t *context)
{
	const char *command = text_of(context, "command");

	return json_object_get(context, "quick") ||
	       (command && (strstr(command, " --quick") || strstr(command, " -q")));
}

static void take_facts(struct results *results, const json_t *root, const json_t *context)
{
	results_take_facts(results, context);
	results_take_incomplete(results, root);
	results->cpus = (unsigned int)json_integer_value(json_object_get(context, "num_cpus"));
	results->quick = was_quick(context);
	results->beside = json_is_true(json_object_get(root, "other_runs"));
	results->others = number_of(root, "others_share");
}

static int take_root(struct results_reader *reader, const json_t *root, const char *path, char *why, size_t why_size)
{
	static const char *const passes[] = { NULL, "median", "mean" };
	const json_t *context = json_object_get(root, "context"), *runs = json_object_get(root, "benchmarks");
	const char *wrong = NULL;
	int error = 0;

	if (!json_is_object(context) || !json_is_array(runs))
		wrong = "not results of Google Benchmark: no context, or no benchmarks";
	else if (!results_schema_known(root))
		wrong = "results of another version of faultline: their schema is not known here";
	if (wrong) {
		snprintf(why, why_size, "%s: %s", path, wrong);
		return -EINVAL;
	}
	take_facts(reader->results, root, context);
	for (size_t i = 0; !error && i < sizeof(passes) / sizeof(passes[0]); i++)
		error = take_entries(reader, runs, passes[i], path, why, why_size);
	return error;
}

int results_take_json(struct results_reader *reader, const char *path, const char *text, size_t length, char *why,
		      size_t why_size)
{
	json_t *root = json_read_text(path, text, length, why, why_size);
	int error = root ? take_root(reader, root, path, why, why_size) : -EINVAL;

	json_decref(root);
	return error;
}

int results_take_root(const char *name, const json_t *root, struct results *results, char *why, size_t why_size)
{
	struct results_reader reader;

	if (!results_begin(&reader, results))
		return -ENOMEM;
	return results_end(&reader, take_root(&reader, root, name, why, why_size), name, why, why_size);
}
