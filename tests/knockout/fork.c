/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.c - storms of forks with one thing left out: the check that should see it does, and without the knock-out none complains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/child.h"
#include "tests/lib/family.h"
#include "tests/lib/fork_storm.h"

#define STORMS		100	/* seeds tried at the most; all are seen in the first few */
#define CLEAN_STORMS	10

struct knocked {
	const char *knockout, *policy, *seen;
};

static const struct knocked cases[] = {
	{ "fork:vma-lock", "linux-6.4", "a child of no moment" },
	{ "fork:vma-lock", "linux-6.15", "a child of no moment" },
	{ "fork:wrprotect", "linux-2.6.14", "is not exclusive" },
	{ "fork:wrprotect", "linux-6.15", "is not exclusive" },
	{ "fork:wrprotect", "linux-6.15,thp=always", "is not exclusive" },
};

static bool storms(void *arg)
{
	const struct knocked *knocked = arg;
	struct mm_policy policy = world_policy(knocked->policy);
	struct fork_storm storm = fork_storm_default(&policy);
	struct fork_storm_met met;
	char why[256] = "";

	if (knocked->knockout && knockout_enable(knocked->knockout)) {
		fprintf(stderr, "no such knock-out");
		return false;
	}
	storm.noise = 300;
	storm.changers = 0;
	storm.forks = 50;
	for (storm.seed = 1; storm.seed <= (knocked->knockout ? STORMS : CLEAN_STORMS); storm.seed++) {
		if (fork_storm_run(&storm, &met, why, sizeof(why)))
			continue;
		fprintf(stderr, "%s", why);
		return false;
	}
	return true;
}

/* A child with a page, looked at once it is there. */
static bool child_at_rest(void *arg)
{
	struct mm_struct *family[2];
	char why[256] = "";
	bool good;

	world_start(1024, 0);
	if (arg && knockout_enable(arg))
		return true;
	family[0] = world_mm("linux-6.15");
	map_at(family[0], AREA, PAGE_SIZE, READ_WRITE);
	write_at(family[0], AREA);
	family[1] = fork_mm(family[0]);
	good = oracle_at_rest(family, 2, why, sizeof(why));
	fprintf(stderr, "%s", why);
	return good;
}

/* Step by step: no storm is needed for what shows at once. */
static void a_child_that_no_walk_finds_is_seen(void **state)
{
	char knockout[] = "fork:anon-vma", said[2048];

	(void)state;
	assert_true(child_ends_well(child_at_rest, NULL, said, sizeof(said)));
	assert_false(child_ends_well(child_at_rest, knockout, said, sizeof(said)));
	if (!strstr(said, "walk") && !strstr(said, "anon_vma"))
		fail_msg("fork:anon-vma was seen, but by another check: %s", said);
}

static void every_knockout_is_seen(void **state)
{
	char said[2048];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct knocked knocked = cases[i];

		if (child_ends_well(storms, &knocked, said, sizeof(said)))
			fail_msg("%s under %s was not seen in %d storms", knocked.knockout, knocked.policy, STORMS);
		if (!strstr(said, knocked.seen) && !(FAULTLINE_PLAIN_ALLOC && strstr(said, "Sanitizer")))
			fail_msg("%s under %s was seen, but by another check: %s", knocked.knockout, knocked.policy, said);
	}
}

static void nothing_left_out_nothing_seen(void **state)
{
	static const char *const policies[] = { "linux-2.6.14", "linux-6.4", "linux-6.15", "linux-6.4,thp=always" };
	char said[2048];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct knocked clean = { NULL, policies[i], NULL };

		if (!child_ends_well(storms, &clean, said, sizeof(said)))
			fail_msg("%s: %s", policies[i], said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_that_no_walk_finds_is_seen),
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_left_out_nothing_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
