/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wanted.c - storms that go on until they have met what they are for, but not for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/op/fault.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"

static uint64_t seen;

/* In storm number @first and each after it, both. */
static unsigned int storms_until(unsigned int first, unsigned int least)
{
	const struct wanted wanted[] = { MET(EV_FAULT, 2), COUNTED(seen, 2) };
	struct storms storms = STORMS(wanted, least);

	seen = 0;
	while (another_storm(&storms)) {
		assert_int_equal(storms.index + 1, storms.begun);
		if (storms.begun >= first) {
			count_event(EV_FAULT);
			seen++;
		}
	}
	return storms.begun;
}

static void as_many_as_there_are_at_the_least(void **state)
{
	(void)state;
	assert_int_equal(storms_until(1, 5), 5);
	assert_int_equal(storms_until(4, 5), 5);
}

static void they_go_on_until_all_was_met(void **state)
{
	(void)state;
	assert_int_equal(storms_until(5, 5), 6);
	assert_int_equal(storms_until(60, 5), 61);
	assert_int_equal(storms_until(STORMS_PATIENCE - 1, 1), STORMS_PATIENCE);
}

/* And with the seed that it has among the others. */
static void one_is_run_alone(void **state)
{
	const struct wanted nothing[] = { MET(EV_FAULT, 1) };
	struct storms storms = STORMS(nothing, 3);
	unsigned int runs = 0;

	(void)state;
	setenv("FAULTLINE_TEST_STORM", "7", 1);
	for (; another_storm(&storms); runs++) {
		assert_int_equal(storms.index, 7);
		assert_int_equal(storms.seed, test_seed() + 7);
	}
	unsetenv("FAULTLINE_TEST_STORM");
	assert_int_equal(runs, 1);
}

static void each_has_a_seed_of_its_own(void **state)
{
	const struct wanted nothing[] = { MET(EV_FAULT, 0) };
	struct storms storms = STORMS(nothing, 3);
	uint64_t last = 0;

	(void)state;
	while (another_storm(&storms)) {
		assert_true(!storms.index || storms.seed == last + 1);
		last = storms.seed;
	}
	assert_int_equal(storms.begun, 3);
}

static void patience_ends(void **state)
{
	(void)state;
	assert_dies("after 20 storms met 1 times of 2: faults", storms_until(STORMS_PATIENCE, 1));
	assert_dies("after 100 storms met 0 times of 2: faults", storms_until(101, 5));
}

static void what_a_test_counts_itself_is_named(void **state)
{
	static uint64_t never;
	const struct wanted wanted[] = { MET(EV_FAULT, 0), COUNTED(never, 1) };
	struct storms storms = STORMS(wanted, 2);

	(void)state;
	assert_dies("after 40 storms met 0 times of 1: never", while (another_storm(&storms)));
}

/* What was counted before is of no account. */
static void it_counts_from_zero(void **state)
{
	const struct wanted wanted[] = { MET(EV_FAULT, 1) };
	struct storms storms;

	(void)state;
	count_events(EV_FAULT, 100);
	storms = STORMS(wanted, 1);
	assert_true(another_storm(&storms) && another_storm(&storms));
	count_event(EV_FAULT);
	assert_false(another_storm(&storms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_there_are_at_the_least),
		cmocka_unit_test(they_go_on_until_all_was_met),
		cmocka_unit_test(one_is_run_alone),
		cmocka_unit_test(each_has_a_seed_of_its_own),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(what_a_test_counts_itself_is_named),
		cmocka_unit_test(it_counts_from_zero),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
