/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_knockouts.c - times to kill: a row for each knock-out, a point for each kill, coloured by its detector. */
#include <string.h>

#include "bench/check/matrix.h"
#include "bench/draw/plot.h"
#include "core/faultline.h"

#define TOP		(PLOT_TOP + 45)	/* pixels above the rows */
#define BOTTOM		60
#define ROW_HEIGHT	13

/* Of a detector, by its place among those that fired: neighbours get the most different colours. */
static const char *colour_of(unsigned int detector)
{
	static const char *const colours[] = { "#d73027", "#4575b4", "#1a9850", "#f4a582", "#762a83", "#d9a400",
					       "#74add1", "#a6611a", "#c51b7d", "#66bd63", "#555555" };

	return colours[detector % ARRAY_SIZE(colours)];
}

/* And those of one colour by the point: filled circle, box, triangle. */
static unsigned int point_of(unsigned int detector)
{
	static const unsigned int points[] = { 7, 5, 9 };

	return points[detector / 11 % ARRAY_SIZE(points)];
}

/* The first knock-out of a file on top. */
static unsigned int row_of(const struct plot_part *part, unsigned int index)
{
	return part->first + part->nr - 1 - index;
}

/* A block for each detector: time and row of each kill; and one of medians. */
static void put_data(struct gnuplot *gnuplot, const struct campaign *campaign, const struct detectors *detectors,
		     const struct plot_part *part)
{
	for (unsigned int d = 0; d < detectors->nr; d++) {
		gnuplot_data(gnuplot, "by%u", d);
		for (unsigned int i = part->first; i < part->first + part->nr; i++) {
			const struct hunt *hunt = &campaign->hunts[i];

			for (unsigned int k = 0; k < hunt->nr_kills; k++)
				if (!strcmp(hunt->kills[k].detector, detectors->names[d]))
					gnuplot_row(gnuplot, "%g %u", hunt->kills[k].seconds, row_of(part, i));
		}
		gnuplot_data_end(gnuplot);
	}
	gnuplot_data(gnuplot, "median");
	for (unsigned int i = part->first; i < part->first + part->nr; i++)
		if (campaign->hunts[i].nr_kills)
			gnuplot_row(gnuplot, "%g %u", hunt_median(&campaign->hunts[i]), row_of(part, i));
	gnuplot_data_end(gnuplot);
}

static void put(struct gnuplot *gnuplot, const void *what, const struct plot_part *part)
{
	const struct campaign *campaign = what;
	struct detectors detectors;

	matrix_detectors(campaign, &detectors);
	put_data(gnuplot, campaign, &detectors, part);
	gnuplot_put(gnuplot, "set ytics (");
	for (unsigned int i = part->first; i < part->first + part->nr; i++)
		gnuplot_put(gnuplot, "%s %u, ", campaign->hunts[i].name, row_of(part, i));
	gnuplot_put(gnuplot,
		    "'' -9) font ',8'\nset logscale x 10\nset xrange [0.008:100]\nset yrange [-0.8:%g]\nset lmargin "
		    "24\n"
		    "set rmargin 3\nset tmargin at screen %f\nset bmargin at screen %f\n", part->nr - 0.2,
			    1 - TOP / part->height,
		    BOTTOM / part->height);
	gnuplot_put(gnuplot,
		    "set xtics ('10 ms' 0.01, '100 ms' 0.1, '1 s' 1, '2 s' 2, '10 s' 10, '60 s' 60) font ',9.5'\n"
		    "set grid x y ls 100\n"
		    "set xlabel 'time until detection; bars are medians' font ',10'\nset tics scale 0.4\n"
		    "set key at graph 0.45,graph 1 center bottom horizontal font ',9' Left reverse samplen 1 width 0 "
		    "maxrows 3\n"
		    "plot $median using 1:2 with points pt 1 ps 0.01 notitle, ");
	for (unsigned int d = 0; d < detectors.nr; d++)
		gnuplot_put(gnuplot, "$by%u using 1:2 with points pt %u ps 0.8 lc rgb %s title %s, ", d, point_of(d),
			    colour_of(d), detectors.names[d]);
	gnuplot_put(gnuplot, "$median using 1:2:(0):(0.42) with vectors nohead lw 1.5 lc rgb '#333333' notitle, "
		    "$median using 1:2:(0):(-0.42) with vectors nohead lw 1.5 lc rgb '#333333' notitle\n");
}

int plot_knockouts(const struct campaign *campaign, const struct results *facts)
{
	struct picture picture = {
		.name = "knockouts",
		.title = "Time to detection of each disabled knock-out",
		.marks = "each detection, and the median",
		.width = 1000,
		.top = TOP,
		.bottom = BOTTOM,
		.row_height = ROW_HEIGHT,
		.nr_rows = campaign->nr,
		.put = put,
		.what = campaign,
	};

	return plot_write(&picture, facts);
}
