/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline.c - a ring of events for each thread. */
#include "core/probe/timeline.h"

#include "core/base/clock.h"

void timeline_for_each(const struct timeline *timeline, void (*fn)(const struct timeline_event *event, void *arg),
		       void *arg)
{
	uint64_t first = timeline->nr > TIMELINE_EVENTS ? timeline->nr - TIMELINE_EVENTS : 0;

	for (uint64_t i = first; i < timeline->nr; i++)
		fn(&timeline->events[i % TIMELINE_EVENTS], arg);
}

#if FAULTLINE_PROFILE
_Thread_local struct timeline *this_timeline;

void timeline_add(enum timeline_kind kind, const char *what, uint64_t from)
{
	struct timeline *mine = this_timeline;

	mine->events[mine->nr++ % TIMELINE_EVENTS] = (struct timeline_event){ from, clock_ticks(), what, kind };
}

void timeline_lock(const void *lock, const char *what)
{
	struct timeline *mine = this_timeline;

	if (mine->nr_held < TIMELINE_HELD)
		mine->held[mine->nr_held++] = (struct timeline_held){ lock, what, clock_ticks() };
}

void timeline_unlock(const void *lock)
{
	struct timeline *mine = this_timeline;
	unsigned int i = mine->nr_held;

	while (i && mine->held[i - 1].lock != lock)
		i--;
	if (!i)
		return;
	timeline_add(TIMELINE_HOLD, mine->held[i - 1].what, mine->held[i - 1].since);
	mine->nr_held--;
	for (i--; i < mine->nr_held; i++)
		mine->held[i] = mine->held[i + 1];
}
#endif
