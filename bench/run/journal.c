/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal.c - writes repetitions line by line; reads them, or an incomplete file of results. */
#include "bench/run/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/data/run_folder.h"
#include "bench/ground/command.h"
#include "bench/ground/out_file.h"
#include "faultline_build.h"

/* ---- writing ---- */
static void put_line(FILE *out, json_t *line)
{
	if (line && !json_dumpf(line, out, JSON_COMPACT)) {
		fputc('\n', out);
		fflush(out);
	}
	json_decref(line);
}

static json_t *arguments_of(int argc, const char **argv)
{
	json_t *arguments = json_array();

	for (int i = 1; i < argc; i++)
		json_array_append_new(arguments, json_string(argv[i]));
	return arguments;
}

char *journal_arguments(int argc, const char **argv)
{
	json_t *arguments = arguments_of(argc, argv);
	char *text = json_dumps(arguments, JSON_COMPACT);

	json_decref(arguments);
	return text;
}

static bool is_repetition(const json_t *row)
{
	const char *type = json_string_value(json_object_get(row, "run_type"));

	return type && !strcmp(type, "iteration");
}

void journal_begin(FILE *out, int argc, const char **argv, const json_t *rows)
{
	char *arguments = journal_arguments(argc, argv);
	json_t *row;
	size_t i;

	put_line(out, json_pack("{s:{s:s, s:s}}", "context", "commit", FAULTLINE_BUILD_COMMIT,
				"arguments", arguments ? arguments : "[]"));
	free(arguments);
	json_array_foreach(rows, i, row)
		if (is_repetition(row))
			put_line(out, json_incref(row));
}

void journal_note(FILE *out, const struct run_case *what, uint64_t quota, double seconds, double processor,
		  json_t *counters)
{
	const double iterations = (double)(quota * what->threads);
	json_t *row = json_pack("{s:o, s:s, s:i, s:I, s:f, s:f, s:s}", "run_name",
				json_sprintf("%s/threads:%u", what->name, what->threads), "run_type", "iteration",
				"threads", (int)what->threads, "iterations", (json_int_t)iterations, "real_time",
				seconds * 1e9 / iterations, "cpu_time", processor * 1e9 / iterations, "time_unit",
				"ns");

	json_object_set(row, "name", json_object_get(row, "run_name"));
	json_object_update(row, counters);
	put_line(out, row);
}

/* ---- reading ---- */

/* Lines up to the first that is not whole: what was being written when the program was killed. */
static json_t *read_journal(FILE *in)
{
	json_t *root = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL), *rows = json_array(), *row;

	while (root && (row = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL)))
		json_array_append_new(rows, row);
	json_object_set_new(root, "incomplete", json_string("killed"));
	json_object_set_new(root, "benchmarks", rows);
	return root;
}

static json_t *read_either(const char *path)
{
	char unfinished[PATH_MAX + sizeof(UNFINISHED)];
	json_t *root = NULL;
	FILE *in;

	snprintf(unfinished, sizeof(unfinished), "%s" UNFINISHED, path);
	in = fopen(unfinished, "re");
	if (in)
		root = read_journal(in);
	if (in)
		fclose(in);
	return root ? root : json_load_file(path, 0, NULL);
}

static const char *run_name(const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "run_name"));

	return name ? name : "";
}

static json_t *rows_that_count(const json_t *all)
{
	json_t *rows = json_array(), *row;
	size_t i;

	json_array_foreach(all, i, row)
		if (!json_is_true(json_object_get(row, "error_occurred")))
			json_array_append(rows, row);
	return rows;
}

static int take_root(struct earlier *earlier, const json_t *root)
{
	const json_t *context = json_object_get(root, "context");
	const char *commit = json_string_value(json_object_get(context, "commit"));
	const char *arguments = json_string_value(json_object_get(context, "arguments"));

	if (!root)
		return complain("%s: no results to resume, and no " UNFINISHED " file beside it", earlier->path);
	if (!commit || !arguments)
		return complain("%s: no arguments in it: only results of faultline bench, eras and numa can be resumed",
				earlier->path);
	if (!json_object_get(root, "incomplete"))
		return complain("%s: is complete", earlier->path);
	if (strcmp(commit, FAULTLINE_BUILD_COMMIT))
		return complain("%s: measured by commit %s, and this program is %s", earlier->path, commit,
				FAULTLINE_BUILD_COMMIT);
	earlier->arguments = json_loads(arguments, 0, NULL);
	earlier->rows = rows_that_count(json_object_get(root, "benchmarks"));
	return json_is_array(earlier->arguments) && earlier->rows ?
		       0 :
		       complain("%s: its arguments cannot be read", earlier->path);
}

int journal_load(struct earlier *earlier, const char *run, const char *name)
{
	json_t *root;
	int status;

	*earlier = (struct earlier){ 0 };
	if (!run_folder_file(run, name, earlier->path, sizeof(earlier->path)))
		return complain("%s: %s", run, strerror(ENAMETOOLONG));
	root = read_either(earlier->path);
	status = take_root(earlier, root);
	json_decref(root);
	if (status)
		journal_free(earlier);
	return status;
}

void journal_free(struct earlier *earlier)
{
	json_decref(earlier->arguments);
	json_decref(earlier->rows);
	*earlier = (struct earlier){ 0 };
}

const char **journal_command(const struct earlier *earlier, const char *program, int *argc)
{
	const char **argv = calloc(json_array_size(earlier->arguments) + 2, sizeof(*argv));
	const json_t *word;
	size_t i;

	if (!argv)
		return NULL;
	argv[0] = program;
	json_array_foreach(earlier->arguments, i, word)
		argv[i + 1] = json_string_value(word) ? json_string_value(word) : "";
	*argc = (int)json_array_size(earlier->arguments) + 1;
	return argv;
}

/* ---- one measurement out of two ---- */
static unsigned int repetitions_of(const json_t *rows, const char *name)
{
	unsigned int nr = 0;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		nr += is_repetition(row) && !strcmp(run_name(row), name);
	return nr;
}

static bool is_case_of(const struct run_case *what, const json_t *row)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s/threads:%u", what->name, what->threads);
	return !strcmp(run_name(row), name);
}

/* The library writes the context of what it measures alone: where nothing is left, one repetition is measured again. */
static unsigned long take_back_one(const struct earlier *earlier, struct suite *suite)
{
	for (size_t row = json_array_size(earlier->rows); row; row--)
		for (unsigned int i = 0; i < suite->nr; i++)
			if (is_repetition(json_array_get(earlier->rows, row - 1)) &&
			    is_case_of(&suite->cases[i], json_array_get(earlier->rows, row - 1))) {
				suite->cases[i].repetitions = 1;
				json_array_remove(earlier->rows, row - 1);
				return 1;
			}
	return 0;
}

unsigned long journal_reduce(const struct earlier *earlier, struct suite *suite)
{
	unsigned long left = 0;

	for (unsigned int i = 0; i < suite->nr; i++) {
		struct run_case *what = &suite->cases[i];
		unsigned int had = 0;
		json_t *row;
		size_t r;

		json_array_foreach(earlier->rows, r, row)
			had += is_repetition(row) && is_case_of(what, row);
		what->repetitions -= had < what->repetitions ? had : what->repetitions;
		left += what->repetitions;
	}
	return left ? left : take_back_one(earlier, suite);
}

/* Aggregates of a part of the repetitions are of no use. */
static json_t *merged(const json_t *before, const json_t *after)
{
	json_t *rows = json_array(), *row;
	size_t i;

	json_array_foreach(before, i, row)
		if (is_repetition(row) || !repetitions_of(after, run_name(row)))
			json_array_append(rows, row);
	json_array_foreach(after, i, row)
		if (is_repetition(row) || !repetitions_of(before, run_name(row)))
			json_array_append(rows, row);
	return rows;
}

int journal_merge(const struct earlier *earlier, json_t *root)
{
	json_t *rows = merged(earlier->rows, json_object_get(root, "benchmarks"));

	return json_object_set_new(root, "benchmarks", rows) ? -ENOMEM : 0;
}
