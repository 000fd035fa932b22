/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_noise.c - how far the repetitions of one benchmark lie apart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plot.h"
#include "bench/report.h"
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
	double one = half_width(*(const struct result *const *)a), other = half_width(*(const struct result *const *)b);

	return (one < other) - (one > other);
}

/* What share of the benchmarks has an interval no wider than that, and where the controls are. */
static void put_picture(FILE *in, const struct result *const *sorted, unsigned int nr)
{
	bool limits = false;

	fputs("$all << EOD\n", in);
	for (unsigned int i = nr; i; i--)
		fprintf(in, "%g %g\n", fmax(half_width(sorted[i - 1]), 0.01), 100.0 * (nr - i + 1) / nr);
	fputs("EOD\n$limits << EOD\n", in);
	for (unsigned int i = nr; i; i--)
		if (plot_kind_of(sorted[i - 1]) == PLOT_LIMIT) {
			fprintf(in, "%g %g\n", fmax(half_width(sorted[i - 1]), 0.01), 100.0 * (nr - i + 1) / nr);
			limits = true;
		}
	fprintf(in, "%sEOD\nset logscale x\nset xrange [%g:%g]\nset yrange [0:100]\nset grid x y ls 100\n"
		"set format x '%%g'\n"
		"set xlabel 'half of the interval, %% of the median' offset 0,0.5\nset ylabel '%% of benchmarks' offset "
		"1,0\n"
		"plot $all with steps lw 1.8 lc rgb '" FIGURE_COLOUR "'%s\n", limits ? "" : "NaN NaN\n",
		fmax(half_width(sorted[nr - 1]), 0.01) / 1.5, fmax(half_width(sorted[0]), 0.01) * 1.5,
		limits ? ", $limits with points pt 7 ps 0.6 lc rgb '#2b8c9e'" : "");
}

static void put_rows(struct html *page, const struct result *const *sorted, unsigned int nr)
{
	for (unsigned int i = 0; i < min(nr, MOST_ROWS + 0u); i++) {
		html_row(page);
		html_cell(page, "%s", sorted[i]->name);
		html_number(page, "%u", sorted[i]->nr);
		html_number(page, "%s", report_rate(result_median(sorted[i])));
		html_number(page, "± %.1f %%", half_width(sorted[i]));
		html_row_end(page);
	}
}

static void put_figure(struct html *page, const struct report_run *run, const struct result **sorted, unsigned int nr)
{
	static const char *const columns[] = { "benchmark, the noisiest first", "repetitions", "items/s", "interval",
					      NULL };
	char command[PATH_MAX + 64];

	qsort(sorted, nr, sizeof(*sorted), widest_first);
	html_figures(page);
	put_picture(html_figure(page, "Intervals of the medians", "teal: limit_* rows, whose code never changes", 260),
		    sorted, nr);
	html_figure_data(page, columns);
	put_rows(page, sorted, nr);
	snprintf(command, sizeof(command), "faultline bench\nfaultline report %s", run->name);
	html_table_end(page);
	html_figure_end(page, command);
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
		html_paragraph(page, "How far the median of each benchmark can be trusted. The noise floor of this run "
			       "is %.1f %%: that far apart are the halves of its own repetitions in the 95th of 100 "
			       "benchmarks, with nothing changed. Read no smaller difference, and compare ratios within "
			       "a run rather than times of two.", 100 * results_noise_floor(results));
		put_figure(page, run, sorted, nr);
	} else {
		html_missing(page, "Nothing was measured.", "faultline bench");
	}
	free(sorted);
	html_section_end(page);
}
