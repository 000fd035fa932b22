/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras.c - steps from policy to policy in results that were made up: factors, intervals, what is noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "bench/data/eras.h"
#include "core/faultline.h"

/*
 * Three policies with 2 threads: the second twice as fast as the first, the third as fast as it; then one policy alone.
 */
static const struct {
	const char *name;
	double rates[3];
} made[] = {
	{ "fault/policy:linux-2.6.14/threads:2", { 90, 100, 110 } },
	{ "fault/policy:linux-6.15/threads:2", { 190, 201, 215 } },
	{ "fault/policy:linux-6.4/threads:2", { 180, 200, 220 } },
	{ "walk/policy:linux-2.6.14/threads:1", { 7, 7, 7 } },
	{ "limit_lock/threads:1", { 5, 5, 5 } },
};

static struct results results;
static struct eras eras;

/* Three repetitions of each benchmark; NULL ends @names. */
static struct results results_of(const char *const *names, const double (*rates)[3])
{
	json_t *rows = json_array(), *root = json_pack("{s:{}, s:o}", "context", "benchmarks", rows);
	struct results taken;
	char why[512];

	for (size_t i = 0; names[i]; i++)
		for (size_t r = 0; r < 3; r++)
			json_array_append_new(rows, json_pack("{s:s, s:s, s:f}", "run_name", names[i], "run_type",
							      "iteration", "items_per_second", rates[i][r]));
	if (results_take_root("made", root, &taken, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(root);
	return taken;
}

static int make(void **state)
{
	const char *names[ARRAY_SIZE(made) + 1] = { NULL };
	double rates[ARRAY_SIZE(made)][3];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		names[i] = made[i].name;
		memcpy(rates[i], made[i].rates, sizeof(rates[i]));
	}
	results = results_of(names, rates);
	eras = eras_of(&results);
	return 0;
}

static int forget(void **state)
{
	(void)state;
	results_free(&results);
	return 0;
}

static void test_steps_are_taken_in_the_order_of_history(void **state)
{
	(void)state;
	assert_int_equal(eras.nr_policies, 3);
	assert_string_equal(eras.policies[0], "linux-2.6.14");
	assert_string_equal(eras.policies[1], "linux-6.4");
	assert_string_equal(eras.policies[2], "linux-6.15");
}

static void test_a_step_is_distinguished_from_noise(void **state)
{
	const struct result *row = eras_row(&eras, 0);
	struct era_step step;

	(void)state;
	assert_non_null(row);
	assert_int_equal(eras.nr_steps, 2);
	assert_float_equal(eras.chance, 0.00107097, 1e-7);
	assert_true(eras_step(&eras, row, 0, &step));
	assert_float_equal(step.factor, 2, 1e-9);
	assert_float_equal(step.low, 1.592963, 1e-6);
	assert_float_equal(step.high, 2.511043, 1e-6);
	assert_float_equal(step.p, 0.00107097, 1e-7);
	assert_false(step.noise);
	assert_true(eras_step(&eras, row, 1, &step));
	assert_float_equal(step.factor, 1.012094, 1e-6);
	assert_true(step.noise);
	assert_true(eras_whole(&eras, row, &step));
	assert_float_equal(step.factor, 2.024189, 1e-6);
	assert_false(eras_step(&eras, row, 2, &step));
}

static void test_what_was_not_measured_is_no_step(void **state)
{
	const struct result *row = eras_row(&eras, 1);
	struct era_step step;

	(void)state;
	assert_non_null(row);
	assert_string_equal(row->workload, "walk");
	assert_false(eras_step(&eras, row, 0, &step));
	assert_false(eras_whole(&eras, row, &step));
	assert_null(eras_row(&eras, 2));
}

/* Policies that are no release, or a newer one, come in wherever they are measured: the base is the oldest release. */
static void test_the_base_is_the_oldest_release(void **state)
{
	static const char *const names[] = {
		"fault/policy:aged/threads:2",	      "fault/policy:linux-2.6.14,spin=futex/threads:2",
		"fault/policy:linux-6.15/threads:2",  "fault/policy:linux-99.1/threads:2",
		"fault/policy:linux-2.4.0/threads:2", NULL,
	};
	static const double rates[][3] = { { 1, 1, 1 }, { 2, 2, 2 }, { 4, 4, 4 }, { 8, 8, 8 }, { 16, 16, 16 } };
	struct results found = results_of(names, rates);
	struct eras history = eras_of(&found);
	struct era_step step;

	(void)state;
	assert_int_equal(history.nr_policies, 5);
	assert_int_equal(history.nr_history, 3);
	assert_string_equal(history.policies[0], "linux-2.4.0");
	assert_string_equal(history.policies[eras_last(&history)], "linux-99.1");
	assert_true(eras_whole(&history, eras_row(&history, 0), &step));
	assert_float_equal(step.factor, 0.5, 1e-9);
	results_free(&found);
}

static void test_every_preset_has_its_news(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_policy_presets; i++)
		if (!*era_news(policy_presets[i].name))
			fail_msg("no row of %s", policy_presets[i].name);
	assert_string_equal(era_news("fly"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_are_taken_in_the_order_of_history),
		cmocka_unit_test(test_a_step_is_distinguished_from_noise),
		cmocka_unit_test(test_what_was_not_measured_is_no_step),
		cmocka_unit_test(test_the_base_is_the_oldest_release),
		cmocka_unit_test(test_every_preset_has_its_news),
	};

	return cmocka_run_group_tests(tests, make, forget);
}
