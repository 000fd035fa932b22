/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock_event.c - notifies the subscribers of locks. */
#include "core/lock/lock_event.h"

#if FAULTLINE_CHECK
#include "core/base/registry.h"
#include "core/probe/schedule.h"

REGISTRY(const struct lock_subscriber, lock_subscribers);

#define NOTIFY(what, event)	notify_registered(const struct lock_subscriber, lock_subscribers, what, event)

void lock_notify_wanted(const void *lock, enum lock_rank rank, enum held_mode mode, enum lock_how how, const char *site)
{
	const struct lock_event event = { .lock = lock, .site = site, .rank = rank, .mode = mode, .how = how };

	SCHEDULE_STEP(lockrank_name(rank));
	NOTIFY(wanted, &event);
}

void lock_notify_acquired(const void *lock, struct probe_word *word, enum lock_rank rank, enum held_mode mode,
			  enum lock_how how, const char *site)
{
	const struct lock_event event = {
		.lock = lock, .word = word, .site = site, .rank = rank, .mode = mode, .how = how,
	};

	NOTIFY(acquired, &event);
	if (SCHEDULED())
		schedule_detail(SCHEDULE_LOCKS, lockrank_name(rank), lock, mode);
}

void lock_notify_released(const void *lock, struct probe_word *word, enum lock_rank rank, enum held_mode mode)
{
	const struct lock_event event = { .lock = lock, .word = word, .rank = rank, .mode = mode };

	NOTIFY(released, &event);
	if (SCHEDULED())
		schedule_detail(SCHEDULE_UNLOCKS, lockrank_name(rank), lock, mode);
}

void lock_notify_downgraded(const void *lock, struct probe_word *word, enum lock_rank rank)
{
	const struct lock_event event = { .lock = lock, .word = word, .rank = rank, .mode = HELD_READ };

	NOTIFY(downgraded, &event);
	if (SCHEDULED())
		schedule_detail(SCHEDULE_LOCKS, lockrank_name(rank), lock, HELD_READ);
}
#endif
