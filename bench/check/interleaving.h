/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interleaving.h - the events of an episode as text. */
#ifndef FAULTLINE_BENCH_CHECK_INTERLEAVING_H
#define FAULTLINE_BENCH_CHECK_INTERLEAVING_H

#include <stdio.h>

#include "bench/check/episode.h"

/*
 * A line for each turn: which thread, in which of its operations, what it passed, why it stopped. Long turns and long
 * episodes show their ends; with @all nothing is omitted, and each step has a line.
 */
void interleaving_print(FILE *out, const struct episode *episode, const struct schedule_log *log, bool all);
/* One event as words. */
void interleaving_event_text(const struct schedule_event *event, char *text, size_t size);

#endif
