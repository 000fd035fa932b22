/* SPDX-License-Identifier: GPL-2.0-or-later */
/* generate.h - random programs for threads on a few pages. */
#ifndef FAULTLINE_BENCH_LINEARIZE_GENERATE_H
#define FAULTLINE_BENCH_LINEARIZE_GENERATE_H

#include "bench/linearize/history.h"
#include "core/faultline.h"

struct generator {
	unsigned int threads, pages, ops;	/* ops: of each thread */
	uint32_t kinds;				/* those to choose from, as bits */
	uint32_t costly;			/* of these, those to choose seldom */
};

/*
 * history_generate - @history becomes what threads shall do, without results: first what thread 0 does alone, which
 * maps the pages; then @ops of each thread, in turns. A history uses a few of the kinds only, chosen at random, so that
 * they meet more often. No byte is written twice, as far as there are enough. Returns how many operations come first.
 */
unsigned int history_generate(struct history *history, const struct generator *generator, struct rng *rng);

#endif
