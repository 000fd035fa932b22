/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup.c - storms of pins against forks, sharers, zaps, protection and faults, under every kind of policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/copy_page_range.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/pin_storm.h"

/* Each way out of GUP-fast. */
static const struct wanted wanted[] = {
	MET(EV_GUP_FAST, 1), MET(EV_GUP_SLOW, 1), MET(EV_GUP_CHANGED, 1), MET(EV_GUP_FORKED, 1), MET(EV_GUP_UNSHARE, 1),
	MET(EV_FORK_COPIED, 1),
};

static void run(struct pin_storm *storm, struct storms storms)
{
	char why[256];

	while (another_storm(&storms)) {
		storm->seed = storms.seed;
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

		run(&storm, storms_begin(NULL, 0, test_rounds(4)));
	}
}

static void pins_of_large_folios_hold(void **state)
{
	struct mm_policy policy = world_policy("linux-6.15,anon=16k");
	struct pin_storm storm = pin_storm_default(&policy);

	(void)state;
	storm.pages = 32;
	run(&storm, storms_begin(NULL, 0, test_rounds(16)));
}

static void storms_meet_what_they_are_for(void **state)
{
	struct mm_policy policy = world_policy("linux-6.15");
	struct pin_storm storm = pin_storm_default(&policy);

	(void)state;
	if (!FAULTLINE_CHECK)
		skip();		/* without sync points a machine of one core may not meet some */
	storm.noise = 200;
	storm.pages = 4;
	run(&storm, STORMS(wanted, test_rounds(16)));
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
