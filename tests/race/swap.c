/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.c - storms of swap-out and of migration against faults, forks, unmaps, moves and reverse-map walks. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/op/try_to_unmap.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/storm.h"

static const char *const policies[] = {
	"linux-2.6.14",
	"linux-3.13",
	"linux-6.4",
	"linux-6.15",
	"linux-6.15,tables=shootdown,spin=ticket",
	"linux-6.15,anon=16k",
	"linux-6.4,thp=always",
};

static void run(const char *text, uint64_t seed, unsigned int pageout, unsigned int migrate, unsigned int poison)
{
	struct mm_policy policy = world_policy(text);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = seed;
	storm.rounds = 10000;
	storm.weight[STORM_PAGEOUT] = pageout;
	storm.weight[STORM_MIGRATE] = migrate;
	storm.weight[STORM_POISON] = poison;
	storm.weight[STORM_ADVISE] = pageout / 4;
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s, seed %lu: %s", text, (unsigned long)seed, why);
}

/* All policies. */
static void run_all(struct storms storms, unsigned int pageout, unsigned int migrate, unsigned int poison)
{
	while (another_storm(&storms))
		run(policies[storms.index % ARRAY_SIZE(policies)], storms.seed, pageout, migrate, poison);
}

/* Rows: A9, M4. */
static void swap_holds(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_FORK, 21),	 MET(EV_RECLAIM, 1000),	  MET(EV_RECLAIM_KEPT, 20),
		MET(EV_FAULT_SWAP, 200), MET(EV_UNMAP_PINNED, 1),
	};

	(void)state;
	run_all(STORMS(wanted, ARRAY_SIZE(policies)), 30, 0, 0);
}

/* Rows: A9, M4. */
static void migration_holds(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_FORK, 21), MET(EV_MIGRATE, 500), MET(EV_MIGRATE_KEPT, 20), MET(EV_MIGRATE_WAIT, 1),
	};

	(void)state;
	run_all(STORMS(wanted, ARRAY_SIZE(policies)), 0, 30, 0);
}

static void both_hold(void **state)
{
	static const struct wanted wanted[] = {
		MET(EV_FORK, 21),	  MET(EV_RECLAIM, 500),	   MET(EV_MIGRATE, 300),
		MET(EV_MIGRATE_KEPT, 20), MET(EV_FOLIO_SPLIT, 20), MET(EV_FOLIO_SPLIT_KEPT, 1),
	};

	(void)state;
	run_all(STORMS(wanted, ARRAY_SIZE(policies)), 20, 20, 0);
}

static void poison_holds(void **state)
{
	static const struct wanted wanted[] = { MET(EV_FORK, 21), MET(EV_POISON, 200), MET(EV_FAULT_POISON, 100) };

	(void)state;
	run_all(STORMS(wanted, ARRAY_SIZE(policies)), 15, 15, 10);
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
