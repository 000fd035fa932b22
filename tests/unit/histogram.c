/* SPDX-License-Identifier: GPL-2.0-or-later */
/* histogram.c - what a histogram says of values is what the values say themselves, within a bucket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/histogram.h"
#include "core/base/rng.h"

#define SAMPLES		20000
#define MOST_WRONG	0.03	/* of the value */

static struct histogram histogram, other;

static int setup(void **state)
{
	(void)state;
	histogram_reset(&histogram);
	histogram_reset(&other);
	return 0;
}

/* Every value is in one bucket, whose ends are apart by 1/64 of it at the most. */
static void buckets_are_narrow_and_in_order(void **state)
{
	struct rng rng;

	(void)state;
	for (unsigned int i = 1; i < NR_HISTOGRAM_BUCKETS; i++) {
		uint64_t first = histogram_bucket_end(i - 1) + 1, last = histogram_bucket_end(i);

		assert_true(first <= last);
		assert_true((last - first) * HISTOGRAM_STEPS <= first);
		assert_int_equal(histogram_bucket(first), i);
		assert_int_equal(histogram_bucket(last), i);
	}
	assert_int_equal(histogram_bucket(0), 0);
	assert_int_equal(histogram_bucket_end(NR_HISTOGRAM_BUCKETS - 1), (1ull << HISTOGRAM_BITS) - 1);
	rng_init(&rng, 1);
	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t value = rng_next(&rng) >> (64 - HISTOGRAM_BITS) >> rng_below(&rng, HISTOGRAM_BITS);

		assert_true(value <= histogram_bucket_end(histogram_bucket(value)));
	}
}

static int compare_values(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, another = *(const uint64_t *)b;

	return (one > another) - (one < another);
}

static void assert_quantiles(const uint64_t *sorted, unsigned int nr)
{
	static const double shares[] = { 0.001, 0.25, 0.5, 0.9, 0.99, 0.999 };

	for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
		uint64_t right = sorted[(unsigned int)(shares[i] * nr + 0.999999) - 1];
		uint64_t said = histogram_quantile(&histogram, shares[i]);

		assert_true(said >= right);
		assert_true((double)(said - right) <= MOST_WRONG * (double)right);
	}
	assert_int_equal(histogram_quantile(&histogram, 1), sorted[nr - 1]);
}

/* Values of all sizes, evenly over the powers of two; half of them counted elsewhere, and merged. */
static void quantiles_are_those_of_the_sorted_values(void **state)
{
	static uint64_t values[SAMPLES];
	struct rng rng;

	(void)state;
	for (unsigned int seed = 1; seed <= 5; seed++) {
		histogram_reset(&histogram);
		histogram_reset(&other);
		rng_init(&rng, seed);
		for (unsigned int i = 0; i < SAMPLES; i++) {
			values[i] = (rng_next(&rng) | 1ull << 63) >> (24 + rng_below(&rng, 40));
			histogram_add(i % 2 ? &other : &histogram, values[i], 1);
		}
		histogram_merge(&histogram, &other);
		assert_int_equal(histogram_total(&histogram), SAMPLES);
		qsort(values, SAMPLES, sizeof(*values), compare_values);
		assert_quantiles(values, SAMPLES);
	}
}

static void a_weight_is_so_many_values(void **state)
{
	(void)state;
	histogram_add(&histogram, 10, 989);
	histogram_add(&histogram, 100, 1);
	histogram_add(&histogram, 50, 10);
	assert_int_equal(histogram_total(&histogram), 1000);
	assert_int_equal(histogram_quantile(&histogram, 0.989), 10);
	assert_int_equal(histogram_quantile(&histogram, 0.99), 50);
	assert_int_equal(histogram_quantile(&histogram, 0.999), 50);
	assert_int_equal(histogram_quantile(&histogram, 1), 100);
}

static void nothing_and_too_much(void **state)
{
	(void)state;
	assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
	assert_int_equal(histogram_quantile(&histogram, 1), 0);
	histogram_add(&histogram, UINT64_MAX, 1);
	assert_int_equal(histogram_bucket(UINT64_MAX), NR_HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_total(&histogram), 1);
	assert_true(histogram.most == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(buckets_are_narrow_and_in_order, setup),
		cmocka_unit_test_setup(quantiles_are_those_of_the_sorted_values, setup),
		cmocka_unit_test_setup(a_weight_is_so_many_values, setup),
		cmocka_unit_test_setup(nothing_and_too_much, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
