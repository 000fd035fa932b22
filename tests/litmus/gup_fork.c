/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_fork.c - the store buffering between GUP-fast and fork (gup_fast.c, copy_page_range.c), extracted: pins (x) and
 * write_protect_seq (y).
 *
 *   GUP-fast   pins += 1024; gup-fork:B; r0 = seq           fork   seq odd; gup-fork:A; r1 = pins
 *
 * Never      r0 even and r1 unpinned: GUP-fast finds no fork, fork no pin: a pinned page is shared with the child
 * Sometimes  the same without the barrier "gup-fork:A", a plain store being before it. A Sometimes that does not show voids the test.
 *
 * In the core a storm cannot show it on x86: fork takes PTLs between the two, by locked instructions. And side B's barrier is the
 * pin itself there: litmus.gup_share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/store_buffer.h"

#define UNPINNED	1u
#define PINNED		1025u

#define PIN ({ \
	uint32_t old_ = UNPINNED; \
	bool done_ = try_cmpxchg_acquire(&sb_x[i].v, &old_, PINNED); \
	(void)done_; \
	smp_mb__after_atomic(); \
	load_acquire(&sb_y[i].v); \
})
/* raw_write_seqcount_begin() on a count that is 0. */
#define FORK(fence)	({ store_relaxed(&sb_y[i].v, 1u); fence; load_acquire(&sb_x[i].v); })

SB_SIDE(pin, PIN)
SB_SIDE(fork_side, FORK(smp_mb()))
SB_SIDE(fork_unordered, FORK((void)0))

static const struct sb_pattern pinned_and_shared = { .x = UNPINNED, .y = 0, .loaded = { 0, UNPINNED } };

static void never_as_the_core_does_it(void **state)
{
	(void)state;
	assert_int_equal(sb_outcomes(&pinned_and_shared, pin, fork_side, SB_NEVER, false), 0);
}

static void sometimes_without(void **state)
{
	(void)state;
	if (!sb_reorders())
		skip();		/* a store buffer needs two processors, and accesses that are not calls */
	assert_true(sb_outcomes(&pinned_and_shared, pin, fork_unordered, SB_ENOUGH, true) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_as_the_core_does_it),
		cmocka_unit_test(sometimes_without),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
