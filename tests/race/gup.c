/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup.c - storms of pins against forks, sharers, zaps, protection and faults, under every kind of policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/pin_storm.h"
#include "tests/lib/world.h"

static const enum cpu_event met[] = {
	EV_GUP_FAST, EV_GUP_SLOW, EV_GUP_CHANGED, EV_GUP_FORKED, EV_GUP_UNSHARE, EV_FORK_COPIED,
};

static void run(struct pin_storm *storm, unsigned int storms)
{
	char why[256];

	for (unsigned int i = 0; i < storms; i++) {
		storm->seed = test_seed() + i;
		if (!pin_storm_run(storm, why, sizeof(why)))
			fail_msg("seed %lu: %s", (unsigned long)storm->seed, why);
	}
}

static void pins_hold_under_every_policy(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_policy policy = world_policy(world_policies[i]);
		struct pin_storm storm = pin_storm_default(&policy);

		run(&storm, test_rounds(4));
	}
}

static void pins_of_large_folios_hold(void **state)
{
	struct mm_policy policy = world_policy("linux-6.15,anon=16k");
	struct pin_storm storm = pin_storm_default(&policy);

	(void)state;
	storm.pages = 32;
	run(&storm, test_rounds(16));
}

/* Each way out of GUP-fast was taken: a storm that did not meet it says nothing. */
static void storms_meet_what_they_are_for(void **state)
{
	struct mm_policy policy = world_policy("linux-6.15");
	struct pin_storm storm = pin_storm_default(&policy);

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();		/* without sync points a machine of one core may not meet some */
	events_reset();
	storm.noise = 200;
	storm.pages = 4;
	run(&storm, test_rounds(16));
	for (unsigned int i = 0; i < sizeof(met) / sizeof(met[0]); i++)
		if (!events_total(met[i]))
			fail_msg("never met: %s", cpu_event_name(met[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pins_hold_under_every_policy),
		cmocka_unit_test(pins_of_large_folios_hold),
		cmocka_unit_test(storms_meet_what_they_are_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
