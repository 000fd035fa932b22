/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot.h - pictures of results, drawn by gnuplot. */
#ifndef FAULTLINE_BENCH_DRAW_PLOT_H
#define FAULTLINE_BENCH_DRAW_PLOT_H

#include "bench/data/results.h"
#include "bench/draw/gnuplot.h"

#define PLOT_FOLDER	"plots"
#define PLOT_TITLE	1000	/* number of gnuplot's label for the title; the next two are below it */
#define PLOT_TOP	72	/* pixels that these take */

#define PLOT_PNG_SCALE	1.5	/* pixels of a PNG for each of its SVG */
#define PLOT_MOST	1333	/* pixels of the highest SVG: its PNG has 2,000 */

/* The rows of a picture that are in one of its files, counted from the top. */
struct plot_part {
	unsigned int first, nr;
	double height;				/* pixels of the SVG */
};

/* One picture, as SVG and PNG; as several of them, NAME-1 and so on, when it were higher than PLOT_MOST. */
struct picture {
	const char *name;			/* of the files, without suffix */
	const char *title;
	const char *marks;			/* what a mark and its bar stand for */
	unsigned int width;			/* pixels of the SVG */
	unsigned int top, bottom, row_height;	/* above and below the rows, and of each */
	unsigned int nr_rows;
	void (*put)(struct gnuplot *gnuplot, const void *what, const struct plot_part *part);
	const void *what;
};

/*
 * Rows with marks (trust.h) are in no picture; its subtitle says how many these are. The files go to PLOT_FOLDER.
 * Returns 0, or the exit status after one line on stderr.
 */
int plot_write(const struct picture *picture, const struct results *results);

/*
 * The pictures. Each returns as plot_write() does; or 0 after one line on stdout when the results have nothing for it.
 *   scaling   throughput against threads, one panel a workload, one line a policy
 *   cost      time per item of every benchmark with the fewest threads, limits and the live kernel beside
 *   policies  throughput of each policy against the oldest one, with a thread on every PU
 *   twins     time per item in the core against the live kernel's, and what a second thread brings on both sides
 *   eras      throughput of each policy against the one before it
 */
int plot_scaling(const struct results *results);
int plot_cost(const struct results *results);
int plot_policies(const struct results *results);
int plot_twins(const struct results *results);
int plot_eras(const struct results *results);

/* ---- what they share ---- */

/* The titles are drawn, and shall not come again in the next panel. */
void plot_drop_titles(struct gnuplot *gnuplot);
/* Tics of a logarithmic axis of nanoseconds, 'x' or 'y': powers of ten with their units, as "10 ms". */
void plot_time_tics(struct gnuplot *gnuplot, char axis, double low, double high);
/* Tics of a logarithmic x axis of factors: powers of two, as many as there is room for. */
void plot_factor_tics(struct gnuplot *gnuplot, double low, double high);

/* A colour for the @index-th of @nr policies: from dim for the oldest to bright for the newest. */
const char *plot_policy_colour(unsigned int index, unsigned int nr);

#endif
