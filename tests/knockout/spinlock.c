/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spinlock.c - spinlocks that do not wait or do not wake: caught each time, and never when nothing is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>

#include "core/base/cpu.h"
#include "core/base/watcher.h"
#include "core/base/syncpoint.h"
#include "core/lock/spinlock.h"
#include "tests/lib/threads.h"

static spinlock_t lock;

/* ---- exclusion: threads count themselves inside, in atomics, so that the broken runs stay defined ---- */
static unsigned int inside, overlaps;	/* (A) */

static void enter_often(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	for (int i = 0; i < 200; i++) {
		spin_lock(&lock);
		if (fetch_add_relaxed(&inside, 1))
			fetch_add_relaxed(&overlaps, 1);
		sched_yield();
		fetch_sub_relaxed(&inside, 1);
		spin_unlock(&lock);
	}
}

static unsigned int overlaps_of(enum spin_kind kind)
{
	spin_lock_init(&lock, kind, RANK_PTE_PTL);
	inside = 0;
	overlaps = 0;
	threads_run(4, enter_often, NULL);
	return overlaps;
}

static void leaving_out_the_wait_is_caught(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++) {
		assert_int_equal(overlaps_of(kind), 0);
		assert_int_equal(knockout_enable("spin-wait"), 0);
		assert_int_equal(watcher_switch("shadow", false), 0);
		assert_true(overlaps_of(kind) > 0);
		watcher_switch("shadow", true);
		knockout_clear();
	}
}

/* ---- a lost wake-up: the waiter is asleep, or about to be, when the lock is let go ---- */
static unsigned int parking, entered;	/* steps */

static void is_parking(void *arg)
{
	(void)arg;
	step_reach(&parking, 1);
}

static void enter_once(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	spin_lock(&lock);
	spin_unlock(&lock);
	step_reach(&entered, 1);
}

/* One unlock of a lock somebody sleeps on. Returns whether the sleeper got it in time; if not, it is woken by hand. */
static bool unlock_wakes(unsigned int patience_ms)
{
	struct test_threads *threads;
	bool woke;

	spin_lock_init(&lock, SPIN_FUTEX, RANK_PTE_PTL);
	parking = 0;
	entered = 0;
	spin_lock(&lock);
	threads = threads_start(1, enter_once, NULL);
	step_await(&parking, 1);
	step_within(&entered, 1, 20);
	spin_unlock(&lock);
	woke = step_within(&entered, 1, patience_ms);
	knockout_clear();
	spin_wake_futex(&lock);
	threads_join(threads);
	return woke;
}

/* A waiter that had not fallen asleep yet finds the lock free and escapes: try again. */
static bool sleeper_is_forgotten_without(const char *name)
{
	for (int i = 0; i < 50; i++) {
		assert_int_equal(knockout_enable(name), 0);
		if (!unlock_wakes(200))
			return true;
	}
	return false;
}

static void leaving_out_either_side_of_the_wake_is_caught(void **state)
{
	(void)state;
	assert_int_equal(syncpoint_hook("spin.before_park", is_parking, NULL), 0);
	for (int i = 0; i < 5; i++)
		assert_true(unlock_wakes(TEST_PATIENCE_MS));
	assert_true(sleeper_is_forgotten_without("spin-futex:A"));
	assert_true(sleeper_is_forgotten_without("spin-futex:B"));
	syncpoint_hook(NULL, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaving_out_the_wait_is_caught),
		cmocka_unit_test(leaving_out_either_side_of_the_wake_is_caught),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
