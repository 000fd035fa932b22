/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp.c - storms of all operations on address spaces with huge pages, under policies of every lock. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/storm.h"

static const char *const policies[] = {
	"linux-2.6.14,thp=always",
	"linux-2.6.15,thp=always",
	"linux-3.13,thp=always",
	"linux-6.4,thp=always,reclaim=on",
	"linux-6.15,thp=always",
	"linux-6.15,thp=always,pte_ptl=pmd",
	"linux-6.15,thp=always,tables=shootdown,anon=64k",
};

/* Under each policy. */
static const struct wanted wanted[] = {
	MET(EV_THP_FAULT, 51), MET(EV_THP_FAULT_ZERO, 11), MET(EV_THP_SPLIT_PMD, 51), MET(EV_FORK, 11),
	MET(EV_COW_COPY, 6),   MET(EV_COW_REUSE, 6),	   MET(EV_RMAP_WALK, 21),     MET(EV_GUP_FAST, 21),
};

static void storms_under(const char *text, unsigned int from, bool swap)
{
	struct mm_policy policy = world_policy(text);
	struct storm storm = storm_default(&policy);
	struct storms storms = STORMS(wanted, 1);
	char why[256] = "";

	storm.rounds = 6000;
	storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = swap ? 4 : 0;
	while (another_storm(&storms)) {
		storm.seed = storms.seed + from;
		if (!storm_run(&storm, why, sizeof(why)))
			fail_msg("%s, seed %lu: %s", text, (unsigned long)storm.seed, why);
	}
}

/* Rows: M4, W11. */
static void storms_hold(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		storms_under(policies[i], i, false);
}

/* The same with pages that are swapped out and moved, which splits what maps them. */
static void storms_with_swap_hold(void **state)
{
	(void)state;
	storms_under("linux-6.15,thp=always", 10, true);
	storms_under("linux-6.4,thp=always", 11, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(storms_hold), cmocka_unit_test(storms_with_swap_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
