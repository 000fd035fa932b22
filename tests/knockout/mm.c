/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.c - storms with a knock-out: the named detector fires, and none fires without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/storm.h"

#define STORMS		400	/* maximum of seeds tried; most need a few, all far fewer */
#define CLEAN_STORMS	20
#define TRIES		8

struct stormy {
	struct knocked knocked;
	const char *policy;
};

static const struct stormy cases[] = {
	{ { "table-publish:A", { "points_to_table", "pte_bad" } }, "linux-6.15" },
	{ { "table-free:A", { "object age" } }, "linux-6.15" },
	{ { "shootdown:A", { "points_to_table", "spin_is_locked" } }, "linux-6.15,tables=shootdown" },
	{ { "shootdown:B", { "points_to_table", "spin_is_locked" } }, "linux-6.15,tables=shootdown" },
	{ { "pte-map:recheck", { "counted", "leaked", "points_to_table", "mm_counter_sum" } }, "linux-6.15" },
	{ { "table-populate:recheck", { "counted", "leaked", "mm_counter_sum" } }, "linux-6.15" },
	{ { "reclaim:recheck", { "counted", "leaked", "mm_counter_sum" } }, "linux-6.15" },
	{ { "fault:recheck", { "counted", "leaked", "mm_counter_sum" } }, "linux-6.15" },
	{ { "fault:range-recheck", { "counted", "leaked", "mm_counter_sum", "references" } }, "linux-6.15,anon=32k" },
	{ { "cow:reuse-check", { "is exclusive, but", "holds what", "PageAnonExclusive" } }, "linux-6.15" },
	{ { "cow:reuse-check", { "is exclusive, but", "holds what", "PageAnonExclusive" } }, "linux-6.15,anon=16k" },
	{ { "protect:exclusive", { "not exclusive", "PageAnonExclusive" } }, "linux-6.15" },
	{ { "pte-lock", { "shadow owner: PTE-table PTL" } }, "linux-6.15" },
	{ { "gather:put", { "references" } }, "linux-6.15" },
	{ { "vma-tree:grace", { "one of the VMA tree nodes, is freed 0 grace periods after" } }, "linux-6.15" },
	{ { "vma-seq:A", { "vma_is_write_locked", "shadow owner: VMA lock" } }, "linux-6.4" },
	{ { "vma-seq:A", { "vma_is_write_locked", "shadow owner: VMA lock" } }, "linux-6.15" },
	{ { "vma-seq:B", { "shadow owner: VMA lock" } }, "linux-6.4" },
	{ { "vma-seq:B", { "shadow owner: VMA lock" } }, "linux-6.15" },
	{ { "vma-lock:writer-wait", { "shadow owner: VMA lock" } }, "linux-6.15" },
	{ { "vma-lock:mm-recheck", { "vm_mm", "under its reader", "shadow owner: VMA lock" } }, "linux-6.15" },
	{ { "vma-lock:range-recheck", { "vm_start" } }, "linux-6.15" },
	{ { "vma-lock:detached-recheck", { "counted", "leaked", "in no VMA", "mm_counter_sum",
	      "chains are allocated" } },
	  "linux-6.4" },
	{ { "cow:reuse-check", { "what another mm wrote", "after the fork", "PageAnonExclusive" } }, "linux-6.15" },
	{ { "protect:exclusive", { "PageAnonExclusive" } }, "linux-6.15" },
	{ { "vma:split-lock", { "under its reader", "vma_is_write_locked", "vm_start", "lock order", "shadow owner" } },
	  "linux-6.4" },
	{ { "vma:split-lock", { "under its reader", "vma_is_write_locked", "vm_start", "lock order", "shadow owner" } },
	  "linux-6.15" },
	{ { "vma:merge-lock", { "under its reader", "vma_is_write_locked", "vm_start", "lock order", "shadow owner" } },
	  "linux-6.15" },
	{ { "anon-vma:reuse", { "anon_vma", "walk" } }, "linux-6.15" },
	{ { "rcu:grace", { "object age" } }, "linux-6.15" },
	{ { "rmap:lock", { "addr == (unsigned long)-EFAULT", "linear_page_index", "Segmentation fault",
	      "anon_vma chains" } },
	  "linux-6.15" },
};

/* A detector reports these before there is any damage; the checks named here detect the damage. */
static const struct stormy damage[] = {
	/* a poisoned slot, or node */
	{ { "vma-tree:grace", { "Segmentation fault", "node->nr <= NODE_SLOTS" } }, "linux-6.15" },
	{ { "table-free:A", { "points_to_table", "spin_is_locked" } }, "linux-6.15" },
	{ { "pte-lock", { "counted", "references", "leaked", "mm_counter_sum" } }, "linux-6.15" },
	{ { "vma-seq:B", { "under its reader" } }, "linux-6.4" },
	{ { "vma-seq:B", { "under its reader" } }, "linux-6.15" },
	{ { "vma-lock:writer-wait", { "under its reader", "points_to_table" } }, "linux-6.15" },
};

static bool run(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	struct mm_policy policy = world_policy(attempt->scene);
	struct storm storm = storm_default(&policy);

	storm.noise = 300;
	storm.seed = seed;
	return storm_run(&storm, why, why_size);
}

static bool storms(const struct attempt *attempt)
{
	return storms_hold(attempt, run, STORMS, CLEAN_STORMS);
}

/* Row: M4. */
static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(knocked_is_seen(&cases[i].knocked, storms, cases[i].policy, TRIES));
}

static void damage_is_seen_too(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(damage); i++)
		assert_true(knocked_damage_is_seen(&damage[i].knocked, storms, damage[i].policy, TRIES));
}

static void nothing_disabled_nothing_detected(void **state)
{
	static const char *const policies[] = { "linux-6.4", "linux-6.15", "linux-6.15,tables=shootdown",
						"linux-6.15,anon=32k" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		assert_true(clean_is_quiet(storms, policies[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(damage_is_seen_too),
		cmocka_unit_test(nothing_disabled_nothing_detected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
