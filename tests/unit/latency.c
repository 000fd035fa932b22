/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency.c - operations are timed where a thread asked for it; short ones now and then, each time for all since the
 * last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/probe/operation.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

static void quick(void)
{
	OPERATION("quick", NULL, 0);
}

/* Takes @ticks at the least. */
static void slow(uint64_t ticks)
{
	OPERATION("slow", NULL, 0);
	uint64_t from = clock_ticks();

	while (clock_ticks() - from < ticks)
		;
}

static void two_slow_ones(uint64_t ticks)
{
	OPERATION("outer", NULL, 0);

	slow(ticks);
	slow(ticks);
}

static const struct latency *latency_named(const struct latencies *latencies, const char *name)
{
	unsigned int i = 0;

	while (operation_name(i) && strcmp(operation_name(i), name))
		i++;
	assert_non_null(operation_name(i));
	return &latencies->of[i];
}

static uint64_t count_of(const struct latencies *latencies, const char *name)
{
	return histogram_total(&latency_named(latencies, name)->histogram);
}

static void callers_that_did_not_ask_are_not_timed(void **state)
{
	struct latencies *latencies;

	(void)state;
	needs_checks();
	latencies = latencies_new();
	assert_non_null(latencies);
	slow(1);
	latency_timing_begin(latencies);
	latency_timing_end();
	slow(1);
	assert_int_equal(count_of(latencies, "slow"), 0);
	assert_int_equal(latency_named(latencies, "slow")->samples, 0);
	free(latencies);
}

static void long_ones_are_all_timed(void **state)
{
	const uint64_t ticks = 4 * LATENCY_SHORT;
	struct latencies *latencies;

	(void)state;
	needs_checks();
	latencies = latencies_new();
	latency_timing_begin(latencies);
	for (unsigned int i = 0; i < 100; i++)
		two_slow_ones(ticks);
	latency_timing_end();
	assert_int_equal(count_of(latencies, "slow"), 200);
	assert_int_equal(latency_named(latencies, "slow")->samples, 200);
	assert_int_equal(count_of(latencies, "outer"), 100);
	assert_true(histogram_quantile(&latency_named(latencies, "slow")->histogram, 0) >= ticks);
	assert_true(histogram_quantile(&latency_named(latencies, "outer")->histogram, 0) >= 2 * ticks);
	assert_int_equal(count_of(latencies, "quick"), 0);
	free(latencies);
}

/* One that lost its core for long does not make them all look long. */
static void short_ones_are_timed_now_and_then(void **state)
{
	const unsigned int times = 1000000;
	const struct latency *latency;
	struct latencies *latencies;

	(void)state;
	needs_checks();
	latencies = latencies_new();
	latency_timing_begin(latencies);
	for (unsigned int i = 0; i < times; i++)
		quick();
	latency_timing_end();
	latency = latency_named(latencies, "quick");
	if (latency->ticks >= latency->samples * LATENCY_SHORT)
		skip();	/* too slow a build */
	assert_in_range(count_of(latencies, "quick"), times - 2 * LATENCY_INTERVAL, times);
	assert_in_range(latency->samples, times / LATENCY_INTERVAL / 2, times / 4);
	free(latencies);
}

struct timed_thread {
	struct latencies *latencies;
};

static void in_a_thread(void *arg, unsigned int index)
{
	struct timed_thread *threads = arg;

	latency_timing_begin(threads[index].latencies);
	for (unsigned int i = 0; i <= index; i++)
		slow(4 * LATENCY_SHORT);
	latency_timing_end();
}

static void each_thread_has_its_own(void **state)
{
	struct timed_thread threads[4];

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < 4; i++)
		threads[i].latencies = latencies_new();
	threads_run(4, in_a_thread, threads);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(count_of(threads[i].latencies, "slow"), i + 1);
		free(threads[i].latencies);
	}
}

static void ticks_are_what_the_kernel_says(void **state)
{
	uint64_t from_ns, from, ns;
	double said;

	(void)state;
	from_ns = clock_kernel_ns();
	from = clock_ticks();
	while ((ns = clock_kernel_ns() - from_ns) < 20000000)
		;
	said = (double)(clock_ticks() - from) * clock_ns_per_tick();
	assert_true(said >= 0.99 * (double)ns);
	assert_true(clock_ticks_of_nothing() * clock_ns_per_tick() < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_that_did_not_ask_are_not_timed),
		cmocka_unit_test(long_ones_are_all_timed),
		cmocka_unit_test(short_ones_are_timed_now_and_then),
		cmocka_unit_test(each_thread_has_its_own),
		cmocka_unit_test(ticks_are_what_the_kernel_says),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
