/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse.c - storms of pins against pages that are put into a huge page, and split from it, under every kind of
 * policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/collapse.h"
#include "core/op/copy_page_range.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/pin_storm.h"
#include "tests/lib/storm/retract_storm.h"
#include "tests/lib/storm/storm.h"

static struct pin_storm storm_of(const char *text)
{
	struct mm_policy policy = world_policy(text);
	struct pin_storm storm = pin_storm_default(&policy);

	storm.threads[PIN_COLLAPSER] = 1;
	storm.threads[PIN_PINNER] = 2;
	storm.rounds = 200;
	return storm;
}

static void run(struct pin_storm *storm, uint64_t seed)
{
	char why[256];

	storm->seed = seed;
	if (!pin_storm_run(storm, why, sizeof(why)))
		fail_msg("seed %lu: %s", (unsigned long)seed, why);
}

static void run_under(const char *const *policies, unsigned int nr_policies, unsigned int storms)
{
	for (unsigned int i = 0; i < nr_policies; i++) {
		struct pin_storm storm = storm_of(policies[i]);

		for (unsigned int n = 0; n < storms; n++)
			run(&storm, test_seed() + n);
	}
}

/* Rows: L6, G2 */
static void pins_hold_while_pages_are_put_together(void **state)
{
	(void)state;
	run_under(world_policies, nr_world_policies, test_rounds(4));
}

/* Large folios go into the huge page; the first write may map one at once. Rows: L6, G2 */
static void pins_of_large_and_huge_pages_hold(void **state)
{
	static const char *const policies[] = { "linux-6.15,anon=16k", "linux-6.15,thp=always",
						"linux-6.4,thp=always" };

	(void)state;
	run_under(policies, ARRAY_SIZE(policies), test_rounds(8));
}

/* All roles at once; and without the roles that split each leaf as soon as it exists. */
static void storms_meet_what_they_are_for(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_COLLAPSE, 1),	MET(EV_COLLAPSE_KEPT, 1), MET(EV_THP_SPLIT_PMD, 1), MET(EV_GUP_LEAF, 1),
		MET(EV_GUP_CHANGED, 1), MET(EV_GUP_SLOW, 1),	  MET(EV_FORK_COPIED, 1),
	};
	struct pin_storm storm = storm_of("linux-6.15"), calm = storm_of("linux-6.15");
	struct storms storms = STORMS(wanted, 5);

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();		/* without sync points a machine of one core may not meet some */
	storm.noise = 100;
	storm.pages = 4;
	calm.threads[PIN_SHARER] = calm.threads[PIN_ZAPPER] = calm.threads[PIN_PROTECTOR] = 0;
	while (another_storm(&storms)) {
		run(&storm, storms.seed);
		run(&calm, storms.seed);
	}
}

/* Huge pages by faults and by hand among everything else there is. Rows: G2, M4 */
static void storms_of_everything_hold(void **state)
{
	static const char *const policies[] = {
		"linux-6.15,thp=always",
		"linux-6.4,thp=always,anon=64k",
		"linux-2.6.14,thp=always",
		"linux-6.15,tables=shootdown",
	};
	static const struct wanted wanted[] = { MET(EV_COLLAPSE, 21) };
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms)) {
		const char *text = policies[storms.index % ARRAY_SIZE(policies)];
		struct mm_policy policy = world_policy(text);
		struct storm storm = storm_default(&policy);
		char why[256] = "";

		storm.weight[STORM_COLLAPSE] = 20;
		storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = 4;
		storm.rounds = test_rounds(6000);
		storm.seed = storms.seed;
		if (!storm_run(&storm, why, sizeof(why)))
			fail_msg("%s, seed %lu: %s", text, (unsigned long)storm.seed, why);
	}
}

/* Rows: L1, L2 */
static void tables_of_files_are_taken_away(void **state)
{
	static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-2.6.14,reclaim=on",
						"linux-6.15,tables=shootdown" };
	static const struct wanted wanted[] = {
		MET(EV_PTE_TABLE_RETRACT, 21), MET(EV_COLLAPSE, 21),
#if FAULTLINE_CHECK
		MET(EV_PTE_MAP_RETRY, 1),
#endif
	};
	struct storms storms = STORMS(wanted, test_rounds(16));
	char why[256];

	(void)state;
	while (another_storm(&storms)) {
		struct retract_storm storm = {
			.policy = world_policy(policies[storms.index % ARRAY_SIZE(policies)]), .threads = 4,
			.rounds = 1000, .noise = 50,
			.seed = storms.seed,
		};

		if (!retract_storm_run(&storm, why, sizeof(why)))
			fail_msg("seed %lu: %s", (unsigned long)storm.seed, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pins_hold_while_pages_are_put_together),
		cmocka_unit_test(pins_of_large_and_huge_pages_hold),
		cmocka_unit_test(storms_meet_what_they_are_for),
		cmocka_unit_test(storms_of_everything_hold),
		cmocka_unit_test(tables_of_files_are_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
