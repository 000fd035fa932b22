/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio_lock.c - a folio lock that does not wait or does not wake: detected each time, and nothing without a knock-out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/phys/folio_lock.h"
#include "core/probe/detector.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/lock_play.h"
#include "tests/lib/harness/threads.h"

static struct folio folio = { .page = { ._refcount = 1 } };

static void init_it(void)
{
	store_relaxed(&folio.page.flags, 0);
}

static void lock_it(void)
{
	folio_lock(&folio);
}

static void unlock_it(void)
{
	folio_unlock(&folio);
}

static void wake_it(void)
{
	folio_wake(&folio);
}

/* Waits, but takes no lock. */
static void wait_for_it(void)
{
	uint32_t seen;

	BUG_ON(!folio_wait_begin(&folio, &seen));
	folio_wait_end(&folio, seen);
}

static const struct played_lock played = { init_it, lock_it, unlock_it, wake_it, "folio_lock.before_park", 1, NULL };

static void leaving_out_the_wait_is_caught(void **state)
{
	(void)state;
	assert_int_equal(lock_overlaps(&played), 0);
	assert_int_equal(knockout_enable("folio-lock:wait"), 0);
	assert_int_equal(detector_switch("shadow", false), 0);
	assert_true(lock_overlaps(&played) > 0);
	detector_switch("shadow", true);
	knockout_clear();
}

static void leaving_out_either_side_of_the_wake_is_caught(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(unlock_wakes(&played, TEST_PATIENCE_MS));
	assert_true(sleeper_is_forgotten_without("folio-wait:A", &played));
	assert_true(sleeper_is_forgotten_without("folio-wait:B", &played));
}

/* The unlock wakes one of three waiters that take no lock, and each wakes the next. */
static void leaving_out_to_pass_a_wake_up_on_is_caught(void **state)
{
	static const struct played_lock waited_for = {
		init_it, lock_it, unlock_it, wake_it, "folio_lock.before_park", 3, wait_for_it,
	};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(unlock_wakes(&waited_for, TEST_PATIENCE_MS));
	assert_true(sleeper_is_forgotten_without("folio-wait:pass-on", &waited_for));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaving_out_the_wait_is_caught),
		cmocka_unit_test(leaving_out_either_side_of_the_wake_is_caught),
		cmocka_unit_test(leaving_out_to_pass_a_wake_up_on_is_caught),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
