/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw.h - a history as a picture of letters: a row for each thread, a bar for each operation, time to the right. */
#ifndef FAULTLINE_BENCH_LINEARIZE_DRAW_H
#define FAULTLINE_BENCH_LINEARIZE_DRAW_H

#include "bench/linearize/check.h"

/* Bars have numbers, which the lines below explain; @bad is marked: the operation that no order explains, or -1. */
void history_draw(const struct history *history, int bad, FILE *out);
/* The order that explains a history, a line for each set of pages. */
void witness_print(const struct history *history, const struct checked *checked, FILE *out);

#endif
