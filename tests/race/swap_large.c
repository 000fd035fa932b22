/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap_large.c - storms of large anonymous folios that are swapped out as a whole, or in parts, against faults, forks,
 * pins, zaps, moves and migration.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/op/deferred_split_scan.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/deferred_split.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/storm.h"

static void run(const char *text, uint64_t seed, unsigned long slots, unsigned int zaps)
{
	struct mm_policy policy = world_policy(text);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = seed;
	storm.rounds = 8000;
	storm.slots = slots;
	storm.weight[STORM_PAGEOUT] = 40;
	storm.weight[STORM_MIGRATE] = 10;
	storm.weight[STORM_FORK] = 4;
	storm.weight[STORM_DONTNEED] = zaps;
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s, seed %lu: %s", text, (unsigned long)seed, why);
}

/* Rows: A9, L7, M4. Slots run out of rows, and of single ones, too. */
static void large_folios_hold(void **state)
{
	static const char *const policies[] = {
		"linux-6.15,anon=16k", "linux-6.15,anon=64k,pte_ptl=pmd", "linux-6.4,anon=32k", "linux-2.6.14,anon=16k",
	};
	static const struct wanted wanted[] = {
		MET(EV_SWAP_OUT_LARGE, 100), MET(EV_SWAP_FALLBACK, 20), MET(EV_FAULT_SWAP, 200),
		MET(EV_FAULT_SWAP_LARGE, 1), MET(EV_RECLAIM_KEPT, 20),	MET(EV_FORK, 21), MET(EV_MIGRATE_LARGE, 10),
	};
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		run(policies[storms.index % ARRAY_SIZE(policies)], storms.seed, 128, 15);
}

/* Rows: A9, M4. The same of huge pages, whose leaves are split first. */
static void huge_pages_hold(void **state)
{
	static const char *const policies[] = { "linux-6.15,thp=always", "linux-6.4,thp=always,reclaim=on" };
	static const struct wanted wanted[] = {
		MET(EV_SWAP_OUT_LARGE, 20), MET(EV_SWAP_FALLBACK, 1), MET(EV_THP_SPLIT_PMD, 50), MET(EV_FORK, 21),
		MET(EV_FAULT_SWAP, 200),    MET(EV_MIGRATE_PMD, 10),
	};
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))
		run(policies[storms.index % ARRAY_SIZE(policies)], storms.seed, 1600, 15);
}

/* Rows: A3, A9, M4. Folios unmapped in part are queued, and scanned by each reclaim, against zaps, forks and pins. */
static void partially_mapped_folios_hold(void **state)
{
	static const char *const policies[] = { "linux-6.15,anon=16k", "linux-6.4,anon=64k" };
	static const struct wanted wanted[] = {
		MET(EV_DEFERRED_QUEUED, 500), MET(EV_DEFERRED_SPLIT, 100), MET(EV_FORK, 21),
#if FAULTLINE_CHECK
		MET(EV_DEFERRED_KEPT, 10),    MET(EV_DEFERRED_LOST, 1),	/* rare without pauses at sync points */
#endif
	};
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms))	/* a few slots: folios are scanned, and hardly swapped out */
		run(policies[storms.index % ARRAY_SIZE(policies)], storms.seed, 4, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_folios_hold),
		cmocka_unit_test(huge_pages_hold),
		cmocka_unit_test(partially_mapped_folios_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
