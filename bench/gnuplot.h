/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gnuplot.h - gnuplot as a child that is told what to do, and may answer. */
#ifndef FAULTLINE_BENCH_GNUPLOT_H
#define FAULTLINE_BENCH_GNUPLOT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct gnuplot {
	FILE *in;	/* what it is told */
	FILE *out;	/* what it wrote as output, to be read after gnuplot_end(); NULL when that goes to our own output */
	pid_t pid;
};

/* Returns 0, or the exit status after one line on stderr. With @keep_output the caller closes gnuplot->out, in the end. */
int gnuplot_start(struct gnuplot *gnuplot, bool keep_output);
/* Waits until all is done. Returns as above: gnuplot failed. */
int gnuplot_end(struct gnuplot *gnuplot);
/* @text in quotes that gnuplot takes literally. */
void gnuplot_put_quoted(FILE *in, const char *text);

#endif
