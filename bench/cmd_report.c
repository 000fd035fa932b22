/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_report.c - `faultline report`: pictures of results, or the table of them. */
#include <stdio.h>

#include "bench/command.h"
#include "bench/plot.h"
#include "bench/results.h"
#include "bench/run_folder.h"
#include "bench/table.h"
#include "bench/twins.h"

enum { OPT_TABLE = 1 };

static const struct poptOption options[] = {
	{ "table", 0, POPT_ARG_NONE, NULL, OPT_TABLE, "the table that bench ends with, and no pictures", NULL },
	POPT_AUTOHELP
	POPT_TABLEEND
};

static int take(void *target, int option, const char *text)
{
	int *wanted = target;

	(void)text;
	*wanted = option;
	return 0;
}

static int load(const char *path, struct results *results)
{
	char why[512];

	return results_load(path, results, why, sizeof(why)) ? complain_text(why) : 0;
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
	int wanted = 0, status = command_line_read(&line, argc, argv, options, "[OPTION...] [RUN]", take, &wanted);

	if (status)
		return status;
	status = show(&line, wanted == OPT_TABLE);
	command_line_free(&line);
	return status;
}

const struct command report_command = {
	.name = "report",
	.arguments = "[RUN]",
	.what = "draw results (by default " LATEST_RUN ")",
	.run = run_report,
};
