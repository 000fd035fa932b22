/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results_csv.c - results of will-it-scale: operations per second against tasks, as processes and as threads.
 *
 * A file is one test case; the benchmarks are NAME/mode:processes/threads:N and NAME/mode:threads/threads:N, with NAME
 * from the file's. Its row of 0 tasks is the idle machine. Other columns are ignored.
 *
 * Source: will-it-scale, runtest.py.
 */
#include "bench/data/results_gather.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ground/command.h"

#define FIRST_COLUMN	"tasks,"
#define MOST_COLUMNS	16
#define MOST_TASKS	1000000

static const char *const modes[] = { "processes", "threads" };
#define NR_MODES	(sizeof(modes) / sizeof(modes[0]))

struct csv {
	struct results_reader *reader;
	const char *path;
	char name[256];			/* the test case */
	unsigned int nr_columns, column[NR_MODES];	/* MOST_COLUMNS: there is no such column */
	unsigned int line;
	char *why;
	size_t why_size;
};

static int malformed(const struct csv *csv, const char *reason)
{
	snprintf(csv->why, csv->why_size, "%s:%u: %s", csv->path, csv->line, reason);
	return -EINVAL;
}

bool results_are_csv(const char *text)
{
	return !strncmp(text, FIRST_COLUMN, strlen(FIRST_COLUMN));
}

/* The file's base name without ".csv", as one part of a benchmark's name. */
static void take_name(struct csv *csv)
{
	const char *slash = strrchr(csv->path, '/');
	char *dot;

	snprintf(csv->name, sizeof(csv->name), "%s", slash ? slash + 1 : csv->path);
	dot = strrchr(csv->name, '.');
	if (dot && dot > csv->name)
		*dot = '\0';
	for (char *c = csv->name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-')
			*c = '_';
}

/* Splits @text at its commas. Returns the number of fields; those past MOST_COLUMNS are one. */
static unsigned int split(char *text, char *fields[MOST_COLUMNS])
{
	unsigned int nr = 0;

	while (text && nr < MOST_COLUMNS)
		fields[nr++] = strsep(&text, ",");
	return nr + (text != NULL);
}

static int take_header(struct csv *csv, char *text)
{
	char *fields[MOST_COLUMNS];

	csv->nr_columns = split(text, fields);
	if (csv->nr_columns > MOST_COLUMNS)
		return malformed(csv, "more than 16 columns");
	for (size_t mode = 0; mode < NR_MODES; mode++) {
		csv->column[mode] = MOST_COLUMNS;
		for (unsigned int i = 0; i < csv->nr_columns; i++)
			if (!strcmp(fields[i], modes[mode]))
				csv->column[mode] = i;
	}
	if (csv->column[0] == MOST_COLUMNS && csv->column[1] == MOST_COLUMNS)
		return malformed(csv, "neither a column of processes nor one of threads");
	return 0;
}

static int add_rate(struct csv *csv, size_t mode, uint64_t tasks, const char *text)
{
	char name[320];
	struct result *result;
	double rate;

	if (!read_fraction(text, 0, 1e300, &rate))
		return malformed(csv, "operations per second that are no number from 0 on");
	snprintf(name, sizeof(name), "%s/mode:%s/threads:%llu", csv->name, modes[mode], (unsigned long long)tasks);
	result = results_add(csv->reader, name);
	return result && result_add_rate(result, rate, 0, 0) ? 0 : malformed(csv, "out of memory");
}

static int take_row(struct csv *csv, char *text)
{
	char *fields[MOST_COLUMNS];
	uint64_t tasks;
	int error = 0;

	if (split(text, fields) != csv->nr_columns)
		return malformed(csv, "not as many columns as the first line has");
	if (!read_number(fields[0], 0, MOST_TASKS, &tasks))
		return malformed(csv, "not a number of tasks: 0 to 1000000");
	for (size_t mode = 0; !error && tasks && mode < NR_MODES; mode++)
		if (csv->column[mode] < MOST_COLUMNS)
			error = add_rate(csv, mode, tasks, fields[csv->column[mode]]);
	return error;
}

int results_take_csv(struct results_reader *reader, const char *path, char *text, size_t length, char *why,
		     size_t why_size)
{
	struct csv csv = { .reader = reader, .path = path, .line = 1, .why = why, .why_size = why_size };
	int error = 0;

	if (strlen(text) != length)
		return malformed(&csv, "not text: a zero byte");
	take_name(&csv);
	results_take_facts(reader->results, NULL);
	for (char *line; !error && (line = strsep(&text, "\n")); csv.line++) {
		const size_t end = strcspn(line, "\r");

		if (line[end] && line[end + 1])
			return malformed(&csv, "not text: a control character");
		line[end] = '\0';
		if (csv.line == 1)
			error = take_header(&csv, line);
		else if (*line)
			error = take_row(&csv, line);
	}
	return error;
}
