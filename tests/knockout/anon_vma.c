/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma: a reader that comes from a folio too late, with a part of the protocol left out. Always, in one step-by-step run: the
 * check that is named sees it. Always, among processes that fork, exit and are looked for: the same checks, in no time. Nothing
 * left out: never (of the storm: race.anon_vma).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cpu.h"
#include "core/base/syncpoint.h"
#include "tests/lib/anon_vma_steps.h"
#include "tests/lib/child.h"
#include "tests/lib/crew.h"

#define TYPESAFE	"linux-6.15"
#define CALL_RCU	"linux-6.15,anon_vma=call_rcu"

/* What must be said by who sees it; a sanitizer may be first to see what reads freed memory. */
static const struct knocked {
	const char *knockout;
	struct anon_vma_step step;
	const char *seen;
} cases[] = {
	{ "anon-ref:A", { CALL_RCU, .point = "anon_vma.looked", .event = DIES }, "is_poison" },
	{ "anon-ref:first", { CALL_RCU, .point = NULL, .event = DIES }, "is_poison" },
	/* a lock taken of one that is dead, or that is another by now */
	{ "anon-ref:B", { TYPESAFE, .point = "anon_vma.looked", .event = DIES }, "is not what the folio was mapped through" },
	{ "anon-ref:B", { TYPESAFE, .point = "anon_vma.looked", .event = REBORN }, "is not what the folio was mapped through" },
	{ "anon-ref:B", { CALL_RCU, .point = "anon_vma.looked", .event = DIES }, "is not what the folio was mapped through" },
	{ "anon-ref:B", { TYPESAFE, .locked = true, .point = "anon_vma.before_lock", .event = DIES }, "has no VMA" },
	/* a reference to another */
	{ "anon-ref:B", { TYPESAFE, .by_ref = true, .point = "anon_vma.looked", .event = REBORN },
	  "is not what the folio was mapped through" },
	{ "anon-ref:moved", { TYPESAFE, .point = "anon_vma.looked", .event = MOVES }, "is not what the folio was mapped through" },
	{ "anon-ref:not-zero", { TYPESAFE, .by_ref = true, .point = "anon_vma.looked", .event = DIES }, "freed twice" },
	{ "anon-ref:not-zero", { CALL_RCU, .by_ref = true, .point = "anon_vma.looked", .event = DIES }, "freed twice" },
};

static bool play(void *arg)
{
	const struct knocked *knocked = arg;

	world_start(16384, 0);
	if (knocked->knockout && knockout_enable(knocked->knockout))
		return false;
	anon_vma_step_play(&knocked->step);
	knockout_clear();
	return world_stop();
}

/* Row: A2. */
static void every_knockout_is_seen(void **state)
{
	char said[4096];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct knocked knocked = cases[i];

		if (child_ends_well(play, &knocked, said, sizeof(said)))
			fail_msg("case %u: %s was not seen", i, knocked.knockout);
		if (!strstr(said, knocked.seen) && !(FAULTLINE_PLAIN_ALLOC && strstr(said, "Sanitizer")))
			fail_msg("case %u: %s was seen, but by another check: %s", i, knocked.knockout, said);
	}
}

static void nothing_left_out_nothing_seen(void **state)
{
	char said[4096];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct knocked clean = { NULL, cases[i].step, NULL };

		if (!child_ends_well(play, &clean, said, sizeof(said)))
			fail_msg("case %u: %s", i, said);
	}
}

/* ---- the same without steps ---- */

/* anon-ref:moved is in no storm: write faults move folios within their family, whose anon_vmas outlive the move. */
static const struct stormy {
	const char *knockout, *policy, *seen;
} storms[] = {
	{ "anon-ref:A", CALL_RCU, "is_poison" },
	{ "anon-ref:B", TYPESAFE, "anon_vma" },
	{ "anon-ref:B", CALL_RCU, "anon_vma" },
	{ "anon-ref:not-zero", TYPESAFE, "anon_vma" },
};

static bool churn(void *arg)
{
	const struct stormy *stormy = arg;
	struct crew crew = {
		.run = {
			.workload = workload_find("anon_vma_churn"), .policy = world_policy(stormy->policy), .threads = 4,
			.seed = test_seed(),
		},
		.ops = 20000,	/* minutes; the first few are enough */
	};

	world_start(1ul << 17, 0);
	if (knockout_enable(stormy->knockout))
		return false;
	syncpoint_noise(50);
	return !run_workload(&crew) && world_stop();
}

static void storms_see_them_too(void **state)
{
	char said[4096];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(storms); i++) {
		struct stormy stormy = storms[i];

		if (child_ends_well(churn, &stormy, said, sizeof(said)))
			fail_msg("%s was not seen", stormy.knockout);
		if (!strstr(said, stormy.seen) && !(FAULTLINE_PLAIN_ALLOC && strstr(said, "Sanitizer")) &&
		    !strstr(said, "Segmentation fault"))
			fail_msg("%s was seen, but by another check: %s", stormy.knockout, said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_left_out_nothing_seen),
		cmocka_unit_test(storms_see_them_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
