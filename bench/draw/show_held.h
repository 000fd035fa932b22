/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show_held.h - what each thread holds at each event: locks and RCU read sections. */
#ifndef FAULTLINE_BENCH_DRAW_SHOW_HELD_H
#define FAULTLINE_BENCH_DRAW_SHOW_HELD_H

#include "bench/check/episode.h"

#define HELD_SLOTS	6u	/* of a thread, side by side: deeper ones are not drawn */

struct held_lock {
	const void *lock;		/* NULL: the slot is free */
	const char *name;
	bool read;
};

/* Of all threads. */
struct held {
	struct held_lock locks[SCHEDULE_THREADS][HELD_SLOTS];
	bool section[SCHEDULE_THREADS];
};

/* From before @event to behind it. Returns whether something changed. */
bool held_after(struct held *held, const struct schedule_event *event);

/* The distinct ones of an episode, numbered: most events have the same as the one before. */
struct held_kinds {
	struct held *kinds;
	uint32_t nr, room;
};

/* The number of @held; adds it when it is new. */
uint32_t held_kind(struct held_kinds *kinds, const struct held *held);

#endif
