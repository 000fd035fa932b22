/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_report.c - `faultline report`: runs as one page of HTML, pictures of results, and their table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd/commands.h"
#include "bench/data/csv.h"
#include "bench/data/results.h"
#include "bench/data/run_folder.h"
#include "bench/data/table.h"
#include "bench/data/twins.h"
#include "bench/draw/plot.h"
#include "bench/draw/report.h"
#include "bench/ground/out_file.h"

#define MOST_RUNS	16

struct report_options {
	bool table, csv;	/* instead of the page */
	bool plots;		/* besides it */
	char *out;		/* NULL: report.html in the last run's folder */
};

enum { OPT_TABLE = 1, OPT_CSV, OPT_PLOTS, OPT_OUT };

static const struct poptOption options[] = {
	{ "table", 0, POPT_ARG_NONE, NULL, OPT_TABLE, "print a run's table, write no page", NULL },
	{ "csv", 0, POPT_ARG_NONE, NULL, OPT_CSV, "print a run as CSV, a row per benchmark, write no page", NULL },
	{ "plots", 0, POPT_ARG_NONE, NULL, OPT_PLOTS, "draw " PLOT_FOLDER "/ as well, from the last run", NULL },
	{ "out", 'o', POPT_ARG_STRING, NULL, OPT_OUT, "write the page to FILE (default: in the last run's folder)",
	  "FILE" },
	COMMAND_OPTIONS_END
};

static int take(void *target, int option, const char *text)
{
	struct report_options *report = target;

	switch (option) {
	case OPT_CSV:
		report->csv = true;
		return 0;
	case OPT_PLOTS:
		report->plots = true;
		return 0;
	case OPT_OUT:
		return keep_text(&report->out, text);
	default:
		report->table = true;
		return 0;
	}
}

static int load(const char *path, struct results *results)
{
	char why[512];

	return results_load(path, results, why, sizeof(why)) ? complain_text(why) : 0;
}

static int print_run(const struct report_options *report, const struct command_line *line)
{
	const char *path = line->nr_words ? line->words[0] : LATEST_RUN;
	struct results results;
	int status;

	if (line->nr_words > 1)
		return complain("unexpected argument '%s': give one run (see %s --help)", line->words[1], program_name);
	status = load(path, &results);
	if (status)
		return status;
	if (results.incomplete)
		warn("%s is incomplete: %s", path, results.incomplete);
	if (report->csv) {
		csv_print(stdout, &results);
	} else {
		table_print(stdout, &results);
		table_twins(stdout, &results);
	}
	results_free(&results);
	return EXIT_DONE;
}

/* ---- the page ---- */
static const struct {
	const char *id, *title;
} sections[] = {
	{ "answers", "Answers" }, { "run", "The run" }, { "runs", "Runs side by side" }, { "eras", "Eras" },
	{ "twins", "Core against live kernel" }, { "scaling", "Scaling" }, { "locks", "Locks" },
	{ "latency", "Latency" }, { "numa", "NUMA" }, { "noise", "Noise" }, { "all", "All benchmarks" },
};

static void put_incomplete(struct html *page, const struct report_run *run)
{
	const char *file, *command, *reason;
	char text[256], line[PATH_MAX + 64];

	for (unsigned int i = 0; (reason = report_incomplete(run, i, &file, &command)); i++) {
		snprintf(text, sizeof(text), "%s of %.100s is incomplete: %.100s.", file, run->name, reason);
		if (!command) {
			html_paragraph(page, "%s", text);
			continue;
		}
		snprintf(line, sizeof(line), "faultline %s --resume", command);
		report_word(line, sizeof(line), " ", run->name);
		html_missing(page, text, line);
	}
}

/* Incomplete runs come first: what is missing is missing in all sections. */
static void put_top(struct html *page, const struct report_run *runs, unsigned int nr)
{
	const struct report_run *run = &runs[nr - 1];
	const struct results *facts = report_facts(run);

	html_put(page, "<h1>faultline</h1>\n");
	for (unsigned int i = 0; i < nr; i++)
		put_incomplete(page, &runs[i]);
	if (facts->nr)
		html_paragraph(page, "%s: %s, commit %s, %.10s", run->name, facts->cpu_model, facts->commit,
			       facts->date);
	html_put(page, "<nav>");
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (nr > 1 || strcmp(sections[i].id, "runs"))
			html_put(page, "<a href=\"#%s\">%s</a>\n", sections[i].id, sections[i].title);
	html_put(page, "</nav>\n");
}

/* All sections but the tables of runs show the last run. */
static int write_page(const struct report_run *runs, unsigned int nr, const char *path)
{
	const struct report_run *run = &runs[nr - 1];
	struct out_file out;
	struct html *page;
	char title[256];
	int status = out_file_begin(&out, path);

	if (status)
		return status;
	snprintf(title, sizeof(title), "faultline: %.200s", run->name);
	page = html_open(title);
	if (!page)
		return out_file_end(&out, EXIT_CHECK_FAILED);
	put_top(page, runs, nr);
	report_answers(page, run);
	report_facts_table(page, runs, nr);
	report_runs(page, runs, nr);
	report_eras(page, run);
	report_twins(page, run);
	report_scaling(page, run);
	report_locks(page, run);
	report_latency(page, run);
	report_numa(page, run);
	report_noise(page, run);
	report_all(page, run);
	status = html_close(page, &out, 0);
	if (!status)
		printf("%s\n", path);
	return status;
}

static int write_fits(const struct report_run *run)
{
	const struct usl_fits *fits[] = { &run->bench_fits, &run->eras_fits };
	char path[PATH_MAX];

	if (!run->bench.nr && !run->eras.nr)
		return 0;
	if (snprintf(path, sizeof(path), "%s/usl.json", run->folder) >= (int)sizeof(path))
		return complain("%s: %s", run->folder, strerror(ENAMETOOLONG));
	return usl_write(path, fits, ARRAY_SIZE(fits));
}

static int draw_plots(const struct report_run *run)
{
	int status = 0;

	if (run->eras.nr || run->bench.nr)
		status = plot_scaling(run->eras.nr ? &run->eras : &run->bench);
	if (!status && run->bench.nr) {
		status = plot_cost(&run->bench);
		if (!status)
			status = plot_policies(&run->bench);
		if (!status)
			status = plot_twins(&run->bench);
	}
	if (!status && run->eras.nr)
		status = plot_eras(&run->eras);
	if (!status && run->has_numa && run->numa.nr)
		status = plot_numa(&run->numa);
	return status;
}

static int show(const struct report_options *report, const struct report_run *runs, unsigned int nr)
{
	const struct report_run *last = &runs[nr - 1];
	char path[PATH_MAX];
	int status;

	if (snprintf(path, sizeof(path), "%s/report.html", last->folder) >= (int)sizeof(path))
		return complain("%s: %s", last->folder, strerror(ENAMETOOLONG));
	status = write_page(runs, nr, report->out ? report->out : path);
	if (!status && !report->out)
		status = write_fits(last);
	if (!status && report->plots)
		status = draw_plots(last);
	return status;
}

/* The newest run by its own name: the link may be another one's tomorrow. */
static int load_runs(const struct command_line *line, struct report_run *runs, unsigned int *nr, char *latest)
{
	int status = 0;

	if (line->nr_words > MOST_RUNS)
		return complain("too many runs: %u (at most %d)", line->nr_words, MOST_RUNS);
	if (!line->nr_words) {
		status = run_folder_latest(latest, PATH_MAX);
		if (!status)
			status = report_load(&runs[0], latest);
		*nr = !status;
		return status;
	}
	for (*nr = 0; !status && *nr < line->nr_words; *nr += !status)
		status = report_load(&runs[*nr], line->words[*nr]);
	return status;
}

static int report_on(const struct report_options *report, const struct command_line *line)
{
	static struct report_run runs[MOST_RUNS];
	char latest[PATH_MAX];
	unsigned int nr = 0;
	int status = load_runs(line, runs, &nr, latest);

	if (!status)
		status = show(report, runs, nr);
	while (nr)
		report_free(&runs[--nr]);
	return status;
}

static int run_report(int argc, const char **argv)
{
	struct report_options report = { 0 };
	struct command_line line;
	int status = command_line_read(&line, argc, argv, options, "[OPTION...] [RUN...]", take, &report);

	if (!status) {
		status = report.table || report.csv ? print_run(&report, &line) : report_on(&report, &line);
		command_line_free(&line);
	}
	free(report.out);
	return status;
}

const struct command report_command = {
	.name = "report",
	.arguments = "[RUN...]",
	.what = "write one page of HTML about runs (default: the latest)",
	.run = run_report,
};
