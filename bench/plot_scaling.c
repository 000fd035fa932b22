/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_scaling.c - throughput against threads: one panel a workload, one line a policy. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "bench/plot.h"
#include "core/faultline.h"

#define COLUMNS		4
#define MAX_LINES	16
#define PANEL_HEIGHT	250	/* pixels */
#define LEGEND_HEIGHT	46	/* two lines of it, where one is too short */
#define TOP		(PLOT_TOP + LEGEND_HEIGHT)

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
	unsigned int rows;
};

static bool belongs(const struct result *result, const struct panel *panel, const char *policy)
{
	return result->nr && !strcmp(result->workload, panel->of->workload) && !strcmp(result->choices, panel->of->choices) &&
	       !strcmp(result->policy, policy);
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
		if (!strcmp(scaling->results->all[i].workload, panel->of->workload) &&
		    !strcmp(scaling->results->all[i].choices, panel->of->choices))
			most = max(most, result_most(&scaling->results->all[i]));
	while (most >= 1000 && prefix + 1 < ARRAY_SIZE(names)) {
		most /= 1000;
		prefix++;
	}
	panel->unit = pow(1000, (double)prefix);
	snprintf(panel->unit_name, sizeof(panel->unit_name), "%s", names[prefix]);
}

/*
 * Points of several lines at one number of threads stand side by side, that their spreads can be told apart.
 * A block that nobody plots is not written: gnuplot takes an empty one for a mistake.
 */
static void put_line(FILE *out, const struct scaling *scaling, unsigned int index, unsigned int line, const char *policy)
{
	const struct panel *panel = &scaling->panels[index];
	double beside = *policy ? pow(1.035, line - (scaling->nr_policies - 1) / 2.0) : 1;

	if (!points_of(scaling, panel, policy))
		return;
	fprintf(out, "$p%u_%u << EOD\n", index, line);
	for (unsigned int i = 0; i < scaling->results->nr; i++) {
		const struct result *result = &scaling->results->all[i];

		if (belongs(result, panel, policy))
			fprintf(out, "%g %g %g %g\n", result->threads * beside, result_median(result) / panel->unit,
				result_least(result) / panel->unit, result_most(result) / panel->unit);
	}
	fputs("EOD\n", out);
}

static void put_data(FILE *out, const void *what)
{
	const struct scaling *scaling = what;

	for (unsigned int i = 0; i < scaling->nr_panels; i++) {
		for (unsigned int p = 0; p < scaling->nr_policies; p++)
			put_line(out, scaling, i, p, scaling->policies[p]);
		put_line(out, scaling, i, scaling->nr_policies, "");
	}
}

static int compare_counts(const void *a, const void *b)
{
	const unsigned int *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

/* A tic at each number of threads that was measured; a mark where threads outnumber PUs. */
static void put_x_axis(FILE *out, const struct scaling *scaling, const struct panel *panel)
{
	unsigned int counts[256], nr = 0, cpus = scaling->results->cpus;

	for (unsigned int i = 0; i < scaling->results->nr && nr < ARRAY_SIZE(counts); i++) {
		const struct result *result = &scaling->results->all[i];

		if (result->nr && !strcmp(result->workload, panel->of->workload) && !strcmp(result->choices, panel->of->choices))
			counts[nr++] = result->threads;
	}
	qsort(counts, nr, sizeof(counts[0]), compare_counts);
	fprintf(out, "set xtics (");
	for (unsigned int i = 0; i < nr; i++)
		if (!i || counts[i] != counts[i - 1])
			fprintf(out, "%s%u", i ? "," : "", counts[i]);
	fprintf(out, ")\nset xrange [%g:%g]\n", counts[0] / 1.25, counts[nr - 1] * 1.25);
	fputs("unset arrow 1\n", out);
	if (cpus && counts[nr - 1] > cpus)
		fprintf(out, "set arrow 1 from %u,graph 0 to %u,graph 1 nohead dt 3 lc rgb '#888888' back\n", cpus, cpus);
}

static void put_curve(FILE *out, unsigned int index, unsigned int line, const char *colour, unsigned int shape, bool first)
{
	fprintf(out, "%s$p%u_%u using 1:2:3:4 with yerrorlines lw 1.6 pt %u ps 0.7 lc rgb '%s' notitle", first ? "plot " : ", ",
		index, line, shape, colour);
}

static void put_panel(FILE *out, const struct scaling *scaling, unsigned int index)
{
	const struct panel *panel = &scaling->panels[index];
	bool first = true;

	fputs("set title ", out);
	gnuplot_put_quoted(out, panel->of->workload);
	if (*panel->of->choices) {
		fputs(" . \"\\n\" . ", out);
		gnuplot_put_quoted(out, panel->of->choices);
	}
	fprintf(out, " font ',10' offset 0,-0.6\nset ylabel '%sitems/s' font ',9' offset 1.2,0\n", panel->unit_name);
	put_x_axis(out, scaling, panel);
	for (unsigned int p = 0; p < scaling->nr_policies; p++) {
		if (!points_of(scaling, panel, scaling->policies[p]))
			continue;
		put_curve(out, index, p, plot_policy_colour(p, scaling->nr_policies), 5 + 2 * (p % 4), first);
		first = false;
	}
	if (points_of(scaling, panel, ""))
		put_curve(out, index, scaling->nr_policies, "#333333", 7, first);
	fprintf(out, "\nunset label %d\nunset label %d\nunset label %d\n", PLOT_TITLE, PLOT_TITLE + 1, PLOT_TITLE + 2);
}

/* What the lines mean: a plot of nothing, in a strip between the titles and the panels. */
static void put_legend(FILE *out, const struct scaling *scaling, double height)
{
	fprintf(out, "set origin 0,%f\nset size 1,%f\nset margins 0,0,0,0\n", 1 - TOP / height, LEGEND_HEIGHT / height);
	fputs("unset title\nunset xlabel\nunset ylabel\nunset tics\nunset border\nunset arrow 1\nunset grid\nunset logscale\n"
	      "set key center center horizontal maxrows 2 Left reverse samplen 2.5 width -2 font ',10'\nset yrange [0:1]\nset xrange [1:2]\n"
	      "plot ", out);
	for (unsigned int p = 0; p < scaling->nr_policies; p++) {
		fprintf(out, "NaN with linespoints lw 1.6 pt %u ps 0.9 lc rgb '%s' title ", 5 + 2 * (p % 4),
			plot_policy_colour(p, scaling->nr_policies));
		gnuplot_put_quoted(out, scaling->policies[p]);
		fputs(", ", out);
	}
	fputs("NaN with linespoints lw 1.6 pt 7 ps 0.9 lc rgb '#333333' title 'no policy', "
	      "NaN with lines dt 3 lc rgb '#888888' title 'a thread on every PU'\n", out);
}

static void put_commands(FILE *out, const void *what)
{
	const struct scaling *scaling = what;
	double height = TOP + scaling->rows * PANEL_HEIGHT;

	fprintf(out, "set multiplot layout %u,%u margins 0.055,0.99,%f,%f spacing 0.055,%f\n", scaling->rows, COLUMNS, 45 / height,
		1 - (TOP + 32) / height, 92 / height);
	fputs("set logscale x 2\nset yrange [0:*]\nset grid y ls 100\nset xlabel 'threads' font ',9' offset 0,0.6\n"
	      "set tics font ',9'\nunset key\n", out);
	for (unsigned int i = 0; i < scaling->nr_panels; i++)
		put_panel(out, scaling, i);
	put_legend(out, scaling, height);
	fputs("unset multiplot\n", out);
}

static void add_panel(struct scaling *scaling, const struct result *of)
{
	struct panel *panel = &scaling->panels[scaling->nr_panels];

	panel->of = of;
	choose_unit(scaling, panel);
	scaling->nr_panels += has_lines(scaling, panel);
}

int plot_scaling(const struct results *results)
{
	struct scaling scaling = { .results = results };
	struct picture picture = {
		.name = "scaling",
		.title = "Throughput against threads",
		.marks = "median, least and most of the repetitions",
		.width = 1320,
		.put_data = put_data,
		.put_commands = put_commands,
		.what = &scaling,
	};
	const struct result *of;
	int status = 0;

	scaling.panels = calloc(results->nr, sizeof(*scaling.panels));
	if (!scaling.panels)
		return fail("out of memory");
	scaling.nr_policies = plot_policy_names(results, scaling.policies, MAX_LINES);
	for (enum plot_kind kind = 0; kind < NR_PLOT_KINDS; kind++)
		for (unsigned int nth = 0; (of = plot_workload(results, nth)); nth++)
			if (plot_kind_of(of) == kind)
				add_panel(&scaling, of);
	scaling.rows = (scaling.nr_panels + COLUMNS - 1) / COLUMNS;
	picture.height = TOP + scaling.rows * PANEL_HEIGHT;
	if (scaling.nr_panels)
		status = plot_write(&picture, results);
	else
		puts("no picture of scaling: nothing was measured with several numbers of threads");
	free(scaling.panels);
	return status;
}
