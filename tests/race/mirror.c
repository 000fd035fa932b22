/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirror.c - storms of everything against devices that mirror the address spaces, and work on them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/storm.h"
#include "tests/lib/world.h"

static const char *const policies[] = {
	"linux-2.6.14", "linux-3.13", "linux-6.4", "linux-6.15", "linux-6.15,tables=shootdown,spin=ticket", "linux-6.15,anon=16k",
	"linux-6.15,thp=always",
};

static void run(bool with_file)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct mm_policy policy = world_policy(policies[i]);
		struct storm storm = storm_default(&policy);
		char why[256] = "";

		storm.seed = i + 1;
		storm.rounds = 10000;
		storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = 10;
		storm.weight[STORM_MIRROR] = 40;
		storm.weight[STORM_DEVICE] = 10;
		if (with_file) {
			storm.weight[STORM_FILE_MAP] = storm.weight[STORM_FILE_WRITE] = 10;
			storm.weight[STORM_FILE_CUT] = storm.weight[STORM_FILE_RMAP] = 5;
		}
		events_reset();
		if (!storm_run(&storm, why, sizeof(why)))
			fail_msg("%s: %s", policies[i], why);
		/* It did meet what it is for. */
		assert_true(events_total(EV_HMM_COMPARED) > 1000 && events_total(EV_NOTIFIER_TOLD) > 500);
		assert_true(events_total(EV_HMM_STALE) > 5 && events_total(EV_NOTIFIER_WAIT) > 5);
		assert_true(events_total(EV_DEVICE_IN) > 5 && events_total(EV_DEVICE_BACK) > 5);
		assert_true(!with_file || (events_total(EV_FILE_MAP) > 5 && events_total(EV_FILE_CLEANED) > 0));
		assert_true(events_total(EV_FORK) > 2 && events_total(EV_MIGRATE) > 5 && events_total(EV_RECLAIM) > 5);
	}
}

/* Rows: H3, H4. */
static void mirrors_of_memory_hold(void **state)
{
	(void)state;
	run(false);
}

/* Rows: H3, H4. */
static void mirrors_of_files_hold(void **state)
{
	(void)state;
	run(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mirrors_of_memory_hold),
		cmocka_unit_test(mirrors_of_files_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
