/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_eras.h - one step from policy to policy as a script of gnuplot's: for the picture, and for the report. */
#ifndef FAULTLINE_BENCH_DRAW_PLOT_ERAS_H
#define FAULTLINE_BENCH_DRAW_PLOT_ERAS_H

#include "bench/data/eras.h"
#include "bench/draw/gnuplot.h"

struct plot_eras {
	struct eras eras;
	const struct result **rows;		/* one a workload and its choices, of the first policy,
		a thread on every PU */
	unsigned int nr;
	unsigned int first, shown;		/* rows in one picture: all, unless its owner changes them */
	double low, high;			/* factors that the axis holds, the same for all steps */
	unsigned int measured[ERAS_MOST];	/* by step: bits of the numbers of threads that there is something of */
};

/* Returns 0, or the exit status after one line on stderr; then, and only then, there is nothing to close. */
int plot_eras_open(struct plot_eras *plot, const struct results *results);
void plot_eras_close(struct plot_eras *plot);
/* The data of one step; false when there is none, and so nothing to plot. */
bool plot_eras_put_data(struct gnuplot *gnuplot, struct plot_eras *plot, unsigned int step);
/* Its commands, after the data; names of workloads at the left when there shall be any. */
void plot_eras_put_step(struct gnuplot *gnuplot, const struct plot_eras *plot, unsigned int step, bool names);

#endif
