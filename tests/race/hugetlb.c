/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of huge pages from the pool: storms in which what was promised is never refused, and storms with forks and pins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/hugetlb_storm.h"

static void storms(bool forks, unsigned int rounds)
{
	uint64_t taken = events_total(EV_HUGETLB_TAKE), leaves = events_total(EV_GUP_LEAF), copied = events_total(EV_FORK_COPIED);
	uint64_t cow = events_total(EV_COW_COPY);
	unsigned long walked = 0;

	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct hugetlb_storm storm = { .rounds = rounds, .forks = forks };

		assert_true(hugetlb_storm(&storm, world_policies[i], 4, 20));
		walked += storm.walked;
	}
	assert_true(events_total(EV_HUGETLB_TAKE) - taken > 10 * nr_world_policies && walked);
	if (forks)
		assert_true(events_total(EV_GUP_LEAF) > leaves && events_total(EV_FORK_COPIED) > copied && events_total(EV_COW_COPY) > cow);
}

/* Row: L7. */
static void what_was_promised_is_never_refused(void **state)
{
	(void)state;
	storms(false, test_rounds(3000));
}

/* Rows: A5, L6, L8. */
static void forks_and_pins(void **state)
{
	(void)state;
	storms(true, test_rounds(2000));
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
		cmocka_unit_test(forks_and_pins),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
