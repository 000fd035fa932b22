/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spinlock.c - spinlocks that do not wait or do not wake: detected each time, and nothing without a knock-out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lock/spinlock.h"
#include "core/probe/detector.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/lock_play.h"
#include "tests/lib/harness/threads.h"

static spinlock_t lock;
static enum spin_kind kind;

static void init_it(void)
{
	spin_lock_init(&lock, kind, RANK_PTE_PTL);
}

static void lock_it(void)
{
	spin_lock(&lock);
}

static void unlock_it(void)
{
	spin_unlock(&lock);
}

static void wake_it(void)
{
	spin_wake_futex(&lock);
}

static const struct played_lock played = { init_it, lock_it, unlock_it, wake_it, "spin.before_park", 1, NULL };

static void leaving_out_the_wait_is_caught(void **state)
{
	(void)state;
	for (kind = 0; kind < NR_SPIN_KINDS; kind++) {
		assert_int_equal(lock_overlaps(&played), 0);
		assert_int_equal(knockout_enable("spin-wait"), 0);
		assert_int_equal(detector_switch("shadow", false), 0);
		assert_true(lock_overlaps(&played) > 0);
		detector_switch("shadow", true);
		knockout_clear();
	}
}

static void leaving_out_either_side_of_the_wake_is_caught(void **state)
{
	(void)state;
	kind = SPIN_FUTEX;
	for (int i = 0; i < 5; i++)
		assert_true(unlock_wakes(&played, TEST_PATIENCE_MS));
	assert_true(sleeper_is_forgotten_without("spin-futex:A", &played));
	assert_true(sleeper_is_forgotten_without("spin-futex:B", &played));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaving_out_the_wait_is_caught),
		cmocka_unit_test(leaving_out_either_side_of_the_wake_is_caught),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
