/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syncpoint.c - the list of sync points, their subscribers, and failing allocations. */
#include "core/probe/syncpoint.h"

#if FAULTLINE_CHECK
#include "core/base/registry.h"

REGISTRY(struct syncpoint, syncpoints);
REGISTRY(const struct syncpoint_subscriber, syncpoint_subscribers);

static _Thread_local unsigned long alloc_fail_at, alloc_seen;	/* (T) */

struct syncpoint *syncpoint_get(unsigned int index)
{
	for_each_registered(struct syncpoint, p, syncpoints)
		if (index-- == 0)
			return *p;
	return NULL;
}

void syncpoints_reset(void)
{
	for_each_registered(struct syncpoint, p, syncpoints)
		store_relaxed(&(*p)->hits, 0);
}

void syncpoint_hit(struct syncpoint *point)
{
	fetch_add_relaxed(&point->hits, 1);
	notify_registered(const struct syncpoint_subscriber, syncpoint_subscribers, hit, point);
}

void inject_alloc_failure(unsigned long nth)
{
	alloc_fail_at = nth;
	alloc_seen = 0;
}

unsigned long inject_alloc_count(void)
{
	return alloc_seen;
}

bool inject_alloc_fails(void)
{
	return ++alloc_seen == alloc_fail_at;
}
#endif
