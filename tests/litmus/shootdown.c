/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shootdown.c - the store buffering of shootdown.h, extracted: mark (x) and entry (y).
 *
 *   walker   mark = 1; r0 = entry          freer   entry = 0; r1 = mark
 *
 * Never      r0 == 1 and r1 == 0 with the orders of the core: the walker reads the table, and the freer does not wait
 * Sometimes  the same, with the order of one side, or of both, left out. A Sometimes that does not show voids the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/store_buffer.h"

#define WALKER(fence)	({ store_relaxed(&sb_x[i].v, 1u); fence; load_acquire(&sb_y[i].v); })
#define FREER(fence)	({ store_relaxed(&sb_y[i].v, 0u); fence; load_acquire(&sb_x[i].v); })

SB_SIDE(walker, WALKER(smp_mb()))
SB_SIDE(walker_unordered, WALKER((void)0))
SB_SIDE(freer, FREER(smp_mb()))
SB_SIDE(freer_unordered, FREER((void)0))

static const struct sb_pattern missed = { .x = 0, .y = 1, .loaded = { 1, 0 } };

static void never_with_both_orders(void **state)
{
	(void)state;
	assert_int_equal(sb_outcomes(&missed, walker, freer, SB_NEVER, false), 0);
}

static void sometimes_without(void **state)
{
	(void)state;
	if (!sb_reorders())
		skip();		/* a store buffer needs two processors, and accesses that are not calls */
	assert_true(sb_outcomes(&missed, walker_unordered, freer_unordered, SB_ENOUGH, true) > 0);
	assert_true(sb_outcomes(&missed, walker_unordered, freer, SB_ENOUGH, true) > 0);
	assert_true(sb_outcomes(&missed, walker, freer_unordered, SB_ENOUGH, true) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_with_both_orders),
		cmocka_unit_test(sometimes_without),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
