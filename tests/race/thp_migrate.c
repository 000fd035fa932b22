/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thp_migrate.c - storms of migration of large anonymous folios, as a whole and in parts, against faults, forks, pins,
 * mprotect, zaps and moves.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/op/try_to_unmap.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/storm.h"

static void run(const char *text, uint64_t seed)
{
	struct mm_policy policy = world_policy(text);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = seed;
	storm.rounds = 6000;
	storm.weight[STORM_MIGRATE] = 40;
	storm.weight[STORM_FORK] = 4;
	storm.weight[STORM_PIN] = 10;
	storm.weight[STORM_COLLAPSE] = 2;
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s, seed %lu: %s", text, (unsigned long)seed, why);
}

/* Rows: A9, W12, L7, M4. Leaves become migration entries, which are waited for, forked, split and zapped. */
static void huge_pages_hold(void **state)
{
	static const char *const policies[] = {
		"linux-6.15,thp=always", "linux-6.4,thp=always,reclaim=on", "linux-6.15,thp=always,pte_ptl=pmd",
		"linux-2.6.15,thp=always",
	};
	static const struct wanted wanted[] = {
		MET(EV_MIGRATE_PMD, 200), MET(EV_MIGRATE_LARGE, 50), MET(EV_MIGRATE_KEPT, 20),
		MET(EV_UNMAP_PINNED, 10), MET(EV_MIGRATE_WAIT, 10),  MET(EV_FORK, 21), MET(EV_THP_SPLIT_PMD, 51),
		MET(EV_FOLIO_SPLIT, 10),
	};
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		run(policies[storms.index % ARRAY_SIZE(policies)], storms.seed);
}

/* Rows: A9, A7, M4. The same of folios that PTEs map. */
static void large_folios_hold(void **state)
{
	static const char *const policies[] = {
		"linux-6.15,anon=64k", "linux-6.15,anon=16k,pte_ptl=pmd", "linux-6.4,anon=1m",
	};
	static const struct wanted wanted[] = {
		MET(EV_MIGRATE_LARGE, 50), MET(EV_MIGRATE_KEPT, 20), MET(EV_UNMAP_PINNED, 10), MET(EV_MIGRATE_WAIT, 10),
		MET(EV_FORK, 21),	   MET(EV_FOLIO_SPLIT, 20),
	};
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		run(policies[storms.index % ARRAY_SIZE(policies)], storms.seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(huge_pages_hold), cmocka_unit_test(large_folios_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
