/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.c - what a process had of the time that passed: of known figures, of sleepers, of a thread that runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "bench/ground/pace.h"
#include "core/host/topology.h"
#include "tests/lib/harness/threads.h"

static void known_figures(void **state)
{
	(void)state;
	assert_float_equal(pace_of(1, 0, 0, 2), 1, 1e-9);		/* all asleep: a deadlock, or a lost wake-up */
	assert_float_equal(pace_of(1, 1, 1, 2), 1, 1e-9);		/* one thread goes round in circles */
	assert_float_equal(pace_of(1, 2, 8, 2), 1, 1e-9);		/* more than there are processors do */
	assert_float_equal(pace_of(1, 0.5, 8, 2), 0.25, 1e-9);		/* others have three quarters of the machine */
	assert_float_equal(pace_of(1, 0, 3, 2), 0, 1e-9);		/* and all of it */
	assert_float_equal(pace_of(1, 1.5, 1, 2), 1, 1e-9);		/* never more than passed */
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* This thread, which asks, does not count itself: alone in its process, everything passes. */
static void the_caller_is_not_counted(void **state)
{
	struct pace pace;
	double began;

	(void)state;
	pace_begin(&pace);
	began = now();
	while (now() - began < 0.01)
		;
	assert_true(pace_seconds(&pace) >= 0.01);
}

static bool stop;	/* (A) */

static void run_on(void *unused, unsigned int index)
{
	(void)unused;
	(void)index;
	while (!load_relaxed(&stop))
		cpu_relax();
}

/* However loaded the machine is: no more than the other thread ran, which is no more than passed. */
static void of_a_thread_that_runs(void **state)
{
	struct test_threads *threads;
	struct pace pace;
	double began, seconds;

	(void)state;
	assert_int_equal(topology_load(NULL), 0);
	stop = false;
	threads = threads_start(1, run_on, NULL);
	began = now();
	pace_begin(&pace);
	for (seconds = 0; seconds < 0.01;)
		seconds += pace_seconds(&pace);
	assert_true(seconds <= now() - began);
	store_relaxed(&stop, true);
	threads_join(threads);
	topology_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_figures),
		cmocka_unit_test(the_caller_is_not_counted),
		cmocka_unit_test(of_a_thread_that_runs),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
