/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_bars.h - what threads hold, as bars beside their columns, and in words. */
#ifndef FAULTLINE_BENCH_DRAW_SHOW_BARS_H
#define FAULTLINE_BENCH_DRAW_SHOW_BARS_H

#include "bench/draw/html.h"
#include "bench/draw/show_held.h"

#define SHOW_COLOURS	8u	/* of locks: the last is that of all further ones */

struct show_bars {
	struct held_kinds held;
	unsigned int columns[SCHEDULE_THREADS];	/* of threads */
	const char *names[SHOW_COLOURS];	/* of the locks that have a colour: put_style() gives them */
};

/* A class c0, c1, ... for each of @bars->held. */
void show_bars_put_style(struct show_bars *bars, struct html *page);
void show_bars_put_legend(const struct show_bars *bars, struct html *page);
/* Hidden paragraphs h0, h1, ..., from which the panel beside the steps is filled. */
void show_bars_put_words(const struct show_bars *bars, struct html *page);

#endif
