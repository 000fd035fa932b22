/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_share.c - the store buffering between GUP-fast and who shares a page (rmap.h), extracted: pins (x) and entry (y).
 *
 *   GUP-fast   pins += 1024; gup-share:B; r0 = entry        sharer   entry = 0; gup-share:A; r1 = pins
 *
 * Never      r0 == 1 and r1 == 1: GUP-fast finds the entry there, the sharer no pin: a pinned page is shared
 * Sometimes  the same, with either barrier left out, or both. A Sometimes that does not show voids the test.
 *
 * As in the core, both stores are read-modify-writes. On x86 those are full barriers, so no knock-out of "gup-share:A" or
 * "gup-share:B" can show there, and none is needed for "never". Elsewhere they order a later load no more than a plain store does:
 * so the rest of the test makes them plain stores, which x86 does let a load pass, and has the same barriers do the work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/store_buffer.h"

#define UNPINNED	1u
#define PINNED		1025u

#define PIN_AS_THE_CORE ({ \
	uint32_t old_ = UNPINNED; \
	bool done_ = try_cmpxchg_acquire(&sb_x[i].v, &old_, PINNED); \
	(void)done_; \
	smp_mb__after_atomic(); \
	load_acquire(&sb_y[i].v); \
})
#define SHARE_AS_THE_CORE ({ (void)xchg_acq_rel(&sb_y[i].v, 0u); smp_mb(); load_acquire(&sb_x[i].v); })

#define PIN(fence)	({ store_relaxed(&sb_x[i].v, PINNED); fence; load_acquire(&sb_y[i].v); })
#define SHARE(fence)	({ store_release(&sb_y[i].v, 0u); fence; load_acquire(&sb_x[i].v); })

SB_SIDE(pin_as_the_core, PIN_AS_THE_CORE)
SB_SIDE(share_as_the_core, SHARE_AS_THE_CORE)
SB_SIDE(pin, PIN(smp_mb()))
SB_SIDE(pin_unordered, PIN((void)0))
SB_SIDE(share, SHARE(smp_mb()))
SB_SIDE(share_unordered, SHARE((void)0))

static const struct sb_pattern pinned_and_shared = { .x = UNPINNED, .y = 1, .loaded = { 1, UNPINNED } };

static void never_as_the_core_does_it(void **state)
{
	(void)state;
	assert_int_equal(sb_outcomes(&pinned_and_shared, pin_as_the_core, share_as_the_core, SB_NEVER, false), 0);
}

static void never_with_both_barriers(void **state)
{
	(void)state;
	assert_int_equal(sb_outcomes(&pinned_and_shared, pin, share, SB_NEVER, false), 0);
}

/* Row: A6. */
static void sometimes_without(void **state)
{
	(void)state;
	if (!sb_reorders())
		skip();		/* a store buffer needs two processors, and accesses that are not calls */
	assert_true(sb_outcomes(&pinned_and_shared, pin_unordered, share_unordered, SB_ENOUGH, true) > 0);
	assert_true(sb_outcomes(&pinned_and_shared, pin, share_unordered, SB_ENOUGH, true) > 0);
	assert_true(sb_outcomes(&pinned_and_shared, pin_unordered, share, SB_ENOUGH, true) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_as_the_core_does_it),
		cmocka_unit_test(never_with_both_barriers),
		cmocka_unit_test(sometimes_without),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
