/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_runs.c - several runs: each benchmark against the first of them. */
#include <math.h>
#include <stdlib.h>

#include "bench/data/compare.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

#define MOST_ROWS	60

static const struct {
	const char *name, *colour;
} verdicts[] = {
	[VERDICT_UNKNOWN] = { "cannot tell", "#bbbbbb" },
	[VERDICT_SAME] = { "same", "#777777" },
	[VERDICT_FASTER] = { "faster", "#2b8c9e" },
	[VERDICT_SLOWER] = { "slower", "#d95f02" },
	[VERDICT_CONTROL] = { "control", "#7570b3" },
	[VERDICT_MARKED] = { "excluded", "#dddddd" },
};

static int slowest_first(const void *a, const void *b)
{
	const struct change *one = a, *other = b;

	return (one->ratio > other->ratio) - (one->ratio < other->ratio);
}

/* Intervals of those that changed: all of them would be a grey field. Names are for the pointer. */
static void put_picture(struct gnuplot *gnuplot, const struct comparison *comparison)
{
	double low = 0.8, high = 1.25;

	gnuplot_data(gnuplot, "r");
	for (unsigned int i = 0; i < comparison->nr; i++) {
		const struct change *change = &comparison->changes[i];
		bool shown = change->verdict == VERDICT_FASTER || change->verdict == VERDICT_SLOWER;

		gnuplot_row(gnuplot, "%u %g %g %g %lu %s", i, change->ratio, shown ? change->low : change->ratio,
			    shown ? change->high : change->ratio, strtoul(verdicts[change->verdict].colour + 1, NULL,
									  16),
			    change->result->name);
		low = fmin(low, change->ratio / 1.5);
		high = fmax(high, change->ratio * 1.5);
	}
	gnuplot_data_end(gnuplot);
	gnuplot_put(gnuplot, "set xrange [-1:%u]\nset yrange [%g:%g]\nset logscale y 2\nset grid y ls 100\n"
		    "set xlabel 'benchmarks, by ratio' offset 0,0.5\nset ylabel 'rate, before = 1' offset 1,0\n"
		    "plot 1 lc rgb '#888888', $r using 1:2:3:4:5 with yerrorbars pt 7 ps 0.4 lc rgb variable, $r "
		    "using 1:2:6 with labels hypertext point pt 7 ps 0.8 lc rgb '#ff000000'\n", comparison->nr, low,
			    high);
}

static void put_row(struct html *page, const struct change *change)
{
	html_row(page);
	html_cell(page, "%s", change->result->name);
	html_cell(page, "%s", verdicts[change->verdict].name);
	html_number(page, change->before, "%s", report_rate(change->before));
	html_number(page, change->after, "%s", report_rate(change->after));
	html_number(page, change->ratio, "%.3f", change->ratio);
	html_number(page, change->low, "%.3f … %.3f", change->low, change->high);
	html_number(page, change->p, "%.2g", change->p);
	html_row_end(page);
}

static void put_figure(struct html *page, const struct report_run *before, const struct report_run *after,
		       const struct comparison *comparison)
{
	static const char *const columns[] = { "slowest and fastest", "verdict", "before/s", "after/s", "ratio",
					      "interval", "p", NULL };
	char title[256], note[256], command[1024];

	snprintf(title, sizeof(title), "%.100s → %.100s", before->name, after->name);
	snprintf(note, sizeof(note), "%u faster, %u slower of %u; noise floors %.1f %% and %.1f %%",
		 comparison->counts[VERDICT_FASTER], comparison->counts[VERDICT_SLOWER], comparison->judged,
		 100 * comparison->floor_before, 100 * comparison->floor_after);
	put_picture(html_figure(page, title, note, 270), comparison);
	html_figure_data(page, columns);
	for (unsigned int i = 0; i < comparison->nr; i++)
		if (i < MOST_ROWS / 2 || i + MOST_ROWS / 2 >= comparison->nr)
			put_row(page, &comparison->changes[i]);
	html_table_end(page);
	report_word(command, sizeof(command), "compare ", before->name);
	report_word(command, sizeof(command), " ", after->name);
	html_figure_end(page, report_shell(after, command));
}

static void put_pair(struct html *page, const struct report_run *before, const struct report_run *after)
{
	static struct side sides[2];
	struct comparison comparison;

	if (before->bench.quick || after->bench.quick) {
		html_missing(page, "Runs by --quick are too brief for comparisons.", "faultline bench");
		return;
	}
	sides[0].runs[0] = before->bench;
	sides[1].runs[0] = after->bench;
	sides[0].nr = sides[1].nr = 1;
	compare_sides(&comparison, &sides[0], &sides[1], COMPARE_THRESHOLD);
	if (comparison.nr) {
		qsort(comparison.changes, comparison.nr, sizeof(*comparison.changes), slowest_first);
		put_figure(page, before, after, &comparison);
	} else {
		html_missing(page, "No benchmark is in both runs.", "faultline bench");
	}
	comparison_free(&comparison);
}

void report_runs(struct html *page, const struct report_run *runs, unsigned int nr)
{
	if (nr < 2)
		return;
	html_section(page, "runs", "Runs side by side");
	html_paragraph(page,
		       "Each run against the first, benchmark by benchmark. All other sections show the last "
		       "run.");
	html_legend(page);
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		html_legend_entry(page, verdicts[i].colour, verdicts[i].name);
	html_legend_end(page);
	html_figures(page);
	for (unsigned int i = 1; i < nr; i++)
		put_pair(page, &runs[0], &runs[i]);
	html_figures_end(page);
	html_section_end(page);
}
