/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * draw.h - a history as a picture, of letters or as SVG: a row for each thread, a bar for each operation, time to the
 * right.
 */
#ifndef FAULTLINE_BENCH_LINEARIZE_DRAW_H
#define FAULTLINE_BENCH_LINEARIZE_DRAW_H

#include "bench/linearize/check.h"

/* Bars have numbers, which the lines below explain; @bad is marked: the operation that no order explains, or -1. */
void history_draw(const struct history *history, int bad, FILE *out);
/*
 * The same as SVG, in which each bar has its operation and result, and the colours of its pages: well-formed XML.
 */
void history_draw_svg(const struct history *history, int bad, FILE *out);
/* The order that explains a history, a line for each set of pages. */
void witness_print(const struct history *history, const struct checked *checked, FILE *out);

#endif
