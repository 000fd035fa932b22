/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse.c - storms of pages that are put into a huge page, with a knock-out: the named detector fires, and none
 * fires without the knock-out. Then tables of file mappings are freed under threads that walk into them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/storm/pin_storm.h"
#include "tests/lib/storm/retract_storm.h"

#define STORMS		400	/* maximum of seeds tried; each is detected within the first few */
#define CLEAN_STORMS	10

#define WITH(role)	(1u << PIN_##role)

static const struct {
	struct knocked knocked;
	unsigned int roles;		/* bits of the roles that take part */
} cases[] = {
	{ { "collapse:refs", { "not mapped at its address" } },
	  WITH(PINNER) | WITH(COLLAPSER) | WITH(ZAPPER) | WITH(WRITER) },
	{ { "gup:pmd-recheck", { "not mapped at its address" } },
	  WITH(PINNER) | WITH(COLLAPSER) | WITH(ZAPPER) | WITH(WRITER) },
	{ { "collapse:vma-lock", { "pmd_none", "counted" } }, WITH(COLLAPSER) | WITH(ZAPPER) | WITH(WRITER) },
};

static bool storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	unsigned int roles = *(const unsigned int *)attempt->scene;
	struct mm_policy policy = world_policy("linux-6.15");
	struct pin_storm storm = pin_storm_default(&policy);

	for (unsigned int role = 0; role < NR_PIN_ROLES; role++)
		storm.threads[role] = roles & 1u << role ? role == PIN_PINNER || role == PIN_WRITER ? 2 : 1 : 0;
	storm.noise = 200;
	storm.pages = 4;
	storm.rounds = 150;
	storm.seed = seed;
	return pin_storm_run(&storm, why, why_size);
}

static bool storms(const struct attempt *attempt)
{
	return storms_hold(attempt, storm, STORMS, CLEAN_STORMS);
}

static bool retract_storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	struct retract_storm storm = {
		.policy = world_policy("linux-6.15"), .threads = 4, .rounds = 300, .noise = 200, .seed = seed,
	};

	(void)attempt;
	return retract_storm_run(&storm, why, why_size);
}

static bool retract_storms(const struct attempt *attempt)
{
	return storms_hold(attempt, retract_storm, STORMS, CLEAN_STORMS);
}

static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(knocked_is_seen(&cases[i].knocked, storms, &cases[i].roles, 1));
}

static void nothing_disabled_nothing_detected(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(clean_is_quiet(storms, &cases[i].roles));
}

/* Rows: L1, L2 */
static void a_guard_in_a_table_that_is_gone_is_seen(void **state)
{
	(void)state;
	assert_true(
		only_knocked_is_seen(&(struct knocked){ "pte-map:recheck", { "the guard at" } }, retract_storms, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_disabled_nothing_detected),
		cmocka_unit_test(a_guard_in_a_table_that_is_gone_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
