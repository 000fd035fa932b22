/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knocked.c - what tests of knock-outs take for seen, and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/base/assert.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/world.h"

/* It belongs to no lock. */
DEFINE_KNOCKOUT(TEST_KNOCKED,
	.name = "test:knocked",
	.removes = "nothing",
	.breaks = "nothing",
	.detected_by = "this test",
	.hunt = "test unit.knocked");

static const struct knocked knocked = { "test:knocked", { "the one", "the other" } };

/* Prints the scene, or dies of it, with a knock-out disabled. */
static bool complains(const struct attempt *attempt)
{
	if (attempt->knocked)
		fprintf(stderr, "%s", (const char *)attempt->scene);
	return !attempt->knocked;
}

static bool dies(const struct attempt *attempt)
{
	if (attempt->knocked)
		BUG("%s", (const char *)attempt->scene);
	return true;
}

static bool is_quiet(const struct attempt *attempt)
{
	(void)attempt;
	return true;
}

static bool is_never_quiet(const struct attempt *attempt)
{
	(void)attempt;
	return false;
}

/* The first attempt shows something else. */
static bool complains_later(const struct attempt *attempt)
{
	fprintf(stderr, attempt->nr ? "the one" : "something else");
	return false;
}

static bool is_disabled(const struct attempt *attempt)
{
	return KNOCKED_OUT(TEST_KNOCKED) == attempt->knocked;
}

static void what_is_said_is_seen(void **state)
{
	(void)state;
	needs_checks();
	assert_true(only_knocked_is_seen(&knocked, complains, "it was the one"));
	assert_true(only_knocked_is_seen(&knocked, complains, "or the other."));
	assert_true(only_knocked_is_seen(&knocked, dies, "the other"));
}

static void nothing_or_something_else_is_not(void **state)
{
	(void)state;
	needs_checks();
	assert_false(knocked_is_seen(&knocked, is_quiet, NULL, 4));
	assert_false(knocked_is_seen(&knocked, complains, "a third", 4));
	assert_false(knocked_is_seen(&knocked, dies, "a third", 4));
	assert_false(only_knocked_is_seen(&knocked, complains, "a third"));
	assert_false(knocked_is_seen(&(struct knocked){ "no such thing", { "the one" } }, complains, "the one", 1));
}

static void without_knockout_nothing_may_be_said(void **state)
{
	(void)state;
	needs_checks();
	assert_true(clean_is_quiet(is_quiet, NULL));
	assert_false(clean_is_quiet(is_never_quiet, NULL));
	assert_false(only_knocked_is_seen(&knocked, is_never_quiet, NULL));
}

static void it_is_tried_again_with_other_seeds(void **state)
{
	(void)state;
	needs_checks();
	assert_false(knocked_is_seen(&knocked, complains_later, NULL, 1));
	assert_true(knocked_is_seen(&knocked, complains_later, NULL, 2));
}

static void it_is_disabled_in_the_child_alone(void **state)
{
	(void)state;
	needs_checks();
	assert_true(clean_is_quiet(is_disabled, NULL));
	assert_false(knocked_is_seen(&knocked, is_disabled, NULL, 1));	/* all went well: it was disabled */
	assert_false(KNOCKED_OUT(TEST_KNOCKED));
}

/* ---- storms ---- */

/* Does not hold with the seed that the scene says. */
static bool storm(const struct attempt *attempt, uint64_t seed, char *why, size_t why_size)
{
	snprintf(why, why_size, "the one");
	return seed != *(const uint64_t *)attempt->scene;
}

static bool storms(const struct attempt *attempt)
{
	return storms_hold(attempt, storm, 10, 5);
}

static void storms_go_on_until_one_does_not_hold(void **state)
{
	const uint64_t first = test_seed(), last = first + 9, beyond = first + 10, last_clean = first + 4;

	(void)state;
	needs_checks();
	assert_true(knocked_is_seen(&knocked, storms, &first, 1));
	assert_true(knocked_is_seen(&knocked, storms, &last, 1));
	assert_false(knocked_is_seen(&knocked, storms, &beyond, 1));
	assert_true(clean_is_quiet(storms, &last));
	assert_false(clean_is_quiet(storms, &last_clean));
}

/* ---- steps ---- */

static bool world_is_up;

static int up(void **state)
{
	world_is_up = true;
	return world_up(state);
}

static bool steps(void)
{
	BUG_ON(!world_is_up);
	if (KNOCKED_OUT(TEST_KNOCKED))
		fprintf(stderr, "the other");
	return !KNOCKED_OUT(TEST_KNOCKED);
}

static bool steps_that_leak(void)
{
	world_mm("linux-6.15");
	return steps();
}

static void steps_have_a_world_of_their_own(void **state)
{
	(void)state;
	needs_checks();
	assert_true(only_knocked_steps_are_seen(&(struct knocked_steps){ knocked, steps }, up));
	assert_false(only_knocked_steps_are_seen(&(struct knocked_steps){ knocked, steps_that_leak }, up));
	assert_false(world_is_up);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_is_seen),
		cmocka_unit_test(nothing_or_something_else_is_not),
		cmocka_unit_test(without_knockout_nothing_may_be_said),
		cmocka_unit_test(it_is_tried_again_with_other_seeds),
		cmocka_unit_test(it_is_disabled_in_the_child_alone),
		cmocka_unit_test(storms_go_on_until_one_does_not_hold),
		cmocka_unit_test(steps_have_a_world_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
