/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse.c - storms of pages that are put into a huge page, with one thing left out: the oracle that should see it does, and without
 * the knock-out none complains. Then tables of files that are taken away from under those on the way into them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/child.h"
#include "tests/lib/pin_storm.h"
#include "tests/lib/retract_storm.h"
#include "tests/lib/world.h"

#define STORMS		400	/* seeds tried at the most; each is seen in the first few */
#define CLEAN_STORMS	10

#define WITH(role)	(1u << PIN_##role)

/* Words of the checks that may see it. */
struct knocked {
	const char *knockout;
	const char *seen[3];
	unsigned int roles;		/* bits of those that are in it */
};

static const struct knocked cases[] = {
	{ "collapse:refs", { "not mapped at its address" }, WITH(PINNER) | WITH(COLLAPSER) | WITH(ZAPPER) | WITH(WRITER) },
	{ "gup:pmd-recheck", { "not mapped at its address" }, WITH(PINNER) | WITH(COLLAPSER) | WITH(ZAPPER) | WITH(WRITER) },
	{ "collapse:vma-lock", { "pmd_none", "counted" }, WITH(COLLAPSER) | WITH(ZAPPER) | WITH(WRITER) },
};

static bool storms(void *arg)
{
	const struct knocked *knocked = arg;
	struct mm_policy policy = world_policy("linux-6.15");
	struct pin_storm storm = pin_storm_default(&policy);
	char why[256] = "";

	if (knocked->knockout && knockout_enable(knocked->knockout))
		return false;
	for (unsigned int role = 0; role < NR_PIN_ROLES; role++)
		storm.threads[role] = knocked->roles & 1u << role ? role == PIN_PINNER || role == PIN_WRITER ? 2 : 1 : 0;
	storm.noise = 200;
	storm.pages = 4;
	storm.rounds = 150;
	for (unsigned int i = 0; i < (knocked->knockout ? STORMS : CLEAN_STORMS); i++) {
		storm.seed = test_seed() + i;
		if (pin_storm_run(&storm, why, sizeof(why)))
			continue;
		fprintf(stderr, "%s", why);
		return false;
	}
	return true;
}

static bool retract_storms(void *knockout)
{
	char why[256] = "";

	if (knockout && knockout_enable(knockout))
		return false;
	for (unsigned int i = 0; i < (knockout ? STORMS : CLEAN_STORMS); i++) {
		struct retract_storm storm = {
			.policy = world_policy("linux-6.15"), .threads = 4, .rounds = 300, .noise = 200, .seed = test_seed() + i,
		};

		if (retract_storm_run(&storm, why, sizeof(why)))
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

static void every_knockout_is_seen(void **state)
{
	char said[2048];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct knocked knocked = cases[i];

		if (child_ends_well(storms, &knocked, said, sizeof(said)))
			fail_msg("%s was not seen in %d storms", knocked.knockout, STORMS);
		if (!seen(&knocked, said))
			fail_msg("%s was seen, but by another check: %s", knocked.knockout, said);
		print_message("%s: %s\n", knocked.knockout, said);
	}
}

static void nothing_left_out_nothing_seen(void **state)
{
	char said[2048];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct knocked clean = { NULL, { NULL }, cases[i].roles };

		if (!child_ends_well(storms, &clean, said, sizeof(said)))
			fail_msg("%s", said);
	}
}

/* Rows: L1, L2 */
static void a_guard_in_a_table_that_is_gone_is_seen(void **state)
{
	char said[2048], name[] = "pte-map:recheck";

	(void)state;
	if (!child_ends_well(retract_storms, NULL, said, sizeof(said)))
		fail_msg("%s", said);
	assert_false(child_ends_well(retract_storms, name, said, sizeof(said)));
	if (!strstr(said, "the guard at"))
		fail_msg("%s was seen, but by another check: %s", name, said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_left_out_nothing_seen),
		cmocka_unit_test(a_guard_in_a_table_that_is_gone_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
