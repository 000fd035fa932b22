/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collapse.c - storms of pins against pages that are put into a huge page, and split from it, under every kind of policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/pin_storm.h"
#include "tests/lib/retract_storm.h"
#include "tests/lib/storm.h"
#include "tests/lib/world.h"

static const enum cpu_event met[] = {
	EV_COLLAPSE, EV_COLLAPSE_KEPT, EV_THP_SPLIT_PMD, EV_GUP_LEAF, EV_GUP_CHANGED, EV_GUP_SLOW, EV_FORK_COPIED,
};

static struct pin_storm storm_of(const char *text)
{
	struct mm_policy policy = world_policy(text);
	struct pin_storm storm = pin_storm_default(&policy);

	storm.threads[PIN_COLLAPSER] = 1;
	storm.threads[PIN_PINNER] = 2;
	storm.rounds = 200;
	storm.seed = test_seed();
	return storm;
}

static void run(struct pin_storm *storm, unsigned int storms)
{
	char why[256];

	for (unsigned int i = 0; i < storms; i++) {
		storm->seed++;
		if (!pin_storm_run(storm, why, sizeof(why)))
			fail_msg("seed %lu: %s", (unsigned long)storm->seed, why);
	}
}

/* Rows: L6, G2 */
static void pins_hold_while_pages_are_put_together(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct pin_storm storm = storm_of(world_policies[i]);

		run(&storm, test_rounds(4));
	}
}

/* Large folios go into the huge page; the first write may map one at once. Rows: L6, G2 */
static void pins_of_large_and_huge_pages_hold(void **state)
{
	static const char *const policies[] = { "linux-6.15,anon=16k", "linux-6.15,thp=always", "linux-6.4,thp=always" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct pin_storm storm = storm_of(policies[i]);

		run(&storm, test_rounds(8));
	}
}

static const char *never_met(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(met); i++)
		if (!events_total(met[i]))
			return cpu_event_name(met[i]);
	return NULL;
}

/* Everybody at once; and without those who would split each leaf as soon as it is there. */
static void storms_meet_what_they_are_for(void **state)
{
	struct pin_storm storm = storm_of("linux-6.15"), calm = storm_of("linux-6.15");

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();		/* without sync points a machine of one core may not meet some */
	events_reset();
	storm.noise = 100;
	storm.pages = 4;
	calm.threads[PIN_SHARER] = calm.threads[PIN_ZAPPER] = calm.threads[PIN_PROTECTOR] = 0;
	for (unsigned int i = 0; i < 100 && never_met(); i++) {
		run(&storm, 1);
		run(&calm, 1);
	}
	if (never_met())
		fail_msg("never met: %s", never_met());
}

/* Huge pages by faults and by hand among everything else there is. Rows: G2, M4 */
static void storms_of_everything_hold(void **state)
{
	static const char *const policies[] = {
		"linux-6.15,thp=always", "linux-6.4,thp=always,anon=64k", "linux-2.6.14,thp=always", "linux-6.15,tables=shootdown",
	};
	uint64_t collapsed = 0;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct mm_policy policy = world_policy(policies[i]);
		struct storm storm = storm_default(&policy);
		char why[256] = "";

		storm.weight[STORM_COLLAPSE] = 20;
		storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = 4;
		storm.rounds = test_rounds(6000);
		storm.seed = test_seed() + i;
		events_reset();
		if (!storm_run(&storm, why, sizeof(why)))
			fail_msg("%s: %s", policies[i], why);
		collapsed += events_total(EV_COLLAPSE);
	}
	assert_true(collapsed > 20);
}

/* Rows: L1, L2 */
static void tables_of_files_are_taken_away(void **state)
{
	static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-2.6.14,reclaim=on", "linux-6.15,tables=shootdown" };
	char why[256];

	(void)state;
	events_reset();
	for (unsigned int i = 0; i < test_rounds(16) || (FAULTLINE_CHECK && i < 200 && !events_total(EV_PTE_MAP_RETRY)); i++) {
		struct retract_storm storm = {
			.policy = world_policy(policies[i % ARRAY_SIZE(policies)]), .threads = 4, .rounds = 1000, .noise = 50,
			.seed = test_seed() + i,
		};

		if (!retract_storm_run(&storm, why, sizeof(why)))
			fail_msg("seed %lu: %s", (unsigned long)storm.seed, why);
	}
	assert_true(events_total(EV_PTE_TABLE_RETRACT) > 20 && events_total(EV_COLLAPSE) > 20);
	if (FAULTLINE_CHECK)
		assert_true(events_total(EV_PTE_MAP_RETRY) > 0);
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
