/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.c - made runs: chance differences are noise, a slow-down of a tenth is found, and a slower machine is
 * distinguished from a slower program.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/data/compare.h"
#include "core/faultline.h"
#include "tests/lib/harness/scratch.h"

#define BENCHMARKS	12
#define REPETITIONS	5
#define TRIES		20
#define RIGHT		19	/* of them */
#define THRESHOLD	0.05

/* How a side's runs are made. */
struct recipe {
	unsigned int runs;
	double noise;			/* of a repetition, half of its width as a part of it */
	double run_noise;		/* of a run, which all of its repetitions of a benchmark share */
	double core, controls;		/* rates, against 1 */
	double first;			/* of the first benchmark, besides */
	/* of the machine, as noise: what it does to a repetition, it does to all that have its seed */
	double pace;
	uint64_t pace_seed;
	bool without_controls;
};

static double around_one(struct rng *rng, double width)
{
	double sum = 0;

	for (int i = 0; i < 3; i++)
		sum += (double)rng_below(rng, 1000001) / 1e6 - 0.5;
	return 1 + sum * width;
}

static void put_benchmark(FILE *out, struct rng *rng, struct rng *pace, const struct recipe *recipe, const char *name,
			  double rate)
{
	rate *= around_one(rng, recipe->run_noise);
	for (int i = 0; i < REPETITIONS; i++)
		fprintf(out,
			",\n{ \"run_name\": \"%s/threads:2\", \"run_type\": \"iteration\", \"items_per_second\": %.17g "
			"}",
			name, rate * around_one(rng, recipe->noise) * around_one(pace, recipe->pace));
}

static void put_run(const char *path, struct rng *rng, const struct recipe *recipe, unsigned int run)
{
	FILE *out = fopen(path, "we");
	struct rng pace;
	char name[32];

	rng_init(&pace, recipe->pace_seed + run);
	assert_non_null(out);
	fputs("{ \"context\": { \"faultline_schema\": \"1\" }, \"benchmarks\": [\n"
	      "{ \"run_name\": \"x/threads:1\", \"run_type\": \"aggregate\" }", out);
	for (int i = 0; i < BENCHMARKS; i++) {
		snprintf(name, sizeof(name), "bench_%c", 'a' + i);
		put_benchmark(out, rng, &pace, recipe, name, (i ? 1e6 : 1e6 * recipe->first) * recipe->core);
	}
	for (int i = 0; i < 3 && !recipe->without_controls; i++) {
		snprintf(name, sizeof(name), "limit_%c", 'a' + i);
		put_benchmark(out, rng, &pace, recipe, name, 1e8 * recipe->controls);
	}
	fputs("] }\n", out);
	assert_int_equal(fclose(out), 0);
}

static void make_side(struct side *side, struct rng *rng, const struct recipe *recipe)
{
	char list[64 * PATH_MAX] = "", folder[PATH_MAX], path[PATH_MAX + 16];

	assert_non_null(mkdtemp(scratch_name(folder, "compare")));
	for (unsigned int i = 0; i < recipe->runs; i++) {
		snprintf(path, sizeof(path), "%s/%u", folder, i);
		put_run(path, rng, recipe, i);
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? "," : "", path);
	}
	assert_int_equal(side_load(side, list), 0);
	for (unsigned int i = 0; i < recipe->runs; i++) {
		snprintf(path, sizeof(path), "%s/%u", folder, i);
		unlink(path);
	}
	rmdir(folder);
}

static struct comparison compared(const struct recipe *before, const struct recipe *after, uint64_t seed)
{
	static struct side one, other;	/* outlive the comparison */
	struct comparison comparison;
	struct rng rng;

	side_free(&one);
	side_free(&other);
	rng_init(&rng, seed);
	make_side(&one, &rng, before);
	make_side(&other, &rng, after);
	compare_sides(&comparison, &one, &other, THRESHOLD);
	assert_int_equal(comparison.nr, comparison.counts[VERDICT_CONTROL] + BENCHMARKS);
	return comparison;
}

/* In how many of TRIES comparisons some benchmark is slower, respectively none is faster or slower. */
static void count_verdicts(const struct recipe *before, const struct recipe *after, unsigned int *slower,
			   unsigned int *noise)
{
	*slower = *noise = 0;
	for (uint64_t seed = 1; seed <= TRIES; seed++) {
		struct comparison comparison = compared(before, after, seed);

		*slower += comparison.counts[VERDICT_SLOWER] != 0;
		*noise += !comparison.counts[VERDICT_SLOWER] && !comparison.counts[VERDICT_FASTER];
		comparison_free(&comparison);
	}
}

static const struct recipe one_run = { .runs = 1, .noise = 0.03, .core = 1, .controls = 1, .first = 1 };
static const struct recipe in_turns = {
	.runs = 16, .noise = 0.1, .run_noise = 0.06, .core = 1, .controls = 1, .first = 1
};

static void chance_is_noise(void **state)
{
	unsigned int slower, noise;
	struct recipe wild = one_run;

	(void)state;
	count_verdicts(&one_run, &one_run, &slower, &noise);
	assert_true(noise >= RIGHT);
	count_verdicts(&in_turns, &in_turns, &slower, &noise);
	assert_true(noise >= RIGHT);
	wild.noise = 0.6;
	count_verdicts(&wild, &wild, &slower, &noise);
	assert_true(noise >= RIGHT);
}

static void a_tenth_is_found(void **state)
{
	struct recipe slow_run = one_run, slow_turns = in_turns;
	unsigned int slower, noise;

	(void)state;
	slow_run.core = slow_turns.core = 1 / 1.1;
	count_verdicts(&one_run, &slow_run, &slower, &noise);
	assert_true(slower >= RIGHT);
	count_verdicts(&in_turns, &slow_turns, &slower, &noise);
	assert_true(slower >= RIGHT);
}

/* One benchmark among many is found by name, and is all that is found. */
static void one_is_found(void **state)
{
	struct recipe after = one_run;
	struct comparison comparison;

	(void)state;
	after.first = 0.8;
	comparison = compared(&one_run, &after, 1);
	assert_int_equal(comparison.counts[VERDICT_SLOWER], 1);
	assert_int_equal(comparison.counts[VERDICT_FASTER], 0);
	assert_string_equal(comparison.changes[0].result->name, "bench_a/threads:2");
	assert_int_equal(comparison.changes[0].verdict, VERDICT_SLOWER);
	assert_true(comparison.changes[0].low < 0.8 && comparison.changes[0].high > 0.8);
	comparison_free(&comparison);
	comparison = compared(&after, &one_run, 1);
	assert_int_equal(comparison.counts[VERDICT_FASTER], 1);
	assert_int_equal(comparison.counts[VERDICT_SLOWER], 0);
	comparison_free(&comparison);
}

/* Two of the three answers, by name, and the third with too few rounds for it. */
static void three_answers(void **state)
{
	struct recipe steady = { .runs = 20, .noise = 0.002, .core = 1, .controls = 1, .first = 1 }, few = in_turns,
		      slow;
	struct comparison comparison = compared(&steady, &steady, 1);

	(void)state;
	assert_int_equal(comparison_verdict(&comparison), VERDICT_SAME);
	assert_true(fabs(comparison.mean - 1) < 0.01 && comparison.mean_low < 1 && comparison.mean_high > 1);
	comparison_free(&comparison);
	slow = steady;
	slow.core = 0.9;
	comparison = compared(&steady, &slow, 1);
	assert_int_equal(comparison_verdict(&comparison), VERDICT_SLOWER);
	assert_true(fabs(comparison.mean - 0.9) < 0.01);
	for (unsigned int i = 0; i < comparison.nr; i++)
		assert_true(comparison.changes[i].ratio == comparison.changes[i].after / comparison.changes[i].before);
	comparison_free(&comparison);
	few.runs = 3;
	comparison = compared(&few, &few, 1);
	assert_int_equal(comparison_verdict(&comparison), VERDICT_UNKNOWN);
	comparison_free(&comparison);
}

/* The controls got slower by more than the rest: it was the machine. Without them it would have been believed. */
static void a_slower_machine_is_noise(void **state)
{
	struct recipe before = one_run, after = one_run;
	unsigned int slower, noise;

	(void)state;
	after.core = 0.85;
	after.controls = 0.8;
	count_verdicts(&one_run, &after, &slower, &noise);
	assert_int_equal(noise, TRIES);
	before.without_controls = after.without_controls = true;
	count_verdicts(&before, &after, &slower, &noise);
	assert_int_equal(slower, TRIES);
}

/* What differs between processes is noise too, and no number of repetitions in one process shows it: three runs do. */
static void runs_are_the_samples(void **state)
{
	struct recipe before = { .runs = 1, .noise = 0.002, .run_noise = 0.3, .core = 1, .controls = 1, .first = 1 },
		      after = before;
	unsigned int slower, noise;

	(void)state;
	count_verdicts(&before, &after, &slower, &noise);
	assert_true(noise < TRIES / 2);
	before.runs = after.runs = 4;
	count_verdicts(&before, &after, &slower, &noise);
	assert_true(noise >= RIGHT);
}

/*
 * What the machine does to both sides at once falls out of the pairs; what it does to them at different times hides a
 * tenth.
 */
static void a_shared_pace_falls_out(void **state)
{
	struct recipe before = {
		.runs = 8, .noise = 0.05, .run_noise = 0.03, .core = 1, .controls = 1, .first = 1, .pace = 0.5
	};
	struct recipe after = before;
	unsigned int slower, noise;

	(void)state;
	count_verdicts(&before, &after, &slower, &noise);
	assert_true(noise >= RIGHT);
	after.core = 1 / 1.1;
	count_verdicts(&before, &after, &slower, &noise);
	assert_int_equal(slower, TRIES);
	after.pace_seed = 1000;
	count_verdicts(&before, &after, &slower, &noise);
	assert_true(slower < TRIES / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chance_is_noise),
		cmocka_unit_test(a_tenth_is_found),
		cmocka_unit_test(one_is_found),
		cmocka_unit_test(three_answers),
		cmocka_unit_test(a_slower_machine_is_noise),
		cmocka_unit_test(runs_are_the_samples),
		cmocka_unit_test(a_shared_pace_falls_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
