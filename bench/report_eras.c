/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_eras.c - what each step of Linux's locking bought: a figure a step. */
#include <stdio.h>

#include "bench/plot_eras.h"
#include "bench/report.h"
#include "core/faultline.h"

#define ROW_HEIGHT	30

static void put_rows(struct html *page, const struct eras *eras, unsigned int step)
{
	const struct result *row;

	for (unsigned int i = 0; (row = eras_row(eras, i)); i++) {
		struct era_step bought;

		if (!eras_step(eras, row, step, &bought))
			continue;
		html_row(page);
		html_cell(page, "%s", row->workload);
		html_cell(page, "%s", row->choices);
		html_number(page, "%u", row->threads);
		html_number(page, "%.2f", bought.factor);
		html_number(page, "%.2f … %.2f", bought.low, bought.high);
		html_cell(page, "%s", bought.noise ? "noise" : bought.factor > 1 ? "better" : "worse");
		html_row_end(page);
	}
}

static void put_step(struct html *page, const struct report_run *run, struct plot_eras *plot, unsigned int step)
{
	static const char *const columns[] = { "workload", "choices", "threads", "factor", "interval", "", NULL };
	const struct eras *eras = &plot->eras;
	char title[256], command[PATH_MAX + 256];
	FILE *in;

	snprintf(title, sizeof(title), "%s → %s", eras->policies[step], eras->policies[step + 1]);
	in = html_figure(page, title, era_news(eras->policies[step + 1]), 70 + ROW_HEIGHT * plot->nr);
	if (plot_eras_put_data(in, plot, step)) {
		fputs("set ytics font ',10.5'\nset xlabel 'throughput, before = 1' offset 0,0.5\n", in);
		plot_eras_put_step(in, plot, step, true);
	} else {
		fputs("unset border\nunset tics\nset yrange [0:1]\nset label 1 'not measured' at graph 0.5,0.5 center\n"
		      "plot NaN\n", in);
	}
	html_figure_data(page, columns);
	put_rows(page, eras, step);
	snprintf(command, sizeof(command), "faultline eras --policy %s --policy %s\nfaultline report %s",
		 eras->policies[step], eras->policies[step + 1], run->name);
	html_table_end(page);
	html_figure_end(page, command);
}

static void put_whole(struct html *page, const struct eras *eras)
{
	static const char *const columns[] = { "workload", "choices", "threads", "before", "after", "all steps",
					      "interval", NULL };
	const struct result *row;

	fprintf(page->body, "<details open=\"open\"><summary>all steps together</summary>\n");
	html_table(page, columns);
	for (unsigned int i = 0; (row = eras_row(eras, i)); i++) {
		const struct result *last = results_find(eras->results, row, eras->policies[eras->nr_policies - 1],
							 row->threads);
		struct era_step bought;

		if (!eras_whole(eras, row, &bought))
			continue;
		html_row(page);
		html_cell(page, "%s", row->workload);
		html_cell(page, "%s", row->choices);
		html_number(page, "%u", row->threads);
		html_number(page, "%s/s", report_rate(result_median(row)));
		html_number(page, "%s/s", report_rate(result_median(last)));
		html_number(page, bought.noise ? "(%.2f)" : "%.2f", bought.factor);
		html_number(page, "%.2f … %.2f", bought.low, bought.high);
		html_row_end(page);
	}
	html_table_end(page);
	fputs("</details>\n", page->body);
}

static void put_steps(struct html *page, const struct report_run *run, const struct results *results)
{
	struct plot_eras plot;

	if (plot_eras_open(&plot, results))
		return;
	if (!plot.nr) {
		html_missing(page, "No workload was measured with several policies.", "faultline eras");
	} else {
		html_legend(page);
		html_legend_entry(page, "#2b8c9e", "better");
		html_legend_entry(page, "#d95f02", "worse");
		html_legend_entry(page, "#999999", "noise: not significant among all steps");
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
		html_missing(page, "Workloads over all policies and threads were not measured.", "faultline eras");
	} else {
		html_paragraph(page, "Throughput of each policy against the one before it. Hollow marks: one thread, "
			       "what a step costs where nobody waits. Filled marks: a thread on every PU. Bars: 95 %% "
			       "each; what is better or worse is so at p < 0.01 among all steps.");
		put_steps(page, run, &run->eras);
	}
	html_section_end(page);
}
