/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gnuplot.h - gnuplot as a child process: the only way into its scripts.
 *
 * gnuplot evaluates what it reads: it runs commands in backquotes, and a line break ends a statement. So its input
 * stream is private to gnuplot.c. Scripts are literals of this program; text and numbers get into them through
 * conversions alone:
 *   %s         in single quotes, which gnuplot never evaluates, doubled inside; control characters replaced; shortened
 *   %g, %u ... finite numbers; a number that is not finite is NaN in data, which is not drawn, and 0 elsewhere
 * Where @gnuplot is NULL, since there is none, nothing is written.
 *
 * Data is written row by row. A row begins with a blank, which no end marker does, and text in it has neither quotes
 * nor line breaks: no data ends a block. Markup of enhanced text is off in every terminal.
 */
#ifndef FAULTLINE_BENCH_DRAW_GNUPLOT_H
#define FAULTLINE_BENCH_DRAW_GNUPLOT_H

#include <stdbool.h>
#include <stdio.h>

struct gnuplot;

/* Returns NULL after one line on stderr, with the exit status in *@status. */
struct gnuplot *gnuplot_start(int *status);
/*
 * Waits until gnuplot has drawn, and frees @gnuplot. Returns what it wrote on its standard output, for fclose(); or
 * NULL as above: gnuplot failed.
 */
FILE *gnuplot_end(struct gnuplot *gnuplot, int *status);

/* A part of the script: the first argument after @gnuplot is a literal. */
#define gnuplot_put(gnuplot, ...)	gnuplot_put_literal(gnuplot, "" __VA_ARGS__)
void gnuplot_put_literal(struct gnuplot *gnuplot, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A data block, named by a literal with numbers; then its rows, with blanks between the columns; an empty one gets a
 * row of NaN.
 */
#define gnuplot_data(gnuplot, ...)	gnuplot_data_literal(gnuplot, "" __VA_ARGS__)
void gnuplot_data_literal(struct gnuplot *gnuplot, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define gnuplot_row(gnuplot, ...)	gnuplot_row_literal(gnuplot, "" __VA_ARGS__)
void gnuplot_row_literal(struct gnuplot *gnuplot, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void gnuplot_data_end(struct gnuplot *gnuplot);

#endif
