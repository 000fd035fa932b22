/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * anon_vma: a reader that comes from a folio too late, with a knock-out of the protocol. Always, in one step-by-step
 * run: the named check fires. Always, in a storm of processes that fork, exit and are looked up: the same checks, at
 * once. With nothing disabled: never (for the storm: race.anon_vma).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/scene/anon_vma_steps.h"

#define TYPESAFE	"linux-6.15"
#define CALL_RCU	"linux-6.15,anon_vma=call_rcu"

#define NOT_ITS	"is not what the folio was mapped through"

/* The message of the detector; a sanitizer may be the first to detect a read of freed memory. */
static const struct {
	struct knocked knocked;
	struct anon_vma_step step;
} cases[] = {
	{ { "anon-ref:A", { "is_poison" } }, { CALL_RCU, .point = "anon_vma.looked", .event = DIES } },
	{ { "anon-ref:first", { "is_poison" } }, { CALL_RCU, .point = NULL, .event = DIES } },
	/* a lock taken of an anon_vma that is dead or reused */
	{ { "anon-ref:B", { NOT_ITS } }, { TYPESAFE, .point = "anon_vma.looked", .event = DIES } },
	{ { "anon-ref:B", { NOT_ITS } }, { TYPESAFE, .point = "anon_vma.looked", .event = REBORN } },
	{ { "anon-ref:B", { NOT_ITS } }, { CALL_RCU, .point = "anon_vma.looked", .event = DIES } },
	{ { "anon-ref:B", { "has no VMA" } }, { TYPESAFE, .locked = true, .point = "anon_vma.before_lock",
	    .event = DIES } },
	/* a reference to another */
	{ { "anon-ref:B", { NOT_ITS } }, { TYPESAFE, .by_ref = true, .point = "anon_vma.looked", .event = REBORN } },
	{ { "anon-ref:moved", { NOT_ITS } }, { TYPESAFE, .point = "anon_vma.looked", .event = MOVES } },
	{ { "anon-ref:not-zero", { "detector: lives" } }, { TYPESAFE, .by_ref = true, .point = "anon_vma.looked",
	    .event = DIES } },
	{ { "anon-ref:not-zero", { "detector: lives" } }, { CALL_RCU, .by_ref = true, .point = "anon_vma.looked",
	    .event = DIES } },
};

static bool play(const struct attempt *attempt)
{
	world_start(16384, 0);
	anon_vma_step_play(attempt->scene);
	knockout_clear();
	return world_stop();
}

/* Row: A2. */
static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(knocked_damage_is_seen(&cases[i].knocked, play, &cases[i].step, 1));
}

static void nothing_disabled_nothing_detected(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(clean_is_quiet(play, &cases[i].step));
}

/* ---- the same without steps ---- */

/* anon-ref:moved is in no storm: write faults move folios within their family, whose anon_vmas outlive the move. */
static const struct {
	struct knocked knocked;
	const char *policy;
	bool damage;			/* a crash or an assertion shows it, no detector fires before */
} storms[] = {
	{ { "anon-ref:A", { "object age" } }, CALL_RCU, false },
	{ { "anon-ref:A", { "is_poison", "Segmentation fault" } }, CALL_RCU, true },
	{ { "anon-ref:B", { "anon_vma", "Segmentation fault" } }, TYPESAFE, true },
	{ { "anon-ref:B", { "anon_vma", "Segmentation fault" } }, CALL_RCU, true },
	{ { "anon-ref:not-zero", { "anon_vma", "Segmentation fault" } }, TYPESAFE, true },
};

static bool churn(const struct attempt *attempt)
{
	struct crew crew = {
		.run = {
			.workload = workload_find("anon_vma_churn"), .policy = world_policy(attempt->scene),
			.threads = 4, .seed = test_seed(),
		},
		.ops = 20000,	/* minutes; the first few are enough */
	};

	world_start(1ul << 17, 0);
	syncpoint_noise(50);
	return !run_workload(&crew) && world_stop();
}

static void storms_see_them_too(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(storms); i++)
		assert_true((storms[i].damage ? knocked_damage_is_seen : knocked_is_seen)(&storms[i].knocked, churn,
											  storms[i].policy, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_disabled_nothing_detected),
		cmocka_unit_test(storms_see_them_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
