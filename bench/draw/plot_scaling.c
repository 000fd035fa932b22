/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_scaling.c - throughput against threads: one panel a workload, one line a policy. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/shown.h"
#include "bench/data/trust.h"
#include "bench/draw/plot.h"
#include "bench/ground/command.h"
#include "core/faultline.h"

#define COLUMNS		4
#define MAX_LINES	16
#define PANEL_HEIGHT	250	/* pixels */
#define LEGEND_HEIGHT	46	/* two lines of it, where one is too short */
#define TOP		(PLOT_TOP + LEGEND_HEIGHT)
#define MOST_COUNTS	256	/* numbers of threads */
#define CURVE_POINTS	3	/* at least, of a curve */
#define DOTTED		"dt (2,4) lw 1.2 lc rgb '#888888'"

struct panel {
	const struct result *of;	/* its workload and choices */
	double unit;			/* of the y axis, in items per second */
	char unit_name[8];
};

struct scaling {
	const struct results *results;
	const char *policies[MAX_LINES];
	unsigned int nr_policies, nr_panels;
	struct panel *panels;
};

/* Rows with marks are no points of any curve. */
static bool is_drawn(const struct result *result, const struct panel *panel)
{
	return trust_row(result) && !strcmp(result->workload, panel->of->workload) &&
	       !strcmp(result->choices, panel->of->choices);
}

static bool belongs(const struct result *result, const struct panel *panel, const char *policy)
{
	return is_drawn(result, panel) && !strcmp(result->policy, policy);
}

static unsigned int points_of(const struct scaling *scaling, const struct panel *panel, const char *policy)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < scaling->results->nr; i++)
		nr += belongs(&scaling->results->all[i], panel, policy);
	return nr;
}

/* A line needs two points; limits and the live kernel have a line without policy. */
static bool has_lines(const struct scaling *scaling, const struct panel *panel)
{
	for (unsigned int p = 0; p < scaling->nr_policies; p++)
		if (points_of(scaling, panel, scaling->policies[p]) > 1)
			return true;
	return points_of(scaling, panel, "") > 1;
}

static void choose_unit(const struct scaling *scaling, struct panel *panel)
{
	static const char *const names[] = { "", "k ", "M ", "G ", "T " };
	double most = 0;
	size_t prefix = 0;

	for (unsigned int i = 0; i < scaling->results->nr; i++)
		if (is_drawn(&scaling->results->all[i], panel))
			most = max(most, result_most(&scaling->results->all[i]));
	while (most >= 1000 && prefix + 1 < ARRAY_SIZE(names)) {
		most /= 1000;
		prefix++;
	}
	panel->unit = pow(1000, (double)prefix);
	snprintf(panel->unit_name, sizeof(panel->unit_name), "%s", names[prefix]);
}

/* Points of several lines at one number of threads stand side by side, so that their spreads do not overlap. */
static void put_line(struct gnuplot *gnuplot, const struct scaling *scaling, unsigned int index, unsigned int line,
		     const char *policy)
{
	const struct panel *panel = &scaling->panels[index];
	double beside = *policy ? pow(1.035, line - (scaling->nr_policies - 1) / 2.0) : 1;

	gnuplot_data(gnuplot, "line%u", line);
	for (unsigned int i = 0; i < scaling->results->nr; i++) {
		const struct result *result = &scaling->results->all[i];

		if (belongs(result, panel, policy))
			gnuplot_row(gnuplot, "%g %g %g %g", result->threads * beside,
				    result_median(result) / panel->unit,
				    result_least(result) / panel->unit, result_most(result) / panel->unit);
	}
	gnuplot_data_end(gnuplot);
}

static int compare_counts(const void *a, const void *b)
{
	const unsigned int *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

/* The numbers of threads that a panel was measured with, ascending, each once. */
static unsigned int counts_of(const struct scaling *scaling, const struct panel *panel, unsigned int *counts,
			      unsigned int room)
{
	unsigned int nr = 0, different = 0;

	for (unsigned int i = 0; i < scaling->results->nr && nr < room; i++) {
		const struct result *result = &scaling->results->all[i];

		if (is_drawn(result, panel))
			counts[nr++] = result->threads;
	}
	qsort(counts, nr, sizeof(counts[0]), compare_counts);
	for (unsigned int i = 0; i < nr; i++)
		if (!different || counts[i] != counts[different - 1])
			counts[different++] = counts[i];
	return different;
}

/* A tic at each number of threads; a line where threads outnumber PUs. */
static void put_x_axis(struct gnuplot *gnuplot, const struct scaling *scaling, const struct panel *panel)
{
	unsigned int counts[MOST_COUNTS], nr = counts_of(scaling, panel, counts, MOST_COUNTS),
		cpus = scaling->results->cpus;

	gnuplot_put(gnuplot, "set xtics (");
	for (unsigned int i = 0; i < nr; i++)
		gnuplot_put(gnuplot, "%u, ", counts[i]);
	gnuplot_put(gnuplot, "%u)\nset xrange [%g:%g]\nunset arrow 1\n", counts[0], counts[0] / 1.25,
		    counts[nr - 1] * 1.25);
	if (cpus && counts[nr - 1] > cpus)
		gnuplot_put(gnuplot, "set arrow 1 from %u,graph 0 to %u,graph 1 nohead " DOTTED " back\n", cpus, cpus);
}

static void put_curve(struct gnuplot *gnuplot, unsigned int line, const char *colour, unsigned int shape)
{
	gnuplot_put(gnuplot, "$line%u using 1:2:3:4 with yerrorlines lw 1.6 pt %u ps 0.7 lc rgb %s notitle, ", line,
		    shape, colour);
}

static void put_panel(struct gnuplot *gnuplot, const struct scaling *scaling, unsigned int index)
{
	const struct panel *panel = &scaling->panels[index];

	for (unsigned int p = 0; p < scaling->nr_policies; p++)
		put_line(gnuplot, scaling, index, p, scaling->policies[p]);
	put_line(gnuplot, scaling, index, scaling->nr_policies, "");
	gnuplot_put(gnuplot,
		    "set title %s . \"\\n\" . %s font ',10' offset 0,-0.6\nset ylabel %s . 'items/s' font ',9' offset "
		    "1.2,0\n",
		    panel->of->workload, panel->of->choices, panel->unit_name);
	put_x_axis(gnuplot, scaling, panel);
	gnuplot_put(gnuplot, "plot ");
	for (unsigned int p = 0; p < scaling->nr_policies; p++)
		if (points_of(scaling, panel, scaling->policies[p]))
			put_curve(gnuplot, p, plot_policy_colour(p, scaling->nr_policies), 5 + 2 * (p % 4));
	if (points_of(scaling, panel, ""))
		put_curve(gnuplot, scaling->nr_policies, "#333333", 7);
	gnuplot_put(gnuplot, "NaN notitle\n");
	plot_drop_titles(gnuplot);
}

static bool any_without_policy(const struct scaling *scaling, const struct plot_part *part)
{
	for (unsigned int i = 0; i < part->nr * COLUMNS && part->first * COLUMNS + i < scaling->nr_panels; i++)
		if (points_of(scaling, &scaling->panels[part->first * COLUMNS + i], ""))
			return true;
	return false;
}

/* What the lines mean: a plot of nothing, in a strip between the titles and the panels. */
static void put_legend(struct gnuplot *gnuplot, const struct scaling *scaling, const struct plot_part *part)
{
	gnuplot_put(gnuplot, "set origin 0,%f\nset size 1,%f\nset margins 0,0,0,0\n", 1 - TOP / part->height,
		    LEGEND_HEIGHT / part->height);
	gnuplot_put(gnuplot,
		    "unset title\nunset xlabel\nunset ylabel\nunset tics\nunset border\nunset arrow 1\nunset grid\n"
		    "unset logscale\nset key center center horizontal maxrows 2 Left reverse samplen 2.5 width -2 "
		    "font ',10'\n"
		    "set yrange [0:1]\nset xrange [1:2]\nplot ");
	for (unsigned int p = 0; p < scaling->nr_policies; p++)
		gnuplot_put(gnuplot, "NaN with linespoints lw 1.6 pt %u ps 0.9 lc rgb %s title %s, ", 5 + 2 * (p % 4),
			    plot_policy_colour(p, scaling->nr_policies), scaling->policies[p]);
	if (any_without_policy(scaling, part))
		gnuplot_put(gnuplot,
			    "NaN with linespoints lw 1.6 pt 7 ps 0.9 lc rgb '#333333' title 'limit, live: no policy', "
			    "");
	gnuplot_put(gnuplot, "NaN with lines " DOTTED " title 'a thread on every PU'\n");
}

static void put(struct gnuplot *gnuplot, const void *what, const struct plot_part *part)
{
	const struct scaling *scaling = what;

	gnuplot_put(gnuplot, "set multiplot layout %u,%u margins 0.055,0.99,%f,%f spacing 0.055,%f\n", part->nr,
		    COLUMNS,
		    45 / part->height, 1 - (TOP + 32) / part->height, 92 / part->height);
	gnuplot_put(gnuplot,
		    "set logscale x 2\nset yrange [0:*]\nset grid y ls 100\nset xlabel 'threads' font ',9' offset "
		    "0,0.6\n"
		    "set tics font ',9'\nunset key\n");
	for (unsigned int i = 0; i < part->nr * COLUMNS && part->first * COLUMNS + i < scaling->nr_panels; i++)
		put_panel(gnuplot, scaling, part->first * COLUMNS + i);
	put_legend(gnuplot, scaling, part);
	gnuplot_put(gnuplot, "unset multiplot\n");
}

static void add_panel(struct scaling *scaling, const struct result *of)
{
	struct panel *panel = &scaling->panels[scaling->nr_panels];

	panel->of = of;
	choose_unit(scaling, panel);
	scaling->nr_panels += has_lines(scaling, panel);
}

/*
 * Where some workloads were measured with several numbers of threads, those with two only are no curves, and are
 * dropped.
 */
static void keep_curves(struct scaling *scaling)
{
	unsigned int counts[MOST_COUNTS], most = 0, kept = 0;

	for (unsigned int i = 0; i < scaling->nr_panels; i++)
		most = max(most, counts_of(scaling, &scaling->panels[i], counts, MOST_COUNTS));
	most = min(most, (unsigned int)CURVE_POINTS);
	for (unsigned int i = 0; i < scaling->nr_panels; i++)
		if (counts_of(scaling, &scaling->panels[i], counts, MOST_COUNTS) >= most)
			scaling->panels[kept++] = scaling->panels[i];
	scaling->nr_panels = kept;
}

int plot_scaling(const struct results *results)
{
	struct scaling scaling = { .results = results };
	struct picture picture = {
		.name = "scaling",
		.title = "Throughput against threads",
		.marks = "median, minimum and maximum of the repetitions",
		.width = 1320,
		.top = TOP,
		.row_height = PANEL_HEIGHT,
		.put = put,
		.what = &scaling,
	};
	const struct result *of;
	int status = 0;

	scaling.panels = calloc(results->nr, sizeof(*scaling.panels));
	if (!scaling.panels)
		return fail("out of memory");
	scaling.nr_policies = results_policies(results, scaling.policies, MAX_LINES);
	for (enum result_kind kind = 0; kind < NR_RESULT_KINDS; kind++)
		for (unsigned int nth = 0; (of = results_workload(results, nth)); nth++)
			if (result_kind(of) == kind)
				add_panel(&scaling, of);
	keep_curves(&scaling);
	picture.nr_rows = (scaling.nr_panels + COLUMNS - 1) / COLUMNS;
	if (scaling.nr_panels)
		status = plot_write(&picture, results);
	else
		puts("no picture of scaling: no rows without marks have several numbers of threads");
	free(scaling.panels);
	return status;
}
