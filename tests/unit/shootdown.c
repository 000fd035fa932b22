/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shootdown: which side waits for which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/assert.h"
#include "core/pgtable/shootdown.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/threads.h"

/* A thread that waits for all walks, and one word for each side's progress. */
struct duel {
	unsigned int walker, freer;
};

static void wait_and_tell(void *arg, unsigned int index)
{
	struct duel *duel = arg;

	(void)index;
	shootdown_wait();
	step_reach(&duel->freer, 1);
}

static void without_walkers_no_thread_waits(void **state)
{
	struct duel duel = { 0 };

	(void)state;
	shootdown_wait();
	threads_run(1, wait_and_tell, &duel);
	assert_int_equal(duel.freer, 1);
}

static void a_walk_is_waited_for(void **state)
{
	struct duel duel = { 0 };
	struct test_threads *freer;

	(void)state;
	shootdown_walk_begin();
	freer = threads_start(1, wait_and_tell, &duel);
	assert_false(step_within(&duel.freer, 1, 50));
	shootdown_walk_end();
	step_await(&duel.freer, 1);
	threads_join(freer);
}

/* Nested walks are one: it ends with the outermost. */
static void a_nested_walk_ends_with_the_outer_one(void **state)
{
	struct duel duel = { 0 };
	struct test_threads *freer;

	(void)state;
	shootdown_walk_begin();
	shootdown_walk_begin();
	freer = threads_start(1, wait_and_tell, &duel);
	shootdown_walk_end();
	assert_false(step_within(&duel.freer, 1, 50));
	shootdown_walk_end();
	step_await(&duel.freer, 1);
	threads_join(freer);
}

/* Who walks again and again never keeps a freer for good: only the walk it met counts. */
static void later_walks_are_not_waited_for(void **state)
{
	struct duel duel = { 0 };
	struct test_threads *freer;

	(void)state;
	shootdown_walk_begin();
	freer = threads_start(1, wait_and_tell, &duel);
	assert_false(step_within(&duel.freer, 1, 50));
	shootdown_walk_end();
	shootdown_walk_begin();
	step_await(&duel.freer, 1);
	shootdown_walk_end();
	threads_join(freer);
}

/* A freer that is inside a walk itself does not wait for itself. */
static void no_thread_waits_for_itself(void **state)
{
	(void)state;
	shootdown_walk_begin();
	shootdown_wait();
	shootdown_walk_end();
	assert_int_equal(walk_marks[this_cpu->id].seq & 1, 0);
	assert_int_equal(walk_marks[this_cpu->id].depth, 0);
}

static void walk_until_stopped(void *arg, unsigned int index)
{
	struct duel *duel = arg;

	(void)index;
	shootdown_walk_begin();
	step_reach(&duel->walker, 1);
	BUG_ON(step_within(&duel->freer, 1, 20));
	shootdown_walk_end();
}

static void another_threads_walk_is_waited_for(void **state)
{
	struct duel duel = { 0 };
	struct test_threads *walker = threads_start(1, walk_until_stopped, &duel);

	(void)state;
	step_await(&duel.walker, 1);
	shootdown_wait();
	step_reach(&duel.freer, 1);
	threads_join(walker);
}

#if FAULTLINE_CHECK
/* With either side disabled no thread waits: the oracles must detect this elsewhere. */
static void either_side_can_be_disabled(void **state)
{
	static const char *const sides[] = { "shootdown:A", "shootdown:B" };
	struct duel duel = { 0 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sides); i++) {
		duel.freer = 0;
		assert_int_equal(knockout_enable(sides[i]), 0);
		shootdown_walk_begin();
		threads_run(1, wait_and_tell, &duel);
		assert_int_equal(duel.freer, 1);
		shootdown_walk_end();
		knockout_clear();
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_walkers_no_thread_waits),
		cmocka_unit_test(a_walk_is_waited_for),
		cmocka_unit_test(a_nested_walk_ends_with_the_outer_one),
		cmocka_unit_test(later_walks_are_not_waited_for),
		cmocka_unit_test(no_thread_waits_for_itself),
		cmocka_unit_test(another_threads_walk_is_waited_for),
#if FAULTLINE_CHECK
		cmocka_unit_test(either_side_can_be_disabled),
#endif
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
