/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_report.c - `faultline report`: pictures of results, and what changed between two. */
#include <stdio.h>

#include "bench/command.h"
#include "bench/plot.h"
#include "bench/results.h"
#include "bench/run_folder.h"
#include "bench/table.h"
#include "bench/twins.h"

enum { OPT_COMPARE = 1, OPT_TABLE };

static const struct poptOption options[] = {
	{ "compare", 'c', POPT_ARG_NONE, NULL, OPT_COMPARE, "rates of the second file against the first, by benchmark", NULL },
	{ "table", 0, POPT_ARG_NONE, NULL, OPT_TABLE, "the table that bench ends with, and no pictures", NULL },
	POPT_AUTOHELP
	POPT_TABLEEND
};

static int take(void *target, int option, const char *text)
{
	int *wanted = target;

	(void)text;
	if (*wanted && *wanted != option)
		return complain("either --compare or --table");
	*wanted = option;
	return 0;
}

static int load(const char *path, struct results *results)
{
	char why[512];

	return results_load(path, results, why, sizeof(why)) ? complain_text(why) : 0;
}

static int compare(const struct command_line *line)
{
	struct results before, after;
	int status;

	if (line->nr_words != 2)
		return complain("--compare takes two files (see %s --help)", program_name);
	status = load(line->words[0], &before);
	if (status)
		return status;
	status = load(line->words[1], &after);
	if (!status) {
		if (!table_compare(stdout, &before, &after))
			status = complain("no benchmark is in both files");
		results_free(&after);
	}
	results_free(&before);
	return status;
}

static int show(const struct command_line *line, bool table)
{
	struct results results;
	int status;

	if (line->nr_words > 1)
		return complain("one file at a time, and '%s' is left over (see %s --help)", line->words[1], program_name);
	status = load(line->nr_words ? line->words[0] : LATEST_RUN, &results);
	if (status)
		return status;
	if (table) {
		table_print(stdout, &results);
		table_twins(stdout, &results);
	} else {
		status = plot_scaling(&results);
	}
	if (!status && !table)
		status = plot_cost(&results);
	if (!status && !table)
		status = plot_policies(&results);
	if (!status && !table)
		status = plot_twins(&results);
	results_free(&results);
	return status;
}

static int run_report(int argc, const char **argv)
{
	struct command_line line;
	int wanted = 0, status = command_line_read(&line, argc, argv, options, "[OPTION...] [FILE [FILE]]", take, &wanted);

	if (status)
		return status;
	status = wanted == OPT_COMPARE ? compare(&line) : show(&line, wanted == OPT_TABLE);
	command_line_free(&line);
	return status;
}

const struct command report_command = {
	.name = "report",
	.arguments = "[FILE]",
	.what = "draw results (by default " LATEST_RUN "), or compare two",
	.run = run_report,
};
