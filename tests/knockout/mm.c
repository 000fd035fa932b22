/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.c - storms with one thing left out: the oracle that should see it does, and without the knock-out none complains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/child.h"
#include "tests/lib/storm.h"

#define STORMS	400	/* seeds tried at the most; most are seen in the first few, all far below */
#define CLEAN_STORMS	40
#define TRIES	8

/* Words of the checks that may see it; in sanitizer builds a report of theirs does as well. */
struct knocked {
	const char *knockout, *policy;
	const char *seen[5];
};

struct attempt {
	const struct knocked *knocked;
	uint64_t first_seed;
	bool watched;			/* shadows of locks, and ages */
};

static const struct knocked cases[] = {
	{ "table-publish:A", "linux-6.15", { "points_to_table", "pte_bad" } },
	{ "rcu:grace", "linux-6.15", { "object age" } },
	{ "table-free:A", "linux-6.15", { "object age" } },
	{ "shootdown:A", "linux-6.15,tables=shootdown", { "points_to_table", "spin_is_locked" } },
	{ "shootdown:B", "linux-6.15,tables=shootdown", { "points_to_table", "spin_is_locked" } },
	{ "pte-map:recheck", "linux-6.15", { "counted", "leaked", "points_to_table", "mm_counter_sum" } },
	{ "table-populate:recheck", "linux-6.15", { "counted", "leaked", "mm_counter_sum" } },
	{ "reclaim:recheck", "linux-6.15", { "counted", "leaked", "mm_counter_sum" } },
	{ "fault:recheck", "linux-6.15", { "counted", "leaked", "mm_counter_sum" } },
	{ "fault:range-recheck", "linux-6.15,anon=32k", { "counted", "leaked", "mm_counter_sum", "references" } },
	{ "cow:reuse-check", "linux-6.15", { "is exclusive, but", "holds what", "PageAnonExclusive" } },
	{ "cow:reuse-check", "linux-6.15,anon=16k", { "is exclusive, but", "holds what", "PageAnonExclusive" } },
	{ "protect:exclusive", "linux-6.15", { "not exclusive", "PageAnonExclusive" } },
	{ "pte-lock", "linux-6.15", { "shadow owner: PTE-table PTL" } },
	{ "gather:put", "linux-6.15", { "references" } },
	{ "vma-tree:grace", "linux-6.15", { "NODE_SLOTS", "Segmentation fault" } },
	{ "vma-seq:A", "linux-6.4", { "vma_is_write_locked" } },
	{ "vma-seq:A", "linux-6.15", { "vma_is_write_locked" } },
	{ "vma-seq:B", "linux-6.4", { "shadow owner: VMA lock" } },
	{ "vma-seq:B", "linux-6.15", { "shadow owner: VMA lock" } },
	{ "vma-lock:writer-wait", "linux-6.15", { "shadow owner: VMA lock" } },
	{ "vma-lock:mm-recheck", "linux-6.15", { "vm_mm", "under its reader" } },
	{ "vma-lock:range-recheck", "linux-6.15", { "vm_start" } },
	{ "vma-lock:detached-recheck", "linux-6.4", { "counted", "leaked", "in no VMA", "mm_counter_sum" } },
	{ "cow:reuse-check", "linux-6.15", { "what another mm wrote", "after the fork", "PageAnonExclusive" } },
	{ "protect:exclusive", "linux-6.15", { "PageAnonExclusive" } },
	{ "vma:split-lock", "linux-6.4", { "under its reader", "vma_is_write_locked", "vm_start", "lock order", "shadow owner" } },
	{ "vma:split-lock", "linux-6.15", { "under its reader", "vma_is_write_locked", "vm_start", "lock order", "shadow owner" } },
	{ "vma:merge-lock", "linux-6.15", { "under its reader", "vma_is_write_locked", "vm_start", "lock order", "shadow owner" } },
	{ "anon-vma:reuse", "linux-6.15", { "anon_vma", "walk" } },
	{ "rmap:lock", "linux-6.15", { "addr == (unsigned long)-EFAULT", "linear_page_index", "Segmentation fault" } },
};

/* Seen by those that look at the damage, once no watcher ends the run before there is any. */
static const struct knocked unwatched[] = {
	{ "table-free:A", "linux-6.15", { "points_to_table", "spin_is_locked" } },
	{ "pte-lock", "linux-6.15", { "counted", "references", "leaked", "mm_counter_sum" } },
	{ "vma-seq:B", "linux-6.4", { "under its reader" } },
	{ "vma-seq:B", "linux-6.15", { "under its reader" } },
	{ "vma-lock:writer-wait", "linux-6.15", { "under its reader", "points_to_table" } },
};

static bool storms(void *arg)
{
	const struct attempt *attempt = arg;
	const struct knocked *knocked = attempt->knocked;
	struct mm_policy policy;
	struct storm storm;
	char why[256] = "";

	if (policy_parse(knocked->policy, &policy, why, sizeof(why)) ||
	    (knocked->knockout && knockout_enable(knocked->knockout))) {
		fprintf(stderr, "%s: no such policy or knock-out", why);
		return false;
	}
	watcher_switch("shadow", attempt->watched);
	watcher_switch("ages", attempt->watched);
	storm = storm_default(&policy);
	storm.noise = 300;
	for (unsigned int i = 0; i < (knocked->knockout ? STORMS : CLEAN_STORMS); i++) {
		storm.seed = attempt->first_seed + i;
		if (storm_run(&storm, why, sizeof(why)))
			continue;
		fprintf(stderr, "%s", why);
		return false;
	}
	return true;
}

static bool seen(const struct knocked *knocked, const char *said)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(knocked->seen) && knocked->seen[i]; i++)
		if (strstr(said, knocked->seen[i]))
			return true;
	return FAULTLINE_PLAIN_ALLOC && strstr(said, "Sanitizer");
}

/* What is broken may crash before the check that is meant gets to see it: then other storms are tried. */
static void is_seen(const struct knocked *knocked, bool watched)
{
	char said[2048];

	for (unsigned int i = 0; i < TRIES; i++) {
		struct attempt attempt = { knocked, 1 + i * STORMS, watched };

		if (child_ends_well(storms, &attempt, said, sizeof(said)))
			fail_msg("%s under %s was not seen in %d storms", knocked->knockout, knocked->policy, STORMS);
		if (seen(knocked, said))
			return;
	}
	fail_msg("%s under %s was seen, but by another check: %s", knocked->knockout, knocked->policy, said);
}

/* Row: M4. */
static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		is_seen(&cases[i], true);
}

static void damage_is_seen_too(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(unwatched); i++)
		is_seen(&unwatched[i], false);
}

static void nothing_left_out_nothing_seen(void **state)
{
	static const char *const policies[] = { "linux-6.4", "linux-6.15", "linux-6.15,tables=shootdown",
						"linux-6.15,anon=32k" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct knocked clean = { .policy = policies[i] };
		struct attempt attempt = { &clean, 1, true };
		char said[2048];

		if (!child_ends_well(storms, &attempt, said, sizeof(said)))
			fail_msg("%s: %s", policies[i], said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(damage_is_seen_too),
		cmocka_unit_test(nothing_left_out_nothing_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
