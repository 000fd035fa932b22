/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statistics.c - against values computed elsewhere: intervals by the binomial distribution, Yuen's test, corrected
 * probabilities.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench/data/statistics.h"
#include "core/faultline.h"

#define CLOSE	1e-4

static void medians_and_quantiles(void **state)
{
	const double sorted[] = { 1, 2, 4, 8, 16 };

	(void)state;
	assert_float_equal(median_of(sorted, 5), 4, 0);
	assert_float_equal(median_of(sorted, 4), 3, 0);
	assert_float_equal(median_of(sorted, 0), 0, 0);
	assert_float_equal(quantile_of(sorted, 5, 0), 1, 0);
	assert_float_equal(quantile_of(sorted, 5, 0.4), 2, 0);
	assert_float_equal(quantile_of(sorted, 5, 0.95), 16, 0);
	assert_float_equal(quantile_of(sorted, 0, 0.95), 0, 0);
}

/* Ranks and coverage from the table of the sign test. */
static void intervals_are_ranks(void **state)
{
	static const struct {
		unsigned int nr, low;
		double covers;
	} table[] = {
		{ 1, 0, 0 }, { 2, 0, 0.5 }, { 5, 0, 0.9375 }, { 6, 0, 0.96875 }, { 8, 0, 0.9921875 },
		  { 9, 1, 0.9609375 },
		{ 10, 1, 0.978515625 }, { 20, 5, 0.958610534668 }, { 25, 7, 0.956714749336 },
	};
	double sorted[32], low, high;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sorted); i++)
		sorted[i] = i;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		assert_float_equal(median_interval(sorted, table[i].nr, &low, &high), table[i].covers, 1e-9);
		assert_float_equal(low, table[i].low, 0);
		assert_float_equal(high, table[i].nr - 1 - table[i].low, 0);
	}
}

static void expect(struct difference found, double estimate, double low, double high, double p)
{
	assert_float_equal(found.estimate, estimate, CLOSE);
	assert_float_equal(found.low, low, CLOSE);
	assert_float_equal(found.high, high, CLOSE);
	assert_float_equal(found.p, p, CLOSE);
}

static void samples_differ(void **state)
{
	const double a[] = { 1, 2, 3, 4 }, b[] = { 8, 2, 6, 4 };
	const double with_tail[] = { 10, 50, 11, 12, 13 }, above[] = { 14, 15, 3, 16, 17 };

	(void)state;
	expect(differ(a, 4, b, 4), 2.5, -1.36417, 6.36417, 0.151581);
	expect(differ(b, 4, a, 4), -2.5, -6.36417, 1.36417, 0.151581);
	expect(differ(with_tail, 5, above, 5), 3, -0.205963, 6.205963, 0.0601698);
	assert_float_equal(differ(a, 4, a, 4).p, 1, 0);
	assert_float_equal(differ(a, 1, b, 4).p, 1, 0);
}

static void pairs_differ(void **state)
{
	const double zeros[3] = { 0 }, apart[] = { 1, 2, 1.5, 0.5, 1, 9, -4, 1.2, 0.8, 1.1 }, same[] = { 3, 3, 3 };

	(void)state;
	expect(differ_in_pairs(apart, 10), 1.1, 0.686570, 1.513430, 0.00101984);
	assert_float_equal(differ_in_pairs(same, 3).p, 0, 0);
	assert_float_equal(differ_in_pairs(zeros, 3).p, 1, 0);
	assert_float_equal(differ_in_pairs(apart, 1).p, 1, 0);
}

static void many_are_corrected(void **state)
{
	double even[] = { 0.01, 0.05, 0.03, 0.02, 0.04 }, one[] = { 0.5, 0.005, 0.1 }, none[] = { 0.9, 0.8 };

	(void)state;
	correct_for_many(even, 5);
	for (int i = 0; i < 5; i++)
		assert_float_equal(even[i], 0.05, 1e-12);
	correct_for_many(one, 3);
	assert_float_equal(one[0], 0.5, 1e-12);
	assert_float_equal(one[1], 0.015, 1e-12);
	assert_float_equal(one[2], 0.15, 1e-12);
	correct_for_many(none, 2);
	assert_float_equal(none[1], 0.9, 1e-12);
}

/* Every other value: 1, 4, 2 and 8, 8; the logarithm of 4 over the root of 2. */
static void halves_are_interleaved(void **state)
{
	const double in_turn[] = { 1, 8, 4, 8, 2 };

	(void)state;
	assert_float_equal(halves_differ(in_turn, 5), 0.980258143, 1e-9);
	assert_float_equal(halves_differ(in_turn, 1), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medians_and_quantiles), cmocka_unit_test(intervals_are_ranks),
		cmocka_unit_test(samples_differ),	 cmocka_unit_test(pairs_differ),
		cmocka_unit_test(many_are_corrected),	 cmocka_unit_test(halves_are_interleaved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
