/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.c - storms of swap-out and of migration against faults, forks, unmaps, moves and reverse-map walks. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "tests/lib/storm.h"
#include "tests/lib/world.h"

static const char *const policies[] = {
	"linux-2.6.14", "linux-3.13", "linux-6.4", "linux-6.15", "linux-6.15,tables=shootdown,spin=ticket", "linux-6.15,anon=16k",
	"linux-6.4,thp=always",
};

static void run(unsigned int i, unsigned int pageout, unsigned int migrate, unsigned int poison)
{
	struct mm_policy policy = world_policy(policies[i]);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = test_seed() + i;
	storm.rounds = 10000;
	storm.weight[STORM_PAGEOUT] = pageout;
	storm.weight[STORM_MIGRATE] = migrate;
	storm.weight[STORM_POISON] = poison;
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s: %s", policies[i], why);
}

/* All policies; what it met is asked for at the end. */
static void storms(unsigned int pageout, unsigned int migrate, unsigned int poison)
{
	events_reset();
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		run(i, pageout, migrate, poison);
	assert_true(events_total(EV_FORK) > 20);
}

static bool met(enum cpu_event event, uint64_t times)
{
	if (events_total(event) >= times)
		return true;
	fprintf(stderr, "%s: met %lu times\n", cpu_event_name(event), (unsigned long)events_total(event));
	return false;
}

/* Rows: A9, M4. */
static void swap_holds(void **state)
{
	(void)state;
	storms(30, 0, 0);
	assert_true(met(EV_RECLAIM, 1000) && met(EV_RECLAIM_KEPT, 20) && met(EV_FAULT_SWAP, 200));
	assert_true(met(EV_UNMAP_PINNED, 1));
}

/* Rows: A9, M4. */
static void migration_holds(void **state)
{
	(void)state;
	storms(0, 30, 0);
	assert_true(met(EV_MIGRATE, 500) && met(EV_MIGRATE_KEPT, 20) && met(EV_MIGRATE_WAIT, 1));
}

static void both_hold(void **state)
{
	(void)state;
	storms(20, 20, 0);
	assert_true(met(EV_RECLAIM, 500) && met(EV_MIGRATE, 300) && met(EV_MIGRATE_KEPT, 20));
	assert_true(met(EV_FOLIO_SPLIT, 20) && met(EV_FOLIO_SPLIT_KEPT, 1));
}

static void poison_holds(void **state)
{
	(void)state;
	storms(15, 15, 10);
	assert_true(met(EV_POISON, 200) && met(EV_FAULT_POISON, 100));
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
