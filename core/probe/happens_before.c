/* SPDX-License-Identifier: GPL-2.0-or-later */
/* happens_before.c - clocks of threads and fences. */
#include "core/probe/happens_before.h"

#if FAULTLINE_EXPLORE
#include <string.h>

bool hb_on;
struct clock hb_clocks[SCHEDULE_THREADS];

/* Lock key: (O) the thread with the turn */
static struct {
	struct clock pending[SCHEDULE_THREADS];	/* (O) read by relaxed loads: an acquire fence takes it */
	struct clock fenced[SCHEDULE_THREADS];	/* (O) at the last release fence: relaxed stores release it */
	struct clock full[SCHEDULE_THREADS];	/* (O) before full fences, up to the thread's last one */
	struct clock all_full;			/* (O) before any full fence */
} hb;

void hb_begins(void)
{
	memset(&hb, 0, sizeof(hb));
	memset(hb_clocks, 0, sizeof(hb_clocks));
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		hb_clocks[i].at[i] = 1;
	hb_on = true;
}

void hb_ends(void)
{
	hb_on = false;
}

void clock_join(struct clock *clock, const struct clock *other)
{
	for (unsigned int i = 0; i < SCHEDULE_THREADS; i++)
		clock->at[i] = max(clock->at[i], other->at[i]);
}

bool order_acquires(int order)
{
	return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST;
}

bool order_releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

void hb_acquire(const struct clock *clock, int order)
{
	clock_join(order_acquires(order) ? &hb_clocks[hb_me()] : &hb.pending[hb_me()], clock);
}

void hb_release(struct clock *clock, int order)
{
	struct clock *own = &hb_clocks[hb_me()];

	clock_join(clock, order_releases(order) ? own : &hb.fenced[hb_me()]);
	if (order_releases(order))
		own->at[hb_me()]++;
}

void hb_fence(int order)
{
	unsigned int me = hb_me();

	if (order_acquires(order))
		clock_join(&hb_clocks[me], &hb.pending[me]);
	if (order == __ATOMIC_SEQ_CST) {
		clock_join(&hb.full[me], &hb.all_full);
		clock_join(&hb.all_full, &hb_clocks[me]);
	}
	if (order_releases(order)) {
		hb.fenced[me] = hb_clocks[me];
		hb_clocks[me].at[me]++;
	}
}

struct clock hb_floor(void)
{
	struct clock floor = hb_clocks[hb_me()];

	clock_join(&floor, &hb.full[hb_me()]);
	return floor;
}
#endif
