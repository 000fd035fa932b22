/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_run.c - reads what a run left behind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/command.h"
#include "bench/report.h"
#include "bench/run_folder.h"
#include "bench/table.h"
#include "core/faultline.h"

#define TEXTS	4	/* that one line of code may ask for */

static bool path_of(const struct report_run *run, const char *name, char *path)
{
	return snprintf(path, PATH_MAX, "%s/%s", run->folder, name) < PATH_MAX && !access(path, F_OK);
}

static int load_results(struct results *results, const char *path)
{
	char why[512];

	return results_load(path, results, why, sizeof(why)) ? complain_text(why) : 0;
}

static const char *wrong_with(const json_t *root, const char *list)
{
	const json_t *all = json_object_get(root, list), *one;
	size_t i;

	if (json_integer_value(json_object_get(root, "schema")) != RESULTS_SCHEMA)
		return "another schema than this program's";
	if (!json_is_array(all))
		return "without its list";
	json_array_foreach(all, i, one)
		if (!json_is_object(one))
			return "a list of something else";
	return NULL;
}

/* A file of ours, whose @list has objects. */
static int load_json(json_t **root, const char *path, const char *list)
{
	json_error_t error;
	const char *wrong;

	*root = json_load_file(path, 0, &error);
	if (!*root)
		return complain("%s:%d: not JSON: %s", path, error.line, error.text);
	wrong = wrong_with(*root, list);
	return wrong ? complain("%s: %s", path, wrong) : 0;
}

static int load_folder(struct report_run *run)
{
	char path[PATH_MAX], why[512];
	int status = 0;

	if (path_of(run, "bench.json", path))
		status = load_results(&run->bench, path);
	if (!status && path_of(run, "eras.json", path))
		status = load_results(&run->eras, path);
	if (!status && path_of(run, "profile.json", path))
		status = load_json(&run->profile, path, "cases");
	if (!status && path_of(run, "numa.json", path)) {
		run->has_numa = !numa_load(path, &run->numa, why, sizeof(why));
		status = run->has_numa ? 0 : complain_text(why);
	}
	if (!status && !run->bench.nr && !run->eras.nr && !run->profile && !run->has_numa)
		status = complain("%s: no results in it", run->name);
	return status;
}

/* A file stands for a run of nothing else. */
static int load_file(struct report_run *run)
{
	char *slash;

	snprintf(run->folder, sizeof(run->folder), "%s", run->name);
	slash = strrchr(run->folder, '/');
	if (slash)
		*slash = '\0';
	else
		strcpy(run->folder, ".");
	return load_results(&run->bench, run->name);
}

int report_load(struct report_run *run, const char *name)
{
	struct stat what;
	int status;

	*run = (struct report_run){ .name = name };
	if (snprintf(run->folder, sizeof(run->folder), "%s", name) >= (int)sizeof(run->folder))
		return complain("%s: a name too long", name);
	status = !stat(name, &what) && S_ISDIR(what.st_mode) ? load_folder(run) : load_file(run);
	if (!status && run->bench.nr)
		status = usl_fit(&run->bench_fits, &run->bench);
	if (!status && run->eras.nr)
		status = usl_fit(&run->eras_fits, &run->eras);
	if (status)
		report_free(run);
	return status;
}

void report_free(struct report_run *run)
{
	usl_free(&run->bench_fits);
	usl_free(&run->eras_fits);
	if (run->bench.nr)
		results_free(&run->bench);
	if (run->eras.nr)
		results_free(&run->eras);
	json_decref(run->profile);
	if (run->has_numa)
		numa_free(&run->numa);
}

const struct results *report_facts(const struct report_run *run)
{
	return run->bench.nr ? &run->bench : &run->eras;
}

/* ---- texts ---- */

/* Room for a text that lives until TEXTS others were asked for. */
static char *text_of(size_t *size)
{
	static char texts[TEXTS][2048];
	static unsigned int next;

	*size = sizeof(texts[0]);
	return texts[next++ % TEXTS];
}

/* A word of a benchmark's name as the option that chooses it. */
static void put_choice(FILE *out, const char *choice)
{
	static const char *const options[] = { "payload", "layout", "placement", "memory", "tables" };
	const char *value = strchr(choice, ':');

	for (size_t i = 0; value && i < ARRAY_SIZE(options); i++)
		if (!strncmp(choice, options[i], (size_t)(value - choice)) &&
		    strlen(options[i]) == (size_t)(value - choice)) {
			fprintf(out, " --%s %s", options[i], value + 1);
			return;
		}
	fprintf(out, " --axis %s", choice);
}

/* Each policy once, and each number of threads. */
static void put_variants(FILE *out, const struct results *results, const struct result *of)
{
	const char *last = "", *before = " --threads ";
	bool seen[4096] = { false };

	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *result = &results->all[i];

		if (strcmp(result->workload, of->workload) || strcmp(result->choices, of->choices))
			continue;
		if (strcmp(result->policy, last))
			fprintf(out, " --policy %s", result->policy);
		last = result->policy;
		seen[min(result->threads, (unsigned int)ARRAY_SIZE(seen) - 1)] = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		if (seen[i]) {
			fprintf(out, "%s%zu", before, i);
			before = ",";
		}
}

const char *report_again(const struct report_run *run, const char *command, const struct results *results,
			 const struct result *of)
{
	size_t size;
	char *text = text_of(&size), *words = strdup(of->choices), *next = NULL;
	FILE *out = fmemopen(text, size, "w");

	if (out) {
		fprintf(out, "faultline %s %s", command, of->workload);
		for (char *word = words ? strtok_r(words, " ", &next) : NULL; word; word = strtok_r(NULL, " ", &next))
			put_choice(out, word);
		put_variants(out, results, of);
		fprintf(out, "\nfaultline report %s", run->name);
		fclose(out);
	}
	free(words);
	return text;
}

const char *report_time(double nanoseconds)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };
	size_t unit = 0, size;
	char *text = text_of(&size);

	while (nanoseconds >= 999.5 && unit + 1 < ARRAY_SIZE(units)) {
		nanoseconds /= 1000;
		unit++;
	}
	snprintf(text, size, "%.3g %s", nanoseconds, units[unit]);
	return text;
}

const char *report_rate(double per_second)
{
	size_t size;
	char *text = text_of(&size);

	format_si(text, size, per_second);
	return text;
}
