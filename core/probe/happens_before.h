/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * happens_before.h - vector clocks of the threads of a race, in explore builds (FastTrack, Flanagan and Freund, PLDI
 * 2009). An acquire orders a thread behind the release whose value it reads: by a store, by read-modify-writes that
 * follow it, and by fences, which ThreadSanitizer does not understand. Locks order by their atomic accesses; grace
 * periods, callbacks, and mutexes of the C library call race.h.
 *
 * Locking of all: the thread with the turn, while a race is on.
 */
#ifndef FAULTLINE_CORE_PROBE_HAPPENS_BEFORE_H
#define FAULTLINE_CORE_PROBE_HAPPENS_BEFORE_H

#include "core/probe/schedule_turn.h"

/* How far each thread had come. A thread's own grows with each release: what follows the release has a larger one. */
struct clock {
	uint32_t at[SCHEDULE_THREADS];
};

extern bool hb_on;				/* (O) a race is on, and had no report */
extern struct clock hb_clocks[SCHEDULE_THREADS];	/* (O) what happens before the next access of each thread */

/* All threads are unordered from now on. Locking: no worker runs. */
void hb_begins(void);
/* Nothing counts any more. */
void hb_ends(void);

/* The calling thread takes part in a race. */
static inline bool hb_counts(void)
{
	return hb_on && my_turn;
}

static inline unsigned int hb_me(void)
{
	return (unsigned int)(my_turn - turns);
}

static inline uint32_t hb_now(void)
{
	return hb_clocks[hb_me()].at[hb_me()];
}

/* Makes @clock later than both. */
void clock_join(struct clock *clock, const struct clock *other);

/* @order is of C11, as __ATOMIC_ACQUIRE. */
bool order_acquires(int order);
/* Likewise. */
bool order_releases(int order);
/* A load with @order reads what was released as @clock says. */
void hb_acquire(const struct clock *clock, int order);
/* A store with @order releases into @clock, behind what that has already. */
void hb_release(struct clock *clock, int order);
void hb_fence(int order);
/*
 * What the calling thread may no longer read older than: what happens before, and what was before a fence of another
 * thread that its own latest full fence follows (psc of RC11, Lahav and others, PLDI 2017).
 */
struct clock hb_floor(void);

#endif
