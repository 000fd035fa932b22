/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.c - storms of all operations on shared address spaces, under every policy. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/storm.h"

/* Presets, and the settings that none of them has. */
static const char *const policies[] = {
	"linux-2.6.14", "linux-2.6.15", "linux-3.13", "linux-6.4", "linux-6.15",
	"linux-2.6.14,spin=futex", "linux-6.15,pte_ptl=pmd,spin=futex", "linux-6.15,tables=shootdown,spin=ticket",
	"linux-6.4,reclaim=on,downgrade=off", "linux-6.15,pmd_ptl=mm,spin=ttas", "linux-6.15,anon=16k",
	"linux-6.4,anon=64k,anon_vma=call_rcu",
};

/* Row: M4. */
static void storms_hold(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct mm_policy policy;
		struct storm storm;
		char why[256] = "";

		assert_int_equal(policy_parse(policies[i], &policy, why, sizeof(why)), 0);
		storm = storm_default(&policy);
		storm.seed = i + 1;
		storm.rounds = 16000;
		storm.weight[STORM_FILE_MAP] = 6;
		storm.weight[STORM_FILE_CUT] = storm.weight[STORM_FILE_WRITE] = 1;
		storm.weight[STORM_FILE_RMAP] = 3;
		events_reset();
		if (!storm_run(&storm, why, sizeof(why)))
			fail_msg("%s: %s", policies[i], why);
		/* It did meet what it is for. */
		assert_true(events_total(EV_FAULT) > 1000 && events_total(EV_VMA_SPLIT) > 10 && events_total(EV_VMA_MERGE) > 10);
		assert_true(events_total(EV_FORK) > 20 && events_total(EV_COW_COPY) > 5 && events_total(EV_COW_REUSE) > 5);
		assert_true(events_total(EV_RMAP_WALK) > 50 && events_total(EV_MREMAP) > 50);
		assert_true(events_total(EV_GUP_FAST) > 50 && events_total(EV_GUP_SLOW) > 10 && events_total(EV_FORK_COPIED) > 0);
		assert_true(events_total(EV_FILE_MAP) > 100 && events_total(EV_FILE_COW) > 10 && events_total(EV_FILE_MKWRITE) > 10);
		assert_true(events_total(EV_FILE_CLEANED) > 5 && events_total(EV_FILE_READ) > 50);
		if (policy.vma_lock != VMA_LOCK_NONE)
			assert_true(events_total(EV_FAULT_VMA_LOCK) > 100 && events_total(EV_VMA_LOCK_MISS) > 0);
		if (policy.reclaim_tables)
			assert_true(events_total(EV_PTE_TABLE_RECLAIM) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(storms_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
