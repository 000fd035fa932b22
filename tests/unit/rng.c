/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rng: a seed repeats, seeds differ, bounds hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/rng.h"

static void a_seed_repeats(void **state)
{
	struct rng a, b;

	(void)state;
	rng_init(&a, 42);
	rng_init(&b, 42);
	for (int i = 0; i < 1000; i++)
		assert_true(rng_next(&a) == rng_next(&b));
}

/* Neighbouring seeds: half of the bits differ on average, so of 64,000 bits about 32,000. */
static void neighbouring_seeds_differ(void **state)
{
	struct rng a, b;
	int differ = 0;

	(void)state;
	rng_init(&a, 7);
	rng_init(&b, 8);
	for (int i = 0; i < 1000; i++)
		differ += __builtin_popcountll(rng_next(&a) ^ rng_next(&b));
	assert_in_range(differ, 31000, 33000);
}

/* The seed that the mixing would turn into 0, the one state xorshift never leaves. */
static void no_seed_is_stuck(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, -0x9e3779b97f4a7c15u);
	assert_true(rng.state != 0);
	assert_true(rng_next(&rng) != rng_next(&rng));
}

static void below_is_below_and_even(void **state)
{
	unsigned int seen[10] = { 0 };
	struct rng rng;

	(void)state;
	rng_init(&rng, 1);
	for (int i = 0; i < 100000; i++) {
		uint64_t n = rng_below(&rng, 10);

		assert_true(n < 10);
		seen[n]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(seen[i], 9500, 10500);
	assert_true(rng_below(&rng, 1) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_repeats),
		cmocka_unit_test(neighbouring_seeds_differ),
		cmocka_unit_test(no_seed_is_stuck),
		cmocka_unit_test(below_is_below_and_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
