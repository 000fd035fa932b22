/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink.h - from an episode that fails to a smaller one that fails alike. */
#ifndef FAULTLINE_BENCH_CHECK_SHRINK_H
#define FAULTLINE_BENCH_CHECK_SHRINK_H

#include "bench/check/episode.h"

/*
 * Plays @episode without any changes, with seed 0. Its steps, which are the same every time, are those that the changes
 * of all seeds are drawn from. Returns 0, or an exit status when no episode could be played.
 */
int episode_measure(const struct episode *episode, uint32_t *steps, const struct episode_end **end);
/* Gives @episode the schedule of @seed: @depth - 1 changes among the first @steps steps. */
void episode_draw(struct episode *episode, uint64_t seed, unsigned int depth, uint32_t steps);

/*
 * Fewer threads, fewer rounds, fewer changes: each is tried with some new seeds; at last changes, and operations, are
 * removed as long as it fails. @episode failed as @end says, with as many changes as it has. Returns 0, or an exit
 * status as above.
 */
int shrink(struct episode *episode, const struct episode_end *end);

#endif
