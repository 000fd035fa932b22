/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_noise.c - how far the repetitions of one benchmark lie apart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/shown.h"
#include "bench/draw/plot.h"
#include "bench/draw/report.h"
#include "core/faultline.h"

#define MOST_ROWS	40

/* Half of the interval, in percent of the median. */
static double half_width(const struct result *result)
{
	double low, high;

	result_interval(result, &low, &high);
	return 50 * (high - low) / result_median(result);
}

static int widest_first(const void *a, const void *b)
{
	double one = half_width(*(const struct result *const *)a),
		other = half_width(*(const struct result *const *)b);

	return (one < other) - (one > other);
}

/* The share of benchmarks whose interval is no wider, and the name, for the pointer. */
static bool put_points(struct gnuplot *gnuplot, const struct result *const *sorted, unsigned int nr, bool limits)
{
	bool any = false;

	for (unsigned int i = nr; i; i--)
		if (!limits || result_kind(sorted[i - 1]) == RESULT_LIMIT) {
			gnuplot_row(gnuplot, "%g %g %s", fmax(half_width(sorted[i - 1]), 0.01),
				    100.0 * (nr - i + 1) / nr,
				    sorted[i - 1]->name);
			any = true;
		}
	return any;
}

static void put_picture(struct gnuplot *gnuplot, const struct result *const *sorted, unsigned int nr)
{
	bool limits;

	gnuplot_data(gnuplot, "all");
	put_points(gnuplot, sorted, nr, false);
	gnuplot_data_end(gnuplot);
	gnuplot_data(gnuplot, "limits");
	limits = put_points(gnuplot, sorted, nr, true);
	gnuplot_data_end(gnuplot);
	gnuplot_put(gnuplot,
		    "set logscale x\nset xrange [%g:%g]\nset yrange [0:100]\nset grid x y ls 100\nset format x '%%g'\n"
		    "set xlabel 'half of the interval, %% of the median' offset 0,0.5\n"
		    "set ylabel '%% of benchmarks' offset 1,0\nplot $all with steps lw 1.8 lc rgb "
		    "'" FIGURE_COLOUR "', ",
		    fmax(half_width(sorted[nr - 1]), 0.01) / 1.5, fmax(half_width(sorted[0]), 0.01) * 1.5);
	if (limits)
		gnuplot_put(gnuplot, "$limits with points pt 7 ps 0.6 lc rgb '#2b8c9e', '' using 1:2:3 with labels "
				     "hypertext point pt 7 ps 1 lc rgb '#ff000000', ");
	gnuplot_put(gnuplot, "NaN\n");
}

static void put_rows(struct html *page, const struct result *const *sorted, unsigned int nr)
{
	for (unsigned int i = 0; i < min(nr, MOST_ROWS + 0u); i++) {
		html_row(page);
		html_cell(page, "%s", sorted[i]->name);
		html_number(page, sorted[i]->nr, "%u", sorted[i]->nr);
		html_number(page, result_median(sorted[i]), "%s", report_rate(result_median(sorted[i])));
		html_number(page, half_width(sorted[i]), "± %.1f %%", half_width(sorted[i]));
		html_row_end(page);
	}
}

static void put_figure(struct html *page, const struct report_run *run, const struct result **sorted, unsigned int nr)
{
	static const char *const columns[] = { "benchmark, the noisiest first", "repetitions", "items/s", "interval",
					      NULL };

	qsort(sorted, nr, sizeof(*sorted), widest_first);
	html_figures(page);
	put_picture(html_figure(page, "Intervals of the medians",
				"orange: all benchmarks; teal: limit_*, whose code never changes", 260),
		    sorted, nr);
	html_figure_data(page, columns);
	put_rows(page, sorted, nr);
	html_table_end(page);
	html_figure_end(page, report_shell(run, "bench"));
	html_figures_end(page);
}

void report_noise(struct html *page, const struct report_run *run)
{
	const struct results *results = report_facts(run);
	const struct result **sorted = calloc(results->nr + 1, sizeof(*sorted));
	unsigned int nr = 0;

	html_section(page, "noise", "Noise");
	for (unsigned int i = 0; sorted && i < results->nr; i++)
		if (result_median(&results->all[i]) > 0)
			sorted[nr++] = &results->all[i];
	if (nr) {
		html_paragraph(page,
			       "The interval of each benchmark's median. The noise floor of this run is %.1f %%: the "
			       "95th percentile, over all benchmarks, of the difference between two halves of a "
			       "benchmark's own repetitions. Ignore smaller differences, and compare ratios within a "
			       "run, not times of two runs.", 100 * results_noise_floor(results));
		put_figure(page, run, sorted, nr);
	} else {
		html_missing(page, "Nothing was measured.", "faultline bench");
	}
	free(sorted);
	html_section_end(page);
}
