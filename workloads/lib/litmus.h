/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * litmus.h - the pattern below a tagged pair: two sides, a few words, and a forbidden outcome.
 *
 * A pattern is one file that ends in LITMUS(...). Each of its sides does what the core does there, by the names of
 * atomic.h, and returns whether it went on: both going on is the forbidden outcome. Its barriers and checks can be
 * removed, one at a time. Two runners take the same file:
 *
 *   faultline litmus   on the real cores, many instances at once (litmus_run.h)
 *   tests/models       as C++, every access an access of Relacy: all schedules and all stale values the C11 memory
 *                      model allows; FAULTLINE_MODEL is defined, and atomic.h's names come from relacy_atomic.h
 *
 * A side never waits for the other: where the core would, the side gives up, and did not go on.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_LITMUS_H
#define FAULTLINE_WORKLOADS_LIB_LITMUS_H

#ifndef FAULTLINE_MODEL
#include "core/faultline.h"
/* A word that both sides use, on a cache line of its own; the neighbour is the prefetcher's. */
#define shared_u32	__attribute__((aligned(2 * CACHE_LINE))) uint32_t
#endif

#define LITMUS_MAX_PARTS	4

/* A removable barrier or check. As bits of a side's argument: the first is 1, the second 2, the next 4, then 8. */
struct litmus_part {
	const char *name;	/* TAG:SIDE, maybe with words after it */
	const char *hidden;	/* why a strongly ordered processor hides its removal; NULL: it shows */
};

struct litmus {
	const char *name;	/* the file's, with dashes */
	const char *forbidden;	/* the outcome when both sides went on */
	const char *went_on[2], *gave_up[2];	/* the outcome of each side */
	struct litmus_part parts[LITMUS_MAX_PARTS];	/* until one without a name */
	/* The rest is LITMUS()'s. */
#ifndef FAULTLINE_MODEL
	void (*start)(void);
	void (*side[2])(const uint32_t *order, bool *went_on, unsigned int removed);
#endif
};

#ifndef FAULTLINE_MODEL

#define LITMUS_INSTANCES	4096	/* a round's */
#define LITMUS_CHUNK		64	/* instances between two meetings: as many as fill a store buffer */

/* All patterns, by name; found by wildcard, ordered by name. */
unsigned int nr_litmus(void);
const struct litmus *litmus_get(unsigned int index);
const struct litmus *litmus_find(const char *name);
void litmus_register(const struct litmus *litmus);

/* One side over a chunk, with nothing else in the loop: @removed is a constant in each. */
#define LITMUS_LOOP(id, side, removed_) do { \
	for (unsigned int k_ = 0; k_ < LITMUS_CHUNK; k_++) \
		went_on[order[k_]] = side(&id##_instances[order[k_]], (removed_)); \
} while (0)

#define LITMUS_SIDE(id, n, side) \
static void id##_side##n(const uint32_t *order, bool *went_on, unsigned int removed) \
{ \
	switch (removed) { \
	case 0: LITMUS_LOOP(id, side, 0u); break; \
	case 1: LITMUS_LOOP(id, side, 1u); break; \
	case 2: LITMUS_LOOP(id, side, 2u); break; \
	case 4: LITMUS_LOOP(id, side, 4u); break; \
	case 8: LITMUS_LOOP(id, side, 8u); break; \
	} \
}

/* The pattern @id: instances of struct @id_words, each set up by @begin(), raced over by @side0() and @side1(). */
#define LITMUS(id, begin, side0, side1, ...) \
static struct id##_words id##_instances[LITMUS_INSTANCES]; \
static void id##_start(void) \
{ \
	for (unsigned int i_ = 0; i_ < LITMUS_INSTANCES; i_++) \
		begin(&id##_instances[i_]); \
} \
LITMUS_SIDE(id, 0, side0) \
LITMUS_SIDE(id, 1, side1) \
static const struct litmus id##_litmus = { __VA_ARGS__, .start = id##_start, .side = { id##_side0, id##_side1 } }; \
static void __attribute__((constructor)) id##_register(void) { litmus_register(&id##_litmus); }

#endif
#endif
