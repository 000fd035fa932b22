/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_run.c - reads what a run left behind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/data/json_read.h"
#include "bench/data/run_folder.h"
#include "bench/data/table.h"
#include "bench/draw/report.h"
#include "bench/ground/command.h"
#include "core/faultline.h"

#define TEXTS	4	/* that one line of code may ask for */

static bool path_of(const struct report_run *run, const char *name, char *path)
{
	return snprintf(path, PATH_MAX, "%s/%s", run->folder, name) < PATH_MAX && !access(path, F_OK);
}

/* What cannot be drawn is dropped, with a line that says so. */
static int load_results(struct results *results, const char *path)
{
	unsigned int all, dropped, measured = 0;
	char why[512];

	if (results_load(path, results, why, sizeof(why)))
		return complain_text(why);
	all = results->nr;
	dropped = results_keep(results, result_is_drawable);
	for (unsigned int i = 0; i < results->nr; i++)
		measured += results->all[i].nr > 0;
	if (dropped && !measured) {
		results_free(results);
		return complain("%s: nothing to draw: no benchmark has threads and rates of %g/s to %g/s", path,
				LEAST_RATE, MOST_RATE);
	}
	if (dropped)
		warn("%s: %u of %u benchmarks are not drawn: rates must be %g/s to %g/s", path, dropped, all,
		     LEAST_RATE, MOST_RATE);
	return 0;
}

static const char *wrong_with(const json_t *root, const char *list)
{
	const json_t *all = json_object_get(root, list), *one;
	size_t i;

	if (!results_schema_known(root))
		return "an unknown schema";
	if (!json_is_array(all))
		return "a list is missing";
	json_array_foreach(all, i, one)
		if (!json_is_object(one))
			return "a list whose items are not objects";
	return NULL;
}

/* A file of ours, whose @list has objects. */
static int load_json(json_t **root, const char *path, const char *list)
{
	const char *wrong;
	char why[512];

	*root = json_read_file(path, why, sizeof(why));
	if (!*root)
		return complain_text(why);
	wrong = wrong_with(*root, list);
	return wrong ? complain("%s: %s", path, wrong) : 0;
}

/* A run is one commit's: files of several were put into one folder, and their figures are not those of one program. */
static void warn_of_commits(const struct report_run *run)
{
	const json_t *const contexts[] = {
		run->bench.context,
		run->eras.context,
		json_object_get(run->profile, "context"),
		run->numa.facts.context,
	};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(contexts); i++) {
		const char *commit = json_string_value(json_object_get(contexts[i], "commit"));

		if (commit && first && strcmp(commit, first)) {
			warn("%s: files of several commits: %s, %s", run->name, first, commit);
			return;
		}
		first = first ? first : commit;
	}
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
	if (!status && path_of(run, "knockouts.json", path))
		status = load_json(&run->knockouts, path, "knockouts");
	if (!status && path_of(run, "conform.json", path))
		status = load_json(&run->conform, path, "exceptions");
	if (!status && path_of(run, "linearize.json", path))
		status = load_json(&run->linearize, path, "cases");
	if (!status && path_of(run, "numa.json", path)) {
		run->has_numa = !numa_load(path, &run->numa, why, sizeof(why));
		status = run->has_numa ? 0 : complain_text(why);
	}
	if (!status && !run->bench.nr && !run->eras.nr && !run->profile && !run->knockouts && !run->conform &&
	    !run->linearize && !run->has_numa)
		status = complain("%s: no results in it", run->name);
	if (!status)
		warn_of_commits(run);
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

const char *report_incomplete(const struct report_run *run, unsigned int nth, const char **file, const char **command)
{
	const struct {
		const char *file, *command, *reason;
	} files[] = {
		{ "bench.json", "bench", run->bench.incomplete },
		{ "eras.json", "eras", run->eras.incomplete },
		{ "profile.json", NULL, json_string_value(json_object_get(run->profile, "incomplete")) },
		{ "numa.json", "numa", run->numa.facts.incomplete },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i].reason && !nth--) {
			*file = files[i].file;
			*command = files[i].command;
			return files[i].reason;
		}
	return NULL;
}

static void warn_incomplete(const struct report_run *run)
{
	const char *file, *command, *reason;

	for (unsigned int i = 0; (reason = report_incomplete(run, i, &file, &command)); i++)
		warn("%s: %s is incomplete: %s", run->name, file, reason);
}

int report_load(struct report_run *run, const char *name)
{
	struct stat what;
	int status;

	*run = (struct report_run){ .name = name };
	if (snprintf(run->folder, sizeof(run->folder), "%s", name) >= (int)sizeof(run->folder))
		return complain("%s: name too long", name);
	status = !stat(name, &what) && S_ISDIR(what.st_mode) ? load_folder(run) : load_file(run);
	if (!status && run->bench.nr)
		status = usl_fit(&run->bench_fits, &run->bench);
	if (!status && run->eras.nr)
		status = usl_fit(&run->eras_fits, &run->eras);
	if (status)
		report_free(run);
	else
		warn_incomplete(run);
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
	json_decref(run->knockouts);
	json_decref(run->conform);
	json_decref(run->linearize);
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

/* A word as a shell takes it: in quotes unless it has none of the signs that a shell knows. */
static void put_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";

	if (*word && !word[strspn(word, plain)]) {
		fputs(word, out);
		return;
	}
	putc('\'', out);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", out);
		else
			putc(*word, out);
	putc('\'', out);
}

void report_word(char *command, size_t size, const char *before, const char *word)
{
	size_t length = *before == ' ' ? strlen(command) : 0;
	FILE *out = fmemopen(command + length, size - length, "w");

	if (!out)
		return;
	fputs(before, out);
	put_word(out, word);
	fclose(out);
}

const char *report_shell(const struct report_run *run, const char *command)
{
	size_t size;
	char *text = text_of(&size);
	FILE *out = fmemopen(text, size, "w");

	if (out) {
		fprintf(out, "faultline %s\nfaultline report ", command);
		put_word(out, run->name);
		fclose(out);
	}
	return text;
}

/* A word of a benchmark's name as the option that chooses it. */
static void put_choice(FILE *out, const char *choice)
{
	static const char *const options[] = { "payload", "layout", "populate", "placement", "memory", "tables" };
	const char *value = strchr(choice, ':');

	for (size_t i = 0; value && i < ARRAY_SIZE(options); i++)
		if (!strncmp(choice, options[i], (size_t)(value - choice)) &&
		    strlen(options[i]) == (size_t)(value - choice)) {
			fprintf(out, " --%s ", options[i]);
			put_word(out, value + 1);
			return;
		}
	fputs(" --axis ", out);
	put_word(out, choice);
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
		if (strcmp(result->policy, last)) {
			fputs(" --policy ", out);
			put_word(out, result->policy);
		}
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
	char *words = strdup(of->choices), *next = NULL, text[1024] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	if (out) {
		fprintf(out, "%s ", command);
		put_word(out, of->workload);
		for (char *word = words ? strtok_r(words, " ", &next) : NULL; word; word = strtok_r(NULL, " ", &next))
			put_choice(out, word);
		put_variants(out, results, of);
		fclose(out);
	}
	free(words);
	return report_shell(run, text);
}

const char *report_time(double nanoseconds)
{
	size_t size;
	char *text = text_of(&size);

	format_time(text, size, nanoseconds);
	return text;
}

const char *report_rate(double per_second)
{
	size_t size;
	char *text = text_of(&size);

	format_si(text, size, per_second);
	return text;
}

void report_question(struct html *page, const char *id, const char *question)
{
	html_put(page, "<h3 id=\"answer-%s\" class=\"question\"><a href=\"#answer-%s\">%s</a></h3>\n", id, id,
		 question);
}
