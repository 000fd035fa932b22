/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp.c - storms of all operations on address spaces with huge pages, under policies of every lock. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/storm.h"

static const char *const policies[] = {
	"linux-2.6.14,thp=always", "linux-2.6.15,thp=always", "linux-3.13,thp=always", "linux-6.4,thp=always,reclaim=on",
	"linux-6.15,thp=always", "linux-6.15,thp=always,pte_ptl=pmd", "linux-6.15,thp=always,tables=shootdown,anon=64k",
};

static void storm_of(const char *name, uint64_t seed, bool swap)
{
	struct mm_policy policy;
	struct storm storm;
	char why[256] = "";

	assert_int_equal(policy_parse(name, &policy, why, sizeof(why)), 0);
	storm = storm_default(&policy);
	storm.seed = seed;
	storm.rounds = 6000;
	storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = swap ? 4 : 0;
	events_reset();
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s: %s", name, why);
	assert_true(events_total(EV_THP_FAULT) > 50 && events_total(EV_THP_FAULT_ZERO) > 10 && events_total(EV_THP_SPLIT_PMD) > 50);
	assert_true(events_total(EV_FORK) > 10 && events_total(EV_COW_COPY) > 5 && events_total(EV_COW_REUSE) > 5);
	assert_true(events_total(EV_RMAP_WALK) > 20 && events_total(EV_GUP_FAST) > 20);
}

/* Rows: M4, W11. */
static void storms_hold(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		storm_of(policies[i], i + 1, false);
}

/* The same with pages that are swapped out and moved, which splits what maps them. */
static void storms_with_swap_hold(void **state)
{
	(void)state;
	storm_of("linux-6.15,thp=always", 11, true);
	storm_of("linux-6.4,thp=always", 12, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(storms_hold), cmocka_unit_test(storms_with_swap_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
