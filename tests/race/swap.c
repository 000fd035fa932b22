/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.c - storms of swap-out and of migration against faults, forks, unmaps, moves and reverse-map walks. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/storm.h"
#include "tests/lib/world.h"

static const char *const policies[] = {
	"linux-2.6.14", "linux-3.13", "linux-6.4", "linux-6.15", "linux-6.15,tables=shootdown,spin=ticket", "linux-6.15,anon=16k",
};

static void run(unsigned int i, unsigned int pageout, unsigned int migrate, unsigned int poison)
{
	struct mm_policy policy = world_policy(policies[i]);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = i + 1;
	storm.rounds = test_rounds(10000);
	storm.weight[STORM_PAGEOUT] = pageout;
	storm.weight[STORM_MIGRATE] = migrate;
	storm.weight[STORM_POISON] = poison;
	events_reset();
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s: %s", policies[i], why);
}

static void swap_holds(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		run(i, 30, 0, 0);
		/* It did meet what it is for. */
		assert_true(events_total(EV_RECLAIM) > 50 && events_total(EV_RECLAIM_KEPT) > 0);
		assert_true(events_total(EV_FAULT_SWAP) > 10 && events_total(EV_FORK) > 2);
	}
}

static void migration_holds(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		run(i, 0, 30, 0);
		assert_true(events_total(EV_MIGRATE) > 20 && events_total(EV_FORK) > 2);
	}
}

static void both_hold(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		run(i, 20, 20, 0);
		assert_true(events_total(EV_RECLAIM) > 20 && events_total(EV_MIGRATE) > 20 && events_total(EV_MIGRATE_KEPT) > 0);
	}
}

static void poison_holds(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		run(i, 15, 15, 10);
		assert_true(events_total(EV_POISON) > 20 && events_total(EV_FAULT_POISON) > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swap_holds),
		cmocka_unit_test(migration_holds),
		cmocka_unit_test(both_hold),
		cmocka_unit_test(poison_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
