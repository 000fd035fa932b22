/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_knockouts.c - times to kill: a row for each knock-out, a point for each kill, coloured by who saw it. */
#include "bench/matrix.h"
#include "bench/plot.h"
#include "core/faultline.h"

#define TOP		(PLOT_TOP + 45)	/* pixels above the rows */
#define BOTTOM		60
#define ROW_HEIGHT	13

/* Neighbours in the list of detectors are told apart best. */
static const char *colour_of(enum detector detector)
{
	static const char *const colours[] = { "#d73027", "#4575b4", "#1a9850", "#f4a582", "#762a83", "#d9a400", "#74add1",
					       "#a6611a", "#c51b7d", "#66bd63", "#555555" };

	return colours[detector % ARRAY_SIZE(colours)];
}

/* And those of one colour by the point: filled circle, box, triangle. */
static unsigned int point_of(enum detector detector)
{
	static const unsigned int points[] = { 7, 5, 9 };

	return points[detector / 11 % ARRAY_SIZE(points)];
}

static bool has_kills(const struct campaign *campaign, enum detector detector)
{
	for (unsigned int i = 0; i < campaign->nr; i++)
		for (unsigned int k = 0; k < campaign->hunts[i].nr_kills; k++)
			if (campaign->hunts[i].kills[k].detector == detector)
				return true;
	return false;
}

/* The first knock-out on top. */
static unsigned int row_of(const struct campaign *campaign, unsigned int index)
{
	return campaign->nr - 1 - index;
}

/* A block for each detector: time and row of each kill; and one of medians. */
static void put_data(FILE *out, const void *what)
{
	const struct campaign *campaign = what;

	for (enum detector d = 0; d < NR_DETECTORS; d++) {
		fprintf(out, "$by%u << EOD\n", d);
		for (unsigned int i = 0; i < campaign->nr; i++)
			for (unsigned int k = 0; k < campaign->hunts[i].nr_kills; k++)
				if (campaign->hunts[i].kills[k].detector == d)
					fprintf(out, "%g %u\n", campaign->hunts[i].kills[k].seconds, row_of(campaign, i));
		fputs("EOD\n", out);
	}
	fputs("$median << EOD\n", out);
	for (unsigned int i = 0; i < campaign->nr; i++)
		if (campaign->hunts[i].nr_kills)
			fprintf(out, "%g %u\n", hunt_median(&campaign->hunts[i]), row_of(campaign, i));
	fputs("EOD\n", out);
}

static void put_names(FILE *out, const struct campaign *campaign)
{
	fputs("set ytics (", out);
	for (unsigned int i = 0; i < campaign->nr; i++) {
		fputs(i ? ", " : "", out);
		gnuplot_put_quoted(out, campaign->hunts[i].name);
		fprintf(out, " %u", row_of(campaign, i));
	}
	fputs(") font ',8'\n", out);
}

static void put_commands(FILE *out, const void *what)
{
	const struct campaign *campaign = what;
	double height = TOP + BOTTOM + campaign->nr * ROW_HEIGHT;

	put_names(out, campaign);
	fprintf(out, "set logscale x 10\nset xrange [0.008:100]\nset yrange [-0.8:%g]\nset lmargin 24\nset rmargin 3\n"
		"set tmargin at screen %f\nset bmargin at screen %f\n", campaign->nr - 0.2, 1 - TOP / height, BOTTOM / height);
	fputs("set xtics ('10 ms' 0.01, '0.1 s' 0.1, '1 s' 1, '2 s' 2, '10 s' 10, '60 s' 60) font ',9.5'\nset grid x y ls 100\n"
	      "set xlabel 'time until it is seen; a bar at the middle of the kills' font ',10'\nset tics scale 0.4\n"
	      "set key at graph 0.45,graph 1 center bottom horizontal font ',9' Left reverse samplen 1 width -2 maxrows 3\n", out);
	fputs("plot $median using 1:2 with points pt 1 ps 0.01 notitle", out);
	for (enum detector d = 0; d < NR_DETECTORS; d++)
		if (has_kills(campaign, d))
			fprintf(out, ", $by%u using 1:2 with points pt %u ps 0.8 lc rgb '%s' title '%s'", d, point_of(d), colour_of(d),
				detector_name(d));
	fputs(", $median using 1:2:(0):(0.42) with vectors nohead lw 1.5 lc rgb '#333333' notitle"
	      ", $median using 1:2:(0):(-0.42) with vectors nohead lw 1.5 lc rgb '#333333' notitle\n", out);
}

int plot_knockouts(const struct campaign *campaign, const struct results *facts)
{
	struct picture picture = {
		.name = "knockouts",
		.title = "What is left out, and how soon who sees it",
		.marks = "each time it was seen, and the median",
		.width = 1000,
		.height = TOP + BOTTOM + campaign->nr * ROW_HEIGHT,
		.put_data = put_data,
		.put_commands = put_commands,
		.what = campaign,
	};

	return plot_write(&picture, facts);
}
