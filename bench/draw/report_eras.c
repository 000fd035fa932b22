/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_eras.c - what each step of Linux's locking bought: a figure a step. */
#include <stdio.h>

#include "bench/data/trust.h"
#include "bench/draw/plot_eras.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

#define ROW_HEIGHT	30
#define MOST_ROWS	60	/* in a picture; the tables have all */

static void put_rows(struct html *page, const struct eras *eras, unsigned int step)
{
	const struct result *row;
	char marks[MARKS_TEXT];

	for (unsigned int i = 0; (row = eras_row(eras, i)); i++) {
		struct era_step bought;

		if (!eras_step(eras, row, step, &bought))
			continue;
		html_row(page);
		html_cell(page, "%s", row->workload);
		html_cell(page, "%s", row->choices);
		html_number(page, row->threads, "%u", row->threads);
		html_number(page, bought.factor, "%.2f", bought.factor);
		html_number(page, bought.low, "%.2f … %.2f", bought.low, bought.high);
		html_cell(page, "%s", bought.noise ? "noise" : bought.factor > 1 ? "better" : "worse");
		html_cell(page, "%s", marks_text(bought.marks, marks));
		html_row_end(page);
	}
}

static void put_step(struct html *page, const struct report_run *run, struct plot_eras *plot, unsigned int step)
{
	static const char *const columns[] = { "workload", "choices", "threads", "factor", "interval", "verdict",
					      "marks", NULL };
	const struct eras *eras = &plot->eras;
	char title[256], command[512];
	struct gnuplot *gnuplot;

	snprintf(title, sizeof(title), "%s → %s", eras->policies[step], eras->policies[step + 1]);
	gnuplot = html_figure(page, title, era_news(eras->policies[step + 1]), 70 + ROW_HEIGHT * plot->shown);
	if (plot_eras_put_data(gnuplot, plot, step)) {
		gnuplot_put(gnuplot, "set ytics font ',10.5'\nset xlabel 'throughput, before = 1' offset 0,0.5\n");
		plot_eras_put_step(gnuplot, plot, step, true);
	} else {
		gnuplot_put(gnuplot, "unset border\nunset tics\nset yrange [0:1]\nset xrange [0:1]\n"
			    "set label 1 'no rows without marks' at graph 0.5,0.5 center\nplot NaN\n");
	}
	html_figure_data(page, columns);
	put_rows(page, eras, step);
	html_table_end(page);
	report_word(command, sizeof(command), "eras --policy ", eras->policies[step]);
	report_word(command, sizeof(command), " --policy ", eras->policies[step + 1]);
	html_figure_end(page, report_shell(run, command));
}

static void put_whole(struct html *page, const struct eras *eras)
{
	static const char *const columns[] = { "workload", "choices", "threads", "oldest", "newest", "factor",
					      "interval", "marks", NULL };
	const struct result *row;
	char marks[MARKS_TEXT];

	html_details(page, "from the oldest policy to the newest; in brackets: not significant");
	html_table(page, columns);
	for (unsigned int i = 0; (row = eras_row(eras, i)); i++) {
		const struct result *last = results_find(eras->results, row, eras->policies[eras_last(eras)],
							 row->threads);
		struct era_step bought;

		if (!eras_whole(eras, row, &bought))
			continue;
		html_row(page);
		html_cell(page, "%s", row->workload);
		html_cell(page, "%s", row->choices);
		html_number(page, row->threads, "%u", row->threads);
		html_number(page, result_median(row), "%s/s", report_rate(result_median(row)));
		html_number(page, result_median(last), "%s/s", report_rate(result_median(last)));
		html_number(page, bought.factor, bought.noise ? "(%.2f)" : "%.2f", bought.factor);
		html_number(page, bought.low, "%.2f … %.2f", bought.low, bought.high);
		html_cell(page, "%s", marks_text(bought.marks, marks));
		html_row_end(page);
	}
	html_table_end(page);
	html_details_end(page);
}

static void put_steps(struct html *page, const struct report_run *run, const struct results *results)
{
	struct plot_eras plot;

	if (plot_eras_open(&plot, results))
		return;
	if (!plot.nr) {
		html_missing(page, "No workload was measured with several policies.", "faultline eras");
	} else {
		plot.shown = min(plot.nr, (unsigned int)MOST_ROWS);
		html_paragraph(page, "The oldest policy measured is %s, the newest %s.",
			       plot.eras.policies[0], plot.eras.policies[eras_last(&plot.eras)]);
		html_legend(page);
		html_legend_entry(page, "#2b8c9e", "better");
		html_legend_entry(page, "#d95f02", "worse");
		html_legend_entry(page, "#999999", "noise: not significant");
		html_legend_end(page);
		html_figures(page);
		for (unsigned int step = 0; step + 1 < plot.eras.nr_policies; step++)
			put_step(page, run, &plot, step);
		html_figures_end(page);
		put_whole(page, &plot.eras);
	}
	plot_eras_close(&plot);
}

void report_eras(struct html *page, const struct report_run *run)
{
	html_section(page, "eras", "Eras: what each step of Linux's locking bought");
	if (!run->eras.nr) {
		html_missing(page, "Policies were not measured side by side.", "faultline eras");
	} else {
		html_paragraph(page, "Throughput of each policy against the one before it. Hollow points: one thread, "
				     "the cost of a step without contention. Filled points: one thread on every PU. "
				     "Bars: intervals of 95 %%. Better and worse: significant among all steps "
				     "(p < 0.01). Rows with marks are not drawn; the tables list them.");
		put_steps(page, run, &run->eras);
	}
	html_section_end(page);
}
