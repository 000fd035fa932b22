/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras.c - steps from policy to policy in results that were made up: factors, intervals, what is noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/eras.h"
#include "core/faultline.h"

/* Three policies with 2 threads: the second twice as fast as the first, the third as fast as it; then one policy alone. */
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

static int make(void **state)
{
	char path[] = "/tmp/faultline-eras-XXXXXX", why[512];
	FILE *out = fdopen(mkstemp(path), "w");
	const char *before = "";

	(void)state;
	assert_non_null(out);
	fputs("{\"context\": {}, \"benchmarks\": [", out);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		for (size_t r = 0; r < ARRAY_SIZE(made[i].rates); r++) {
			fprintf(out, "%s{\"run_name\": \"%s\", \"run_type\": \"iteration\", \"items_per_second\": %g}",
				before, made[i].name, made[i].rates[r]);
			before = ",";
		}
	fputs("]}", out);
	fclose(out);
	if (results_load(path, &results, why, sizeof(why)))
		fail_msg("%s", why);
	unlink(path);
	eras = eras_of(&results);
	return 0;
}

static int forget(void **state)
{
	(void)state;
	results_free(&results);
	return 0;
}

static void test_steps_are_taken_in_the_order_of_presets(void **state)
{
	(void)state;
	assert_int_equal(eras.nr_policies, 3);
	assert_string_equal(eras.policies[0], "linux-2.6.14");
	assert_string_equal(eras.policies[1], "linux-6.4");
	assert_string_equal(eras.policies[2], "linux-6.15");
}

static void test_a_step_is_told_from_noise(void **state)
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

static void test_every_preset_has_its_news(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_policy_presets; i++)
		if (!*era_news(policy_presets[i].name))
			fail_msg("nothing is told of %s", policy_presets[i].name);
	assert_string_equal(era_news("fly"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_are_taken_in_the_order_of_presets),
		cmocka_unit_test(test_a_step_is_told_from_noise),
		cmocka_unit_test(test_what_was_not_measured_is_no_step),
		cmocka_unit_test(test_every_preset_has_its_news),
	};

	return cmocka_run_group_tests(tests, make, forget);
}
