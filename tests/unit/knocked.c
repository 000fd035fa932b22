/* SPDX-License-Identifier: GPL-2.0-or-later */
/* knocked.c - what tests of knock-outs take for seen, and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/base/assert.h"
#include "core/base/syncpoint.h"
#include "tests/lib/dies.h"
#include "tests/lib/knocked.h"

/* What is left out here is nobody's lock. */
static const struct knocked knocked = { "pte-lock", { "the one", "the other" } };

/* Says what the scene is, or dies of it, if something is left out. */
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

static bool is_left_out(const struct attempt *attempt)
{
	return KNOCKED_OUT(PTE_LOCK) == attempt->knocked;
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

static void it_is_left_out_in_the_child_alone(void **state)
{
	(void)state;
	needs_checks();
	assert_true(clean_is_quiet(is_left_out, NULL));
	assert_false(knocked_is_seen(&knocked, is_left_out, NULL, 1));	/* all went well: it was left out */
	assert_false(KNOCKED_OUT(PTE_LOCK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_is_seen),
		cmocka_unit_test(nothing_or_something_else_is_not),
		cmocka_unit_test(without_knockout_nothing_may_be_said),
		cmocka_unit_test(it_is_tried_again_with_other_seeds),
		cmocka_unit_test(it_is_left_out_in_the_child_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
