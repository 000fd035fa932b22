/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock_play.c - threads that pass through a lock of any kind: whether it lets two in, or forgets who sleeps on it. */
#include "tests/lib/harness/lock_play.h"

#include <sched.h>

#include "core/base/assert.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/threads.h"

/* Threads count themselves inside, in atomics, so that the broken runs stay defined. */
static unsigned int inside, overlaps;	/* (A) */

static void enter_often(void *arg, unsigned int index)
{
	const struct played_lock *played = arg;

	(void)index;
	for (int i = 0; i < 200; i++) {
		played->lock();
		if (fetch_add_relaxed(&inside, 1))
			fetch_add_relaxed(&overlaps, 1);
		sched_yield();
		fetch_sub_relaxed(&inside, 1);
		played->unlock();
	}
}

unsigned int lock_overlaps(const struct played_lock *played)
{
	played->init();
	inside = 0;
	overlaps = 0;
	threads_run(4, enter_often, (void *)(uintptr_t)played);
	return overlaps;
}

/* ---- a lost wake-up: the waiter is asleep, or about to be, when the lock is released ---- */
static unsigned int parking, entered;	/* steps */

static void is_parking(void *arg)
{
	(void)arg;
	fetch_add_release(&parking, 1);
}

static void enter_once(void *arg, unsigned int index)
{
	const struct played_lock *played = arg;

	(void)index;
	if (played->sleep) {
		played->sleep();
	} else {
		played->lock();
		played->unlock();
	}
	fetch_add_release(&entered, 1);
}

bool unlock_wakes(const struct played_lock *played, unsigned int patience_ms)
{
	struct test_threads *threads;
	bool woke;

	BUG_ON(syncpoint_hook(played->before_park, is_parking, NULL));
	played->init();
	parking = 0;
	entered = 0;
	played->lock();
	threads = threads_start(played->sleepers, enter_once, (void *)(uintptr_t)played);
	step_await(&parking, played->sleepers);
	step_within(&entered, 1, 20);
	played->unlock();
	woke = step_within(&entered, played->sleepers, patience_ms);
	knockout_clear();
	played->wake();
	threads_join(threads);
	syncpoint_hook(NULL, NULL, NULL);
	return woke;
}

bool sleeper_is_forgotten_without(const char *knockout, const struct played_lock *played)
{
	for (int i = 0; i < 50; i++) {
		BUG_ON(knockout_enable(knockout));
		if (!unlock_wakes(played, 200))
			return true;
	}
	return false;
}
