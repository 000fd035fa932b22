/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeline.h - what a thread did, and when: its latest operations, waits for locks and holds of them, in builds with
 * FAULTLINE_PROFILE, for threads that enable it. latency.h and lockstat.h report them; while a thread has a timeline
 * they time all its operations and locks.
 */
#ifndef FAULTLINE_CORE_PROBE_TIMELINE_H
#define FAULTLINE_CORE_PROBE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/compiler.h"

#define TIMELINE_EVENTS	(1u << 15)	/* a power of two: older ones are overwritten */
#define TIMELINE_HELD	8u		/* locks held at once; more are not noted */

enum timeline_kind { TIMELINE_OPERATION, TIMELINE_WAIT, TIMELINE_HOLD };

/* (T) in the order of their ends; times are ticks of clock.h */
struct timeline_event {
	uint64_t from, to;
	const char *what;		/* the operation, or the class of the lock */
	enum timeline_kind kind;
};

/* (T) a lock that is held */
struct timeline_held {
	const void *lock;
	const char *what;
	uint64_t since;
};

/* Lock key: (T) its thread's, read when that is gone */
struct timeline {
	uint64_t nr;			/* (T) events ever */
	unsigned int nr_held;		/* (T) */
	struct timeline_held held[TIMELINE_HELD];	/* (T) in the order of their acquisitions */
	struct timeline_event events[TIMELINE_EVENTS];	/* (T) a ring */
};

/* Calls @fn with each event that is still there, oldest first. Locking: its thread adds none. */
void timeline_for_each(const struct timeline *timeline, void (*fn)(const struct timeline_event *event, void *arg),
		       void *arg);

#if FAULTLINE_PROFILE
extern _Thread_local struct timeline *this_timeline;	/* (T) NULL: none */

/* From now on the calling thread's events go to @timeline, zeroed; NULL: nowhere. Locks held now are not noted. */
static inline void timeline_begin(struct timeline *timeline)
{
	this_timeline = timeline;
	if (timeline)
		timeline->nr_held = 0;
}

/* What the calling thread, which has a timeline, has done since @from. */
void timeline_add(enum timeline_kind kind, const char *what, uint64_t from);
/* It takes @lock, of class @what; and drops it, if the former was noted. */
void timeline_lock(const void *lock, const char *what);
void timeline_unlock(const void *lock);
#else
static inline void timeline_begin(struct timeline *timeline) { (void)timeline; }
#endif

#endif
