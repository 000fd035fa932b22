/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_buffer.h - store buffering between two threads on two processors: does an outcome show?
 *
 * A pattern has two words, in many instances. Each side stores to one of them and loads the other, instance by instance in a
 * random order that both share, and keeps what it loaded. Rounds are repeated until the outcome showed, or enough of them did not.
 */
#ifndef FAULTLINE_TESTS_LIB_STORE_BUFFER_H
#define FAULTLINE_TESTS_LIB_STORE_BUFFER_H

#include "core/base/atomic.h"

#define SB_INSTANCES	4096	/* per round: far more than a store buffer holds */
#define SB_NEVER	2000ul	/* rounds after which an outcome does not show */
#define SB_ENOUGH	200000ul	/* rounds within which it does: in the first few hundred on two cores */

struct sb_word {
	uint32_t v;
} __attribute__((aligned(128)));

extern struct sb_word sb_x[SB_INSTANCES], sb_y[SB_INSTANCES];

/* A pattern: both words' first values, and which pair of loads (side 0's, side 1's) is the outcome. */
struct sb_pattern {
	uint32_t x, y;
	uint32_t loaded[2];
};

/* One side over all instances: loaded[i] is what it loaded of instance i, for each i of order[]. Define it by SB_SIDE(). */
typedef void sb_side(const uint32_t *order, uint32_t *loaded);

/* A side named @name that evaluates @expression (a uint32_t) for each instance i, with nothing else in its loop. */
#define SB_SIDE(name, expression) \
static void name(const uint32_t *order, uint32_t *loaded) \
{ \
	for (unsigned int k_ = 0; k_ < SB_INSTANCES; k_++) { \
		const uint32_t i = order[k_]; \
		loaded[i] = (expression); \
	} \
}

/* How often the outcome showed in @rounds rounds; with @first the rounds end when it did. */
unsigned long sb_outcomes(const struct sb_pattern *pattern, sb_side *side0, sb_side *side1, unsigned long rounds, bool first);

/* Group fixtures of cmocka. sb_reorders(): this build and machine can show an outcome at all. */
int sb_setup(void **state);
int sb_teardown(void **state);
bool sb_reorders(void);

#endif
