/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_pictures.h - the pictures that gnuplot wrote for a page, one after the other, as parts of the page. */
#ifndef FAULTLINE_BENCH_DRAW_HTML_PICTURES_H
#define FAULTLINE_BENCH_DRAW_HTML_PICTURES_H

#include <stdbool.h>
#include <stdio.h>

struct html_pictures;

/* All that is in @file, which may be NULL: then there are none. */
struct html_pictures *html_pictures_read(FILE *file);
void html_pictures_free(struct html_pictures *pictures);
/* Points that pictures refer to are the same in each: those of the first one serve all of them. */
void html_pictures_put_marks(const struct html_pictures *pictures, FILE *out);
/*
 * The next picture: its view box, and what it draws. gnuplot's hypertexts become titles, which browsers show at the
 * pointer; its own names of groups are dropped. False: there is none.
 */
bool html_pictures_put_next(struct html_pictures *pictures, FILE *out);

#endif
