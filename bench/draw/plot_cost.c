/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_cost.c - time per item of each benchmark with its fewest threads: one bar each. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/shown.h"
#include "bench/data/table.h"
#include "bench/data/trust.h"
#include "bench/draw/plot.h"
#include "bench/ground/command.h"
#include "core/faultline.h"

#define TOP		(PLOT_TOP + 30)	/* pixels above the bars */
#define BOTTOM		55
#define BAR_HEIGHT	21
#define LONGEST_LABEL	80	/* characters that the axis makes room for */

static const struct {
	const char *title, *colour;
} kinds[NR_RESULT_KINDS] = {
	[RESULT_CORE] = { "the core, policy ", "#2b8c9e" },
	[RESULT_LIMIT] = { "limits: bare loops and locks (limit_*)", "#9aa5b1" },
	[RESULT_LIVE] = { "the live kernel (live_*)", "#d95f02" },
};

struct cost {
	const struct result **bars;	/* from the top down */
	unsigned int nr;
	const char *policy;		/* of those that have one */
};

static void put_label(struct gnuplot *gnuplot, const struct result *result, unsigned int row)
{
	char label[512], threads[32] = "";

	if (result->threads > 1)
		snprintf(threads, sizeof(threads), "  threads:%u", result->threads);
	snprintf(label, sizeof(label), "%s%s%s%s", result->workload, *result->choices ? "  " : "", result->choices,
		 threads);
	gnuplot_put(gnuplot, "%s %u, ", label, row);
}

/* The bars of one kind: row, median, least, most time, the time as text. Returns how many there are. */
static unsigned int put_data(struct gnuplot *gnuplot, const struct cost *cost, const struct plot_part *part,
			     enum result_kind kind)
{
	unsigned int nr = 0;

	gnuplot_data(gnuplot, "kind%u", kind);
	for (unsigned int i = 0; i < part->nr; i++) {
		const struct result *result = cost->bars[part->first + i];
		char text[32];

		if (result_kind(result) != kind)
			continue;
		format_time(text, sizeof(text), result_nanoseconds(result));
		gnuplot_row(gnuplot, "%u %g %g %g %s", part->nr - 1 - i, result_nanoseconds(result),
			    result->threads * 1e9 / result_most(result), result->threads * 1e9 / result_least(result),
				    text);
		nr++;
	}
	gnuplot_data_end(gnuplot);
	return nr;
}

/* All files have one axis. A logarithmic one has no zero: bars begin at the power of ten below the shortest. */
static void put_axes(struct gnuplot *gnuplot, const struct cost *cost, const struct plot_part *part, double *low)
{
	double least = INFINITY, most = 0;
	size_t width = 0;

	for (unsigned int i = 0; i < cost->nr; i++) {
		const struct result *result = cost->bars[i];

		least = min(least, result_nanoseconds(result));
		most = max(most, result->threads * 1e9 / result_least(result));
		width = max(width, strlen(result->workload) + strlen(result->choices));
	}
	*low = max(1e-3, pow(10, floor(log10(least) - 0.3)));
	gnuplot_put(gnuplot, "set ytics (");
	for (unsigned int i = 0; i < part->nr; i++)
		put_label(gnuplot, cost->bars[part->first + i], part->nr - 1 - i);
	gnuplot_put(gnuplot,
		    "'' -9) font ',9.5'\nset logscale x 10\nset xrange [%g:%g]\nset yrange [-0.7:%g]\nset lmargin "
		    "%zu\n",
		    *low, most * 6, part->nr - 0.3, min(width, (size_t)LONGEST_LABEL) + 6);
	plot_time_tics(gnuplot, 'x', *low, most * 6);
}

static void put_bars(struct gnuplot *gnuplot, const struct cost *cost, enum result_kind kind, double low)
{
	char title[128];

	snprintf(title, sizeof(title), "%s%s", kinds[kind].title, kind == RESULT_CORE ? cost->policy : "");
	gnuplot_put(gnuplot, "$kind%u using 2:1:(%g):2:($1-0.33):($1+0.33) with boxxyerror lc rgb %s title %s, "
		    "$kind%u using 2:1:3:4 with xerrorbars pt 0 lw 1.2 lc rgb '#222222' notitle, "
		    "$kind%u using 4:1:5 with labels left offset 0.7,0 font ',8.5' textcolor '#333333' notitle, ",
		    kind, low, kinds[kind].colour, title, kind, kind);
}

static void put(struct gnuplot *gnuplot, const void *what, const struct plot_part *part)
{
	const struct cost *cost = what;
	unsigned int nr[NR_RESULT_KINDS];
	double low;

	for (enum result_kind kind = 0; kind < NR_RESULT_KINDS; kind++)
		nr[kind] = put_data(gnuplot, cost, part, kind);
	put_axes(gnuplot, cost, part, &low);
	gnuplot_put(gnuplot, "set tmargin at screen %f\nset bmargin at screen %f\nset rmargin 3\n"
		    "set xlabel 'time that one thread spends on one item' font ',10'\nset grid x ls 100\nset tics "
		    "scale 0.4\n"
		    "set style fill solid 0.85 noborder\n"
		    "set key at graph 0.4,graph 1 center bottom horizontal font ',10' Left reverse samplen 1.5 width "
		    "-3 maxrows 1\n"
		    "plot ", 1 - TOP / part->height, BOTTOM / part->height);
	for (enum result_kind kind = 0; kind < NR_RESULT_KINDS; kind++)
		if (nr[kind])
			put_bars(gnuplot, cost, kind, low);
	gnuplot_put(gnuplot, "NaN notitle\n");
}

/* With the fewest threads it was measured with, and the newest of its policies; unless that has a mark. */
static bool stands_for_its_choices(const struct results *results, const struct result *result, const char *policy)
{
	if (!trust_row(result) || (*result->policy && strcmp(result->policy, policy)))
		return false;
	for (unsigned int i = 0; i < results->nr; i++) {
		const struct result *other = &results->all[i];

		if (other->nr && !strcmp(other->workload, result->workload) && !strcmp(other->choices,
										       result->choices) &&
		    !strcmp(other->policy, result->policy) && other->threads < result->threads)
			return false;
	}
	return true;
}

/* By kind, then by name, from the top down. */
static void gather_bars(struct cost *cost, const struct results *results)
{
	cost->policy = results_policy_shown(results);
	for (enum result_kind kind = 0; kind < NR_RESULT_KINDS; kind++)
		for (unsigned int i = 0; i < results->nr; i++) {
			const struct result *result = &results->all[i];

			if (result_kind(result) == kind && stands_for_its_choices(results, result, cost->policy))
				cost->bars[cost->nr++] = result;
		}
}

int plot_cost(const struct results *results)
{
	struct cost cost = { .bars = calloc(results->nr, sizeof(*cost.bars)) };
	struct picture picture = {
		.name = "cost",
		.title = "Time per item, fewest threads",
		.marks = "median, minimum and maximum of the repetitions",
		.width = 1000,
		.top = TOP,
		.bottom = BOTTOM,
		.row_height = BAR_HEIGHT,
		.put = put,
		.what = &cost,
	};
	int status = 0;

	if (!cost.bars)
		return fail("out of memory");
	gather_bars(&cost, results);
	picture.nr_rows = cost.nr;
	if (cost.nr)
		status = plot_write(&picture, results);
	else
		puts("no picture of cost: every benchmark failed or has a mark");
	free(cost.bars);
	return status;
}
