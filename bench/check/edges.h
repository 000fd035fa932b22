/* SPDX-License-Identifier: GPL-2.0-or-later */
/* edges.h - what orders the events of different threads in an episode: happens-before, edge by edge. */
#ifndef FAULTLINE_BENCH_CHECK_EDGES_H
#define FAULTLINE_BENCH_CHECK_EDGES_H

#include "bench/check/episode.h"

enum edge_kind {
	EDGE_ACQUIRES,		/* an acquire read what a release had written */
	EDGE_LOCK,		/* an unlock, and the next lock */
	EDGE_WAKES,		/* a wake-up, and what the woken thread does next */
	EDGE_GRACE,		/* a section, or a queued callback, and the end of the grace period */
	EDGE_MISSING,		/* a data race: nothing orders the two */
};

struct edge {
	uint32_t from, to;	/* numbers of events */
	enum edge_kind kind;
};

struct edges {
	struct edge *edges;	/* by @to */
	uint32_t nr, room;
};

/*
 * Finds those of @log that no earlier edge between the same two threads covers. Fences are not in the log, and their
 * edges neither. Returns 0 or an exit status.
 */
int edges_find(struct edges *edges, const struct schedule_log *log);
void edges_free(struct edges *edges);
/* "acquires what it released" and the like: what the later event does with the earlier one. */
const char *edge_words(enum edge_kind kind);

#endif
