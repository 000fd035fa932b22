/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.c - storms of forks with a knock-out: the named detector fires, and none fires without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/harness/knocked.h"
#include "tests/lib/scene/family.h"
#include "tests/lib/storm/fork_storm.h"

#define STORMS		100	/* maximum of seeds tried; all are detected within the first few */
#define CLEAN_STORMS	10

static const struct {
	struct knocked knocked;
	const char *policy;
} cases[] = {
	{ { "fork:vma-lock", { "a child of no moment" } }, "linux-6.4" },
	{ { "fork:vma-lock", { "a child of no moment" } }, "linux-6.15" },
	{ { "fork:wrprotect", { "is not exclusive" } }, "linux-2.6.14" },
	{ { "fork:wrprotect", { "is not exclusive" } }, "linux-6.15" },
	{ { "fork:wrprotect", { "is not exclusive" } }, "linux-6.15,thp=always" },
};

static bool storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	struct mm_policy policy = world_policy(attempt->scene);
	struct fork_storm storm = fork_storm_default(&policy);
	struct fork_storm_met met;

	storm.noise = 300;
	storm.changers = 0;
	storm.forks = 50;
	storm.seed = seed;
	return fork_storm_run(&storm, &met, why, why_size);
}

static bool storms(const struct attempt *attempt)
{
	return storms_hold(attempt, storm, STORMS, CLEAN_STORMS);
}

/* A child with a page, checked once it exists. */
static bool child_at_rest(const struct attempt *attempt)
{
	struct mm_struct *family[2];

	(void)attempt;
	world_start(1024, 0);
	family[0] = world_mm("linux-6.15");
	map_at(family[0], AREA, PAGE_SIZE, READ_WRITE);
	write_at(family[0], AREA);
	family[1] = fork_mm(family[0]);
	return rests(family, 2);
}

/* Step by step: these show at once, without a storm. */
static void a_child_that_no_walk_finds_is_seen(void **state)
{
	(void)state;
	assert_true(only_knocked_is_seen(&(struct knocked){ "fork:anon-vma", { "walk", "anon_vma" } }, child_at_rest,
					 NULL));
}

static void every_knockout_is_seen(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(knocked_is_seen(&cases[i].knocked, storms, cases[i].policy, 1));
}

static void nothing_disabled_nothing_detected(void **state)
{
	static const char *const policies[] = { "linux-2.6.14", "linux-6.4", "linux-6.15", "linux-6.4,thp=always" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		assert_true(clean_is_quiet(storms, policies[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_that_no_walk_finds_is_seen),
		cmocka_unit_test(every_knockout_is_seen),
		cmocka_unit_test(nothing_disabled_nothing_detected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
