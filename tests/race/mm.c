/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.c - storms of all operations on shared address spaces, under every policy. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/op/copy_page_range.h"
#include "core/op/zap.h"
#include "tests/lib/harness/wanted.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/storm.h"

/* Presets, and the settings that none of them has. */
static const char *const policies[] = {
	"linux-2.6.14", "linux-2.6.15", "linux-3.13", "linux-6.4", "linux-6.15",
	"linux-2.6.14,spin=futex", "linux-6.15,pte_ptl=pmd,spin=futex", "linux-6.15,tables=shootdown,spin=ticket",
	"linux-6.4,reclaim=on,downgrade=off", "linux-6.15,pmd_ptl=mm,spin=ttas", "linux-6.15,anon=16k",
	"linux-6.4,anon=64k,anon_vma=call_rcu",
};

/* What it is there to meet, over all policies. */
static const struct wanted wanted[] = {
	MET(EV_VMA_SPLIT, 500),	    MET(EV_VMA_MERGE, 500),	    MET(EV_FORK, 500),
	MET(EV_COW_COPY, 200),	    MET(EV_COW_REUSE, 200),	    MET(EV_RMAP_WALK, 5000),
	MET(EV_MREMAP, 1000),	    MET(EV_GUP_FAST, 300),	    MET(EV_GUP_SLOW, 200),
	MET(EV_FORK_COPIED, 10),    MET(EV_FILE_MAP, 2000),	    MET(EV_FILE_COW, 200),
	MET(EV_FILE_MKWRITE, 200),  MET(EV_FILE_CLEANED, 100),	    MET(EV_FILE_READ, 1000),
	MET(EV_RECLAIM, 500),	    MET(EV_FAULT_SWAP, 100),	    MET(EV_MIGRATE, 500),
	MET(EV_POISON, 50),	    MET(EV_FAULT_POISON, 10),	    MET(EV_FAULT_VMA_LOCK, 5000),
	MET(EV_VMA_LOCK_MISS, 100), MET(EV_PTE_TABLE_RECLAIM, 100),
};

static void storm_under(const char *text, uint64_t seed)
{
	struct mm_policy policy = world_policy(text);
	struct storm storm = storm_default(&policy);
	char why[256] = "";

	storm.seed = seed;
	storm.rounds = 16000;
	storm.weight[STORM_FILE_MAP] = 6;
	storm.weight[STORM_FILE_CUT] = storm.weight[STORM_FILE_WRITE] = 1;
	storm.weight[STORM_FILE_RMAP] = 3;
	storm.weight[STORM_PAGEOUT] = storm.weight[STORM_MIGRATE] = 6;
	storm.weight[STORM_POISON] = 1;
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s, seed %lu: %s", text, (unsigned long)seed, why);
}

/* Rows: A9, M4. */
static void storms_hold(void **state)
{
	struct storms storms = STORMS(wanted, ARRAY_SIZE(policies));

	(void)state;
	while (another_storm(&storms)) {
		uint64_t faults = events_total(EV_FAULT);

		storm_under(policies[storms.index % ARRAY_SIZE(policies)], storms.seed);
		assert_true(events_total(EV_FAULT) - faults > 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(storms_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
