/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_runs.c - several runs: each benchmark against the first of them. */
#include <math.h>
#include <stdlib.h>

#include "bench/report.h"
#include "core/faultline.h"

#define MOST_ROWS	60

struct change {
	const struct result *before, *after;
	double ratio, low, high;	/* of the rates */
};

static bool change_of(const struct report_run *before, const struct result *after, struct change *change)
{
	double before_low, before_high, after_low, after_high;

	*change = (struct change){ .before = results_by_name(&before->bench, after->name), .after = after };
	if (!change->before || result_median(change->before) <= 0 || result_median(after) <= 0)
		return false;
	result_interval(change->before, &before_low, &before_high);
	result_interval(after, &after_low, &after_high);
	change->ratio = result_median(after) / result_median(change->before);
	change->low = after_low / before_high;
	change->high = after_high / before_low;
	return true;
}

static int lowest_first(const void *a, const void *b)
{
	const struct change *one = a, *other = b;

	return (one->ratio > other->ratio) - (one->ratio < other->ratio);
}

static void put_picture(FILE *in, const struct change *changes, unsigned int nr)
{
	double low = 0.8, high = 1.25;

	fputs("$r << EOD\n", in);
	for (unsigned int i = 0; i < nr; i++) {
		fprintf(in, "%u %g %g %g\n", i, changes[i].ratio, changes[i].low, changes[i].high);
		low = fmin(low, changes[i].low / 1.1);
		high = fmax(high, changes[i].high * 1.1);
	}
	fprintf(in, "EOD\nset xrange [-1:%u]\nset yrange [%g:%g]\nset logscale y 2\nset grid y ls 100\nset xlabel 'benchmarks, by ratio' offset 0,0.5\nset ylabel 'rate, before = 1' offset 1,0\n"
	      "plot 1 lc rgb '#888888', $r using 1:2:3:4 with yerrorbars pt 7 ps 0.4 lc rgb '" FIGURE_COLOUR "'\n", nr, low, high);
}

static void put_row(struct html *page, const struct change *change)
{
	html_row(page);
	html_cell(page, "%s", change->after->name);
	html_number(page, "%s", report_rate(result_median(change->before)));
	html_number(page, "%s", report_rate(result_median(change->after)));
	html_number(page, "%.3f", change->ratio);
	html_number(page, "%.3f … %.3f", change->low, change->high);
	html_row_end(page);
}

/* The ends of the list: what is slowest against before, and what is fastest. */
static void put_rows(struct html *page, const struct change *changes, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (i < MOST_ROWS / 2 || i + MOST_ROWS / 2 >= nr)
			put_row(page, &changes[i]);
}

static void put_pair(struct html *page, const struct report_run *before, const struct report_run *after)
{
	static const char *const columns[] = { "benchmark, slowest and fastest", "before/s", "after/s", "ratio", "interval", NULL };
	struct change *changes = calloc(after->bench.nr + 1, sizeof(*changes));
	char title[2 * PATH_MAX], command[2 * PATH_MAX + 64];
	unsigned int nr = 0;

	for (unsigned int i = 0; changes && i < after->bench.nr; i++)
		nr += change_of(before, &after->bench.all[i], &changes[nr]);
	snprintf(title, sizeof(title), "%s → %s", before->name, after->name);
	snprintf(command, sizeof(command), "faultline compare %s %s", before->name, after->name);
	if (nr) {
		qsort(changes, nr, sizeof(*changes), lowest_first);
		put_picture(html_figure(page, title, "the rate of each benchmark that both have", 270), changes, nr);
		html_figure_data(page, columns);
		put_rows(page, changes, nr);
		html_table_end(page);
		html_figure_end(page, command);
	} else {
		html_missing(page, "No benchmark is in both runs.", command);
	}
	free(changes);
}

void report_runs(struct html *page, const struct report_run *runs, unsigned int nr)
{
	if (nr < 2)
		return;
	html_section(page, "runs", "Runs side by side");
	html_paragraph(page, "Each run against the first one, benchmark by benchmark; all other sections show the last run. Which changes are "
		       "significant, faultline compare tells.");
	html_figures(page);
	for (unsigned int i = 1; i < nr; i++)
		put_pair(page, &runs[0], &runs[i]);
	html_figures_end(page);
	html_section_end(page);
}
