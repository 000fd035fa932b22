/* SPDX-License-Identifier: GPL-2.0-or-later */
/* generate.h - random programs for threads on a few pages: what they do, by a mix of operations. */
#ifndef FAULTLINE_BENCH_LINEARIZE_GENERATE_H
#define FAULTLINE_BENCH_LINEARIZE_GENERATE_H

#include "bench/linearize/history.h"
#include "core/faultline.h"

/* What a history is about. */
struct mix {
	const char *name, *what;
	uint8_t weights[NR_OP_KINDS];		/* how often a kind is chosen, against the others */
	bool few;				/* a history has accesses, and a third of the others: they meet more */
};

extern const struct mix mixes[];		/* the first one is the default */
extern const unsigned int nr_mixes;

/* Its kinds, as bits. */
uint32_t mix_kinds(const struct mix *mix);
/*
 * Those kinds, as bits, that @mix is about, and that are not among @kinds, or need more than @pages; 0: it can be
 * recorded.
 */
uint32_t mix_lacks(const struct mix *mix, uint32_t kinds, unsigned int pages);
/* True if its name matches the pattern @glob. */
bool mix_matches(const struct mix *mix, const char *glob);

struct generator {
	const struct mix *mix;
	unsigned int threads, pages, ops;	/* ops: of each thread */
	uint32_t kinds;				/* those to choose from, as bits */
	uint32_t costly;			/* of these, those to choose seldom */
};

/*
 * history_generate - @history becomes what threads shall do, without results: first what thread 0 does alone, which
 * maps the pages; then @ops of each thread, in turns. No byte is written twice, as far as there are enough. Returns how
 * many operations come first.
 */
unsigned int history_generate(struct history *history, const struct generator *generator, struct rng *rng);

#endif
