/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twice.h - checks that an episode depends on nothing but its description. */
#ifndef FAULTLINE_BENCH_CHECK_TWICE_H
#define FAULTLINE_BENCH_CHECK_TWICE_H

#include "bench/check/episode.h"

/*
 * Plays @episode twice. The events of both must agree: thread, step, kind and place, of accesses
 * the value too, and the address as far as memory is the same. Returns as episode_play(), and
 * EXIT_CHECK_FAILED after a line on stderr with the first event that differs.
 */
int episode_play_twice(const struct episode *episode, const struct episode_end **end);

#endif
