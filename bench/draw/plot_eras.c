/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_eras.c - what each step from policy to policy bought: a panel a step, a line a workload. */
#include "bench/draw/plot_eras.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/draw/plot.h"
#include "bench/ground/command.h"
#include "core/faultline.h"

#define TOP		(PLOT_TOP + 62)	/* pixels above the panels, with their titles and the legend */
#define BOTTOM		50
#define ROW_HEIGHT	26
#define LABELS		0.13	/* of the width */

/* How many threads the two marks of a line stand for. */
enum { ALONE, ALL_PUS, NR_CROWDS };

static const struct {
	const char *what;
	double above;		/* the line's middle */
	unsigned int point;
} crowds[NR_CROWDS] = {
	[ALONE] = { "one thread", 0.17, 6 },
	[ALL_PUS] = { "a thread on every PU", -0.17, 7 },
};

static const unsigned int better = 0x2b8c9e, worse = 0xd95f02, noise = 0x999999;

static bool same_work(const struct result *one, const struct result *other)
{
	return !strcmp(one->workload, other->workload) && !strcmp(one->choices, other->choices);
}

int plot_eras_open(struct plot_eras *plot, const struct results *results)
{
	const struct result *row;

	*plot = (struct plot_eras){ .eras = eras_of(results), .rows = calloc(results->nr, sizeof(*plot->rows)),
				    .low = 0.5, .high = 2 };
	if (!plot->rows)
		return fail("out of memory");
	for (unsigned int i = 0; (row = eras_row(&plot->eras, i)); i++)
		if (!plot->nr || !same_work(plot->rows[plot->nr - 1], row))
			plot->rows[plot->nr++] = row;
		else if (row->threads <= results->cpus)
			plot->rows[plot->nr - 1] = row;
	plot->shown = plot->nr;
	for (unsigned int step = 0; step + 1 < plot->eras.nr_policies; step++)
		for (unsigned int i = 0; (row = eras_row(&plot->eras, i)); i++) {
			struct era_step bought;

			if (!eras_step(&plot->eras, row, step, &bought) || bought.marks)
				continue;
			plot->low = min(plot->low, bought.factor / 1.3);
			plot->high = max(plot->high, bought.factor * 1.3);
		}
	return 0;
}

void plot_eras_close(struct plot_eras *plot)
{
	free(plot->rows);
}

/* The one of a row that was measured by that many; NULL when none was, or both would be the same. */
static const struct result *in_crowd(const struct plot_eras *plot, const struct result *row, unsigned int crowd)
{
	if (crowd == ALL_PUS)
		return row->threads > 1 ? row : NULL;
	return results_find(plot->eras.results, row, row->policy, 1);
}

/* Rows are counted from the top. With each mark what it says, for the pointer. Returns whether there is anything. */
static bool put_crowd(struct gnuplot *gnuplot, const struct plot_eras *plot, unsigned int step, unsigned int crowd)
{
	struct era_step bought;
	bool any = false;

	gnuplot_data(gnuplot, "step%u_%u", step, crowd);
	for (unsigned int i = 0; i < plot->shown; i++) {
		const struct result *row = in_crowd(plot, plot->rows[plot->first + i], crowd);
		char text[256];

		if (!row || !eras_step(&plot->eras, row, step, &bought) || bought.marks)
			continue;
		any = true;
		snprintf(text, sizeof(text), "%.100s, %u thread%s: × %.2f (%.2f … %.2f)%s", row->workload,
			 row->threads,
			 row->threads == 1 ? "" : "s", bought.factor, bought.low, bought.high,
				 bought.noise ? ", noise" : "");
		gnuplot_row(gnuplot, "%g %g %g %g %u %s", plot->shown - 1 - i + crowds[crowd].above, bought.factor,
			    max(plot->low, bought.low), min(plot->high, bought.high),
			    bought.noise ? noise : bought.factor > 1 ? better : worse, text);
	}
	gnuplot_data_end(gnuplot);
	return any;
}

bool plot_eras_put_data(struct gnuplot *gnuplot, struct plot_eras *plot, unsigned int step)
{
	plot->measured[step] = 0;
	for (unsigned int crowd = 0; crowd < NR_CROWDS; crowd++)
		plot->measured[step] |= put_crowd(gnuplot, plot, step, crowd) << crowd;
	return plot->measured[step];
}

static void put_names(struct gnuplot *gnuplot, const struct plot_eras *plot, bool names)
{
	gnuplot_put(gnuplot, "set ytics (");
	for (unsigned int i = 0; i < plot->shown; i++)
		gnuplot_put(gnuplot, "%s %u, ", names ? plot->rows[plot->first + i]->workload : "",
			    plot->shown - 1 - i);
	gnuplot_put(gnuplot, "'' -9)\n");
}

void plot_eras_put_step(struct gnuplot *gnuplot, const struct plot_eras *plot, unsigned int step, bool names)
{
	put_names(gnuplot, plot, names);
	plot_factor_tics(gnuplot, plot->low, plot->high);
	gnuplot_put(gnuplot,
		    "set logscale x 2\nset xrange [%g:%g]\nset yrange [-0.6:%g]\nset grid x y ls 100\nunset key\n"
		    "set arrow 1 from 1,graph 0 to 1,graph 1 nohead lw 1.2 lc rgb '#888888' back\nplot ",
		    plot->low, plot->high, plot->shown - 0.4);
	for (unsigned int crowd = 0; crowd < NR_CROWDS; crowd++)
		if (plot->measured[step] & 1u << crowd)
			gnuplot_put(gnuplot,
				    "$step%u_%u using 2:1:3:4:5 with xerrorbars pt %u ps 0.8 lw 1.4 lc rgb variable "
				    "notitle, "
				    "'' using 2:1:6 with labels hypertext point pt 7 ps 1 lc rgb '#ff000000' notitle, "
				    "", step, crowd,
				    crowds[crowd].point);
	gnuplot_put(gnuplot, "NaN notitle\n");
}

/* ---- the picture ---- */
static void put_legend(struct gnuplot *gnuplot, double height)
{
	gnuplot_put(gnuplot, "set origin 0,%f\nset size 1,%f\nset margins 0,0,0,0\n", 1 - (PLOT_TOP + 22) / height,
		    22 / height);
	gnuplot_put(gnuplot,
		    "unset title\nunset xlabel\nunset tics\nunset border\nunset arrow 1\nunset grid\nunset logscale\n"
		    "set key center center horizontal maxrows 1 Left reverse samplen 1.5 font ',10'\nset yrange "
		    "[0:1]\n"
		    "set xrange [1:2]\nplot ");
	for (unsigned int crowd = 0; crowd < NR_CROWDS; crowd++)
		gnuplot_put(gnuplot, "NaN with points pt %u ps 0.9 lc rgb '#333333' title %s, ", crowds[crowd].point,
			    crowds[crowd].what);
	gnuplot_put(gnuplot,
		    "NaN with lines lw 3 lc rgb %u title 'better', NaN with lines lw 3 lc rgb %u title 'worse', "
		    "NaN with lines lw 3 lc rgb %u title 'noise'\n", better, worse, noise);
}

static void put(struct gnuplot *gnuplot, const void *what, const struct plot_part *part)
{
	struct plot_eras *plot = (struct plot_eras *)what;
	unsigned int steps = plot->eras.nr_policies - 1;

	plot->first = part->first;
	plot->shown = part->nr;
	for (unsigned int step = 0; step < steps; step++)
		plot_eras_put_data(gnuplot, plot, step);
	gnuplot_put(gnuplot, "set multiplot layout 1,%u margins %g,0.985,%f,%f spacing 0.018,0\n"
		    "set tics font ',9.5' scale 0.4\nset xlabel 'throughput, before = 1' font ',10'\n", steps, LABELS,
		    BOTTOM / part->height, 1 - TOP / part->height);
	for (unsigned int step = 0; step < steps; step++) {
		const char *policy = plot->eras.policies[step + 1];

		gnuplot_put(gnuplot, "set title %s . \"\\n\" . %s font ',10' offset 0,-0.5\n", policy,
			    era_news(policy));
		if (plot->measured[step])
			plot_eras_put_step(gnuplot, plot, step, !step);
		plot_drop_titles(gnuplot);
	}
	put_legend(gnuplot, part->height);
	gnuplot_put(gnuplot, "unset multiplot\n");
}

int plot_eras(const struct results *results)
{
	struct plot_eras plot;
	struct picture picture = {
		.name = "eras",
		.title = "What each step of Linux's locking bought",
		.marks = "trimmed means, with intervals of 95 %",
		.width = 1320,
		.top = TOP,
		.bottom = BOTTOM,
		.row_height = ROW_HEIGHT,
		.put = put,
		.what = &plot,
	};
	int status = plot_eras_open(&plot, results);

	if (status)
		return status;
	picture.nr_rows = plot.nr;
	if (plot.nr)
		status = plot_write(&picture, results);
	else
		puts("no picture of eras: no workload was measured with several policies");
	plot_eras_close(&plot);
	return status;
}
