/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_events.c - a thread that reads the events of userfaultfds, the running kernel's and ours, and compares them. */
#include "tests/lib/model/live_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/lock/wait.h"
#include "tests/lib/harness/threads.h"

#define MOST	32u	/* events of a call, of one userfaultfd */

enum { LIVE, OURS };

/*
 * Lock key: (A) atomic (C) const while the thread runs (N) written by the thread before it counts it in nr, and read
 * before that is 0 again
 */
struct live_events {
	struct test_threads *thread;			/* (C) */
	int live[LIVE_UFFDS];				/* (C) */
	struct userfaultfd_ctx *ours[LIVE_UFFDS];	/* (C) */
	struct uffd_msg msgs[2][LIVE_UFFDS][MOST];	/* (N) */
	uint32_t nr[2][LIVE_UFFDS];			/* (A) */
	uint32_t stop;					/* (A) */
	unsigned long total;				/* the caller's */
};

static bool read_live(const struct live_events *events, unsigned int which, struct uffd_msg *msg)
{
	if (read(events->live[which], msg, sizeof(*msg)) != sizeof(*msg))
		return false;
	if (msg->event == UFFD_EVENT_FORK) {
		close((int)msg->arg.fork.ufd);
		msg->arg.fork.ufd = 0;
	}
	return true;
}

static bool read_ours(const struct live_events *events, unsigned int which, struct uffd_msg *msg)
{
	struct userfaultfd_ctx *child;

	if (userfaultfd_read_msg(events->ours[which], msg, &child))
		return false;
	if (child)
		userfaultfd_release(child);
	return true;
}

static void read_one(struct live_events *events, unsigned int side, unsigned int which)
{
	uint32_t nr = load_acquire(&events->nr[side][which]);
	struct uffd_msg msg = { 0 };

	if (!(side == LIVE ? read_live : read_ours)(events, which, &msg))
		return;
	BUG_ON(nr == MOST);
	events->msgs[side][which][nr] = msg;
	store_release(&events->nr[side][which], nr + 1);
}

static void read_all(void *arg, unsigned int index)
{
	struct live_events *events = arg;

	(void)index;
	while (!load_relaxed(&events->stop)) {
		for (unsigned int i = 0; i < 2 * LIVE_UFFDS; i++)
			read_one(events, i / LIVE_UFFDS, i % LIVE_UFFDS);
		sleep_yield();
	}
}

struct live_events *live_events_begin(const int live[LIVE_UFFDS], struct userfaultfd_ctx *const ours[LIVE_UFFDS])
{
	struct live_events *events = calloc(1, sizeof(*events));

	BUG_ON(!events);
	for (unsigned int i = 0; i < LIVE_UFFDS; i++) {
		events->live[i] = live[i];
		events->ours[i] = ours[i];
	}
	events->thread = threads_start(1, read_all, events);
	return events;
}

/* An event ends the wait of its call before the thread has counted it. */
static bool same_number(const struct live_events *events, unsigned int which, uint32_t *nr)
{
	for (unsigned int patience = 100000; patience; patience--) {
		*nr = load_acquire(&events->nr[LIVE][which]);
		if (*nr == load_acquire(&events->nr[OURS][which]))
			return true;
		sleep_yield();
	}
	return false;
}

static bool same(const struct uffd_msg *live, const struct uffd_msg *ours)
{
	return live->event == ours->event && live->arg.remap.from == ours->arg.remap.from &&
	       live->arg.remap.to == ours->arg.remap.to && live->arg.remap.len == ours->arg.remap.len;
}

static void print_msg(const char *of, const struct uffd_msg *msg)
{
	fprintf(stderr, "%s event %#x: %#lx, %#lx, %#lx\n", of, msg->event, (unsigned long)msg->arg.remap.from,
		(unsigned long)msg->arg.remap.to, (unsigned long)msg->arg.remap.len);
}

bool live_events_agree(struct live_events *events)
{
	bool agree = true;
	uint32_t nr;

	for (unsigned int which = 0; which < LIVE_UFFDS; which++) {
		agree &= same_number(events, which, &nr);
		for (unsigned int i = 0; agree && i < nr; i++)
			agree = same(&events->msgs[LIVE][which][i], &events->msgs[OURS][which][i]);
		events->total += nr;
		for (unsigned int i = 0; !agree && i < load_relaxed(&events->nr[LIVE][which]); i++)
			print_msg("live", &events->msgs[LIVE][which][i]);
		for (unsigned int i = 0; !agree && i < load_relaxed(&events->nr[OURS][which]); i++)
			print_msg("ours", &events->msgs[OURS][which][i]);
		if (!agree)
			return false;
		store_release(&events->nr[LIVE][which], 0u);
		store_release(&events->nr[OURS][which], 0u);
	}
	return true;
}

unsigned long live_events_total(const struct live_events *events)
{
	return events->total;
}

void live_events_end(struct live_events *events)
{
	store_relaxed(&events->stop, 1u);
	threads_join(events->thread);
	free(events);
}
