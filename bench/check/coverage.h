/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage.h - which pairs of atomic accesses were seen in which order: two source lines, one word, two threads, one of
 * them a write, and nothing but the two accesses orders them, so that they could be next to each other (a race of
 * source-DPOR, Abdulla and others, POPL 2014). A pair that was seen in one order is possible in the other. Critical
 * sections of a lock are in order by the accesses to the lock, which are a pair of that. Plain accesses do not count:
 * atomic ones order them, or they are a data race.
 *
 * What values forbid is not known: a pair may be possible in one order alone.
 */
#ifndef FAULTLINE_BENCH_CHECK_COVERAGE_H
#define FAULTLINE_BENCH_CHECK_COVERAGE_H

#include <stdio.h>

#include "core/faultline.h"

/* Returns 0, or the exit status after one line on stderr. Locking of all: the process has one thread. */
int coverage_open(void);
void coverage_close(void);
/* Takes the accesses of an episode, whose log has details. */
void coverage_add(const struct schedule_log *log);

struct coverage_figure {
	unsigned int possible, seen;	/* pairs, each order by itself */
};

struct coverage_figure coverage_figure(void);
/*
 * Looks in the last log, from an event that @chance chooses, for two accesses to one word by two threads, @first after
 * or before @second, that were never seen with @first before @second. Returns whether there are such.
 */
bool coverage_missing(const struct schedule_log *log, uint64_t chance, const struct schedule_event **first,
		      const struct schedule_event **second);
/* Prints the orders that are possible and were never seen, a line each. Returns 0 or an exit status. */
int coverage_print(FILE *out);

#endif
