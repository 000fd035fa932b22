/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_eras.c - what each step from policy to policy bought: a panel a step, a line a workload. */
#include "bench/plot_eras.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "bench/plot.h"
#include "core/faultline.h"

#define TOP		(PLOT_TOP + 62)	/* pixels above the panels, with their titles and the legend */
#define BOTTOM		50
#define ROW_HEIGHT	26
#define LABELS		0.13	/* of the width */
#define TICS		7	/* at most */

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
	for (unsigned int step = 0; step + 1 < plot->eras.nr_policies; step++)
		for (unsigned int i = 0; (row = eras_row(&plot->eras, i)); i++) {
			struct era_step bought;

			if (!eras_step(&plot->eras, row, step, &bought))
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

/* Rows are counted from the top. Returns whether there is anything. */
static bool put_crowd(FILE *out, const struct plot_eras *plot, unsigned int step, unsigned int crowd)
{
	struct era_step bought;
	bool any = false;

	for (unsigned int i = 0; i < plot->nr; i++) {
		const struct result *row = in_crowd(plot, plot->rows[i], crowd);

		if (!row || !eras_step(&plot->eras, row, step, &bought))
			continue;
		if (!any)
			fprintf(out, "$step%u_%u << EOD\n", step, crowd);
		any = true;
		fprintf(out, "%g %g %g %g %u\n", plot->nr - 1 - i + crowds[crowd].above, bought.factor,
			max(plot->low, bought.low),
			min(plot->high, bought.high), bought.noise ? noise : bought.factor > 1 ? better : worse);
	}
	if (any)
		fputs("EOD\n", out);
	return any;
}

bool plot_eras_put_data(FILE *out, struct plot_eras *plot, unsigned int step)
{
	plot->measured[step] = 0;
	for (unsigned int crowd = 0; crowd < NR_CROWDS; crowd++)
		plot->measured[step] |= put_crowd(out, plot, step, crowd) << crowd;
	return plot->measured[step];
}

static void put_names(FILE *out, const struct plot_eras *plot, bool names)
{
	fputs("set ytics (", out);
	for (unsigned int i = 0; i < plot->nr; i++) {
		fputs(i ? ", " : "", out);
		gnuplot_put_quoted(out, names ? plot->rows[i]->workload : "");
		fprintf(out, " %u", plot->nr - 1 - i);
	}
	fputs(")\n", out);
}

/* A tic at each power of two, or each second, or third: no more than there is room for. */
static void put_factor_tics(FILE *out, double low, double high)
{
	int first = (int)ceil(log2(low)), last = (int)floor(log2(high)), apart = (last - first) / TICS + 1;

	fputs("set xtics (", out);
	for (int power = first - first % apart; power <= last; power += apart)
		fprintf(out, "%s'%s%g' %g", power > first - first % apart ? ", " : "", power < 0 ? "1/" : "",
			pow(2, abs(power)), pow(2, power));
	fputs(")\n", out);
}

void plot_eras_put_step(FILE *out, const struct plot_eras *plot, unsigned int step, bool names)
{
	const char *before = "plot ";

	put_names(out, plot, names);
	put_factor_tics(out, plot->low, plot->high);
	fprintf(out, "set logscale x 2\nset xrange [%g:%g]\nset yrange [-0.6:%g]\nset grid x y ls 100\nunset key\n",
		plot->low, plot->high, plot->nr - 0.4);
	fputs("set arrow 1 from 1,graph 0 to 1,graph 1 nohead lw 1.2 lc rgb '#888888' back\n", out);
	for (unsigned int crowd = 0; crowd < NR_CROWDS; crowd++)
		if (plot->measured[step] & 1u << crowd) {
			fprintf(out, "%s$step%u_%u using 2:1:3:4:5 with xerrorbars pt %u ps 0.8 lw 1.4 lc rgb variable "
				"notitle", before, step, crowd, crowds[crowd].point);
			before = ", ";
		}
	putc('\n', out);
}

/* ---- the picture ---- */
static void put_data(FILE *out, const void *what)
{
	struct plot_eras *plot = (struct plot_eras *)what;

	for (unsigned int step = 0; step + 1 < plot->eras.nr_policies; step++)
		plot_eras_put_data(out, plot, step);
}

static void put_step_title(FILE *out, const char *policy)
{
	fputs("set title ", out);
	gnuplot_put_quoted(out, policy);
	fputs(" . \"\\n\" . ", out);
	gnuplot_put_quoted(out, era_news(policy));
	fputs(" font ',10' offset 0,-0.5\n", out);
}

static void put_legend(FILE *out, double height)
{
	fprintf(out, "set origin 0,%f\nset size 1,%f\nset margins 0,0,0,0\n", 1 - (PLOT_TOP + 22) / height, 22 / height);
	fputs("unset title\nunset xlabel\nunset tics\nunset border\nunset arrow 1\nunset grid\nunset logscale\n"
	      "set key center center horizontal maxrows 1 Left reverse samplen 1.5 font ',10'\nset yrange [0:1]\n"
	      "set xrange [1:2]\nplot ", out);
	for (unsigned int crowd = 0; crowd < NR_CROWDS; crowd++)
		fprintf(out, "NaN with points pt %u ps 0.9 lc rgb '#333333' title '%s', ", crowds[crowd].point,
			crowds[crowd].what);
	fprintf(out, "NaN with lines lw 3 lc rgb %u title 'better', NaN with lines lw 3 lc rgb %u title 'worse', "
		"NaN with lines lw 3 lc rgb %u title 'noise'\n", better, worse, noise);
}

static void put_commands(FILE *out, const void *what)
{
	const struct plot_eras *plot = what;
	unsigned int steps = plot->eras.nr_policies - 1;
	double height = TOP + BOTTOM + plot->nr * ROW_HEIGHT;

	fprintf(out, "set multiplot layout 1,%u margins %g,0.985,%f,%f spacing 0.018,0\n", steps, LABELS, BOTTOM / height,
		1 - TOP / height);
	fputs("set tics font ',9.5' scale 0.4\nset xlabel 'throughput, before = 1' font ',10'\n", out);
	for (unsigned int step = 0; step < steps; step++) {
		put_step_title(out, plot->eras.policies[step + 1]);
		if (plot->measured[step])
			plot_eras_put_step(out, plot, step, !step);
		fprintf(out, "unset label %d\nunset label %d\nunset label %d\n", PLOT_TITLE, PLOT_TITLE + 1,
			PLOT_TITLE + 2);
	}
	put_legend(out, height);
	fputs("unset multiplot\n", out);
}

int plot_eras(const struct results *results)
{
	struct plot_eras plot;
	struct picture picture = {
		.name = "eras",
		.title = "What each step of Linux's locking bought",
		.marks = "trimmed means, with intervals of 95 %",
		.width = 1320,
		.put_data = put_data,
		.put_commands = put_commands,
		.what = &plot,
	};
	int status = plot_eras_open(&plot, results);

	if (status)
		return status;
	picture.height = TOP + BOTTOM + plot.nr * ROW_HEIGHT;
	if (plot.nr)
		status = plot_write(&picture, results);
	else
		puts("no picture of eras: no workload was measured with several policies");
	plot_eras_close(&plot);
	return status;
}
