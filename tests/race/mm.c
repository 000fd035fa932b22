/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.c - storms of all operations on shared address spaces, under every policy. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/lib/storm.h"
#include "tests/lib/world.h"

/* Presets, and the settings that none of them has. */
static const char *const policies[] = {
	"linux-2.6.14", "linux-2.6.15", "linux-3.13", "linux-6.4", "linux-6.15",
	"linux-2.6.14,spin=futex", "linux-6.15,pte_ptl=pmd,spin=futex", "linux-6.15,tables=shootdown,spin=ticket",
	"linux-6.4,reclaim=on,downgrade=off", "linux-6.15,pmd_ptl=mm,spin=ttas", "linux-6.15,anon=16k",
	"linux-6.4,anon=64k,anon_vma=call_rcu",
};

/* What it is there to meet, over all policies. */
static const struct { enum cpu_event event; uint64_t times; } wanted[] = {
	{ EV_VMA_SPLIT, 500 }, { EV_VMA_MERGE, 500 }, { EV_FORK, 500 }, { EV_COW_COPY, 200 }, { EV_COW_REUSE, 200 },
	{ EV_RMAP_WALK, 5000 }, { EV_MREMAP, 1000 }, { EV_GUP_FAST, 300 }, { EV_GUP_SLOW, 200 }, { EV_FORK_COPIED, 10 },
	{ EV_FILE_MAP, 2000 }, { EV_FILE_COW, 200 }, { EV_FILE_MKWRITE, 200 }, { EV_FILE_CLEANED, 100 }, { EV_FILE_READ, 1000 },
	{ EV_RECLAIM, 500 }, { EV_FAULT_SWAP, 100 }, { EV_MIGRATE, 500 }, { EV_POISON, 50 }, { EV_FAULT_POISON, 10 },
	{ EV_FAULT_VMA_LOCK, 5000 }, { EV_VMA_LOCK_MISS, 100 }, { EV_PTE_TABLE_RECLAIM, 100 },
};

static uint64_t met[NR_CPU_EVENTS];

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
	events_reset();
	if (!storm_run(&storm, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	assert_true(events_total(EV_FAULT) > 1000);
	for (unsigned int i = 0; i < NR_CPU_EVENTS; i++)
		met[i] += events_total((enum cpu_event)i);
}

/* Rows: A9, M4. */
static void storms_hold(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		storm_under(policies[i], i + 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++)
		if (met[wanted[i].event] < wanted[i].times)
			fail_msg("%s: met %lu times", cpu_event_name(wanted[i].event), (unsigned long)met[wanted[i].event]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(storms_hold) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
