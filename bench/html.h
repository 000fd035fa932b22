/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html.h - one HTML page that holds all it shows: text, tables, and gnuplot's pictures as SVG.
 *
 * A page is written from top to bottom. What a figure shall show is told gnuplot on the way, and its SVG is put in place
 * at the end: one gnuplot draws all of them. What is written is XML too, so that any tool can check it.
 */
#ifndef FAULTLINE_BENCH_HTML_H
#define FAULTLINE_BENCH_HTML_H

#include <stdio.h>

#include "bench/gnuplot.h"

#define FIGURE_WIDTH	370	/* of each picture, in its own pixels: they are still read on a phone */
#define FIGURE_COLOUR	"#d95f02"

struct html {
	FILE *body;			/* HTML as such may be written here */
	char *text;
	size_t size;
	size_t *cuts;			/* where in the body each picture goes */
	unsigned int nr_figures;
	struct gnuplot gnuplot;
};

/* Returns 0, or the exit status after one line on stderr; then there is nothing to close. */
int html_open(struct html *page, const char *title);
/* Draws, and writes all to @path unless @status is not 0. Returns @status, or as above. */
int html_close(struct html *page, const char *path, int status);

/* @text, or formatted text, with what HTML would take for its own escaped. */
void html_put(struct html *page, const char *text);
void html_print(struct html *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same as a paragraph, and as a line to type. */
void html_paragraph(struct html *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_command(struct html *page, const char *command);

/* A section with a title, and a link to it at the top as html_contents() lists them. */
void html_section(struct html *page, const char *id, const char *title);
void html_section_end(struct html *page);
/* What a section would show, and the command that makes it. */
void html_missing(struct html *page, const char *what, const char *command);

/* Figures stand side by side where there is room. */
void html_figures(struct html *page);
void html_figures_end(struct html *page);
/* Begins a figure and its picture. What is returned takes gnuplot's data blocks and commands, until html_figure_data(). */
FILE *html_figure(struct html *page, const char *title, const char *note, unsigned int height);
/* Begins the figure's table of data; rows, html_table_end(), and html_figure_end() with the command that makes it follow. */
void html_figure_data(struct html *page, const char *const *columns);
void html_figure_end(struct html *page, const char *command);

/* A table outside of figures: @columns ends with NULL. */
void html_table(struct html *page, const char *const *columns);
void html_table_end(struct html *page);
void html_row(struct html *page);
void html_row_end(struct html *page);
void html_cell(struct html *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A cell whose text lines up at the right. */
void html_number(struct html *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What lines of a colour mean. */
void html_legend(struct html *page);
void html_legend_entry(struct html *page, const char *colour, const char *text);
void html_legend_end(struct html *page);

#endif
