/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results_read.c - reads a file of results in any of its formats. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/json_read.h"
#include "bench/data/results_gather.h"
#include "bench/data/run_folder.h"

static int take_text(struct results *results, const char *path, char *text, size_t length, char *why, size_t why_size)
{
	struct results_reader reader;
	int error;

	if (!results_begin(&reader, results))
		return -ENOMEM;
	error = results_are_csv(text) ? results_take_csv(&reader, path, text, length, why, why_size)
				      : results_take_json(&reader, path, text, length, why, why_size);
	return results_end(&reader, error, path, why, why_size);
}

int results_load(const char *run, struct results *results, char *why, size_t why_size)
{
	char path[PATH_MAX], *text;
	size_t length;
	int error;

	*results = (struct results){ 0 };
	if (!run_folder_file(run, "bench.json", path, sizeof(path))) {
		snprintf(why, why_size, "%s: %s", run, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	error = read_whole_file(path, &text, &length, why, why_size);
	if (error)
		return error;
	error = take_text(results, path, text, length, why, why_size);
	free(text);
	return error;
}
