/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html.h - one HTML page that holds all it shows: text, tables, and gnuplot's pictures as SVG; the only way into its
 * text.
 *
 * A page is written from top to bottom. The script of each figure goes to one gnuplot meanwhile; its SVG is put in
 * place at the end. The page is well-formed XML too, so that any tool can check it: markup is a literal of this
 * program, and all other text is escaped, without the characters that XML does not have. Its stream is private to
 * html.c.
 */
#ifndef FAULTLINE_BENCH_DRAW_HTML_H
#define FAULTLINE_BENCH_DRAW_HTML_H

#include "bench/draw/gnuplot.h"

#define FIGURE_WIDTH	370	/* of each picture, in its own pixels: they are still read on a phone */
#define FIGURE_COLOUR	"#d95f02"

struct html;
struct out_file;

/*
 * Returns NULL when memory is short, after one line on stderr. Without gnuplot the page gets its text and tables
 * alone.
 */
struct html *html_open(const char *title);
/* A page without figures, with a style and a script of its own: literals, in which XML finds nothing to read. */
struct html *html_open_plain(const char *title, const char *style, const char *script);
/*
 * Draws, writes all to @out, ends it with out_file_end(), and frees @page. When @status is not 0, nothing is written.
 * Returns @status, or the exit status after one line on stderr.
 */
int html_close(struct html *page, struct out_file *out, int status);

/* Markup: the first argument after @page is a literal; what its conversions write is escaped. */
#define html_put(page, ...)	html_put_literal(page, "" __VA_ARGS__)
void html_put_literal(struct html *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* All of the text is escaped: as it is, as a paragraph, as a line to type. */
void html_print(struct html *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_paragraph(struct html *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html_command(struct html *page, const char *command);

/* A section with a title that links to itself. Its @id is the anchor. */
void html_section(struct html *page, const char *id, const char *title);
void html_section_end(struct html *page);
/* What a section would show, and the command that makes it. */
void html_missing(struct html *page, const char *what, const char *command);

/* Figures stand side by side where there is room. */
void html_figures(struct html *page);
void html_figures_end(struct html *page);
/*
 * html_figure - begins a figure and its picture; the section's name and @title make its anchor. Data blocks and
 * commands go to the gnuplot that is returned, until html_figure_data().
 */
struct gnuplot *html_figure(struct html *page, const char *title, const char *note, unsigned int height);
/*
 * Begins the figure's table of data; rows, html_table_end(), and html_figure_end() with the command that makes it
 * follow.
 */
void html_figure_data(struct html *page, const char *const *columns);
void html_figure_end(struct html *page, const char *command);

/*
 * A table outside of figures: @columns ends with NULL. Its rows are sorted by a column when the reader chooses its
 * head.
 */
void html_table(struct html *page, const char *const *columns);
void html_table_end(struct html *page);
void html_row(struct html *page);
void html_row_end(struct html *page);
void html_cell(struct html *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A cell whose text lines up at the right; it is sorted by @value. */
void html_number(struct html *page, double value, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A table that is folded away until it is wanted, under @summary. */
void html_details(struct html *page, const char *summary);
void html_details_end(struct html *page);

/* What lines of a colour mean. */
void html_legend(struct html *page);
void html_legend_entry(struct html *page, const char *colour, const char *text);
void html_legend_end(struct html *page);

#endif
