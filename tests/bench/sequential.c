/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sequential.c - made rounds on a machine of drifting speed, tested after each round: false positives stay within the
 * declared rate; a change of 2 % is found; repeated use of a test made for one look exceeds its rate.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench/data/statistics.h"
#include "core/faultline.h"

#define ROUNDS	40		/* at most */
#define FIRST	3		/* rounds before the first look */
#define PAIRS	10		/* in a round */
#define RUNS	10000
#define MOST	130		/* of RUNS, with a change found where there is none: 1 % and three deviations */

/*
 * Parts: what differs between repetitions, between processes; how far the machine's pace wanders, and how much of it
 * stays.
 */
struct noise {
	double repetition, process, pace, kept;
};

static const struct noise quiet = { 0.01, 0.01, 0.02, 0.9 }, wild = { 0.05, 0.02, 0.1, 0.98 };

static double around_zero(struct rng *rng, double deviation)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)rng_below(rng, 1000001) / 1e6;
	return sum * deviation;
}

/* One repetition in a hundred is interrupted, and takes half as long again. */
static double repetition(struct rng *rng, const struct noise *noise, double *pace)
{
	*pace = *pace * noise->kept + around_zero(rng, noise->pace * sqrt(1 - noise->kept * noise->kept));
	return *pace + around_zero(rng, noise->repetition) - (rng_below(rng, 100) ? 0 : 0.4);
}

/* After against before; the one that begins changes from round to round. */
static double one_round(struct rng *rng, const struct noise *noise, double *pace, bool swapped, double change)
{
	const double apart = around_zero(rng, noise->process) + change;
	double pairs[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		const double first = repetition(rng, noise, pace), second = repetition(rng, noise, pace);

		pairs[i] = apart + (swapped ? first - second : second - first);
	}
	return differ_in_pairs(pairs, PAIRS).estimate;
}

typedef struct difference (*differ_fn)(const double *apart, unsigned int nr);

/* A look after each round, until something is found; returns the rounds, 0 when nothing ever was. */
static unsigned int found_after(struct rng *rng, const struct noise *noise, double change, differ_fn differ_by)
{
	double apart[ROUNDS], pace = around_zero(rng, noise->pace);

	for (unsigned int nr = 0; nr < ROUNDS; nr++) {
		struct difference difference;

		apart[nr] = one_round(rng, noise, &pace, nr % 2, change);
		difference = differ_by(apart, nr + 1);
		if (nr + 1 >= FIRST && difference.p < SIGNIFICANCE)
			return nr + 1;
	}
	return 0;
}

static unsigned int found_of(unsigned int runs, const struct noise *noise, double change, differ_fn differ_by)
{
	unsigned int found = 0;
	struct rng rng;

	rng_init(&rng, 1);
	for (unsigned int i = 0; i < runs; i++)
		found += found_after(&rng, noise, change, differ_by) != 0;
	return found;
}

static void nothing_is_found_in_nothing(void **state)
{
	(void)state;
	assert_in_range(found_of(RUNS, &quiet, 0, differ_sequentially), 0, MOST);
	assert_in_range(found_of(RUNS, &wild, 0, differ_sequentially), 0, MOST);
}

/* What the bound is for: Student's test, looked at as often, breaks it. */
static void a_test_for_one_look_is_not_enough(void **state)
{
	(void)state;
	assert_in_range(found_of(RUNS, &quiet, 0, differ_in_pairs), 2 * MOST, RUNS);
}

static void two_percent_are_found(void **state)
{
	(void)state;
	assert_in_range(found_of(1000, &quiet, log(0.98), differ_sequentially), 950, 1000);
	assert_in_range(found_of(1000, &quiet, log(1.02), differ_sequentially), 950, 1000);
}

/* The interval holds at every look, and ends up within 1 % where nothing changed. */
static void intervals_hold(void **state)
{
	unsigned int missed = 0, narrow = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, 2);
	for (unsigned int run = 0; run < RUNS / 10; run++) {
		double apart[ROUNDS], pace = 0;
		struct difference difference = { 0 };
		bool miss = false;

		for (unsigned int nr = 0; nr < ROUNDS; nr++) {
			apart[nr] = one_round(&rng, &quiet, &pace, nr % 2, 0);
			difference = differ_sequentially(apart, nr + 1);
			miss |= difference.low > 0 || difference.high < 0;
		}
		missed += miss;
		narrow += difference.low > -0.01 && difference.high < 0.01;
	}
	assert_in_range(missed, 0, RUNS / 10 * (1 - CONFIDENCE));
	assert_in_range(narrow, RUNS / 10 * 0.9, RUNS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_in_nothing), cmocka_unit_test(a_test_for_one_look_is_not_enough),
		cmocka_unit_test(two_percent_are_found), cmocka_unit_test(intervals_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
