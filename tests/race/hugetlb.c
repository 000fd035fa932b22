/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of huge pages from the pool: storms in which what was promised is never refused, beside forks too; and storms with pins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/hugetlb_storm.h"

/* Returns the faults of children that were refused. */
static unsigned long storms(bool forks, bool pins, unsigned int rounds)
{
	unsigned long walked = 0, refused = 0;

	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct hugetlb_storm storm = { .rounds = rounds, .forks = forks, .pins = pins };

		assert_true(hugetlb_storm(&storm, world_policies[i], 4, 20));
		walked += storm.walked;
		refused += storm.forks_refused;
	}
	assert_true(walked);
	return refused;
}

/* Row: L7. */
static void what_was_promised_is_never_refused(void **state)
{
	uint64_t taken = events_total(EV_HUGETLB_TAKE);

	(void)state;
	storms(false, false, test_rounds(3000));
	assert_true(events_total(EV_HUGETLB_TAKE) - taken > 10 * nr_world_policies);
}

/* Nor beside forks that share it: at the worst they lose it. Row: L8. */
static void nor_for_the_sake_of_forks(void **state)
{
	uint64_t back = events_total(EV_HUGETLB_TAKE_BACK);

	(void)state;
	assert_true(storms(true, false, test_rounds(2000)));
	assert_true(events_total(EV_HUGETLB_TAKE_BACK) > back);
}

/* Rows: A5, L6. */
static void forks_and_pins(void **state)
{
	uint64_t leaves = events_total(EV_GUP_LEAF), copied = events_total(EV_FORK_COPIED), cow = events_total(EV_COW_COPY);

	(void)state;
	storms(true, true, test_rounds(2000));
	assert_true(events_total(EV_GUP_LEAF) > leaves && events_total(EV_FORK_COPIED) > copied && events_total(EV_COW_COPY) > cow);
}

static int up(void **state)
{
	(void)state;
	world_start(16384, 64);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_promised_is_never_refused),
		cmocka_unit_test(nor_for_the_sake_of_forks),
		cmocka_unit_test(forks_and_pins),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
