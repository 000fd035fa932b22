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

#include "core/lock/rwsem.h"
#include "core/probe/operation.h"
#include "core/probe/timeline.h"
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

/* ---- timelines ---- */

/* Lock key: (T) the test's */
static struct {
	char what[160];			/* (T) of each event in turn */
	uint64_t from, to;		/* (T) of the latest */
	unsigned int nr;		/* (T) */
} noted;

static void note(const struct timeline_event *event, void *unused)
{
	static const char *const kinds[] = { "", "waits ", "held " };
	size_t used = strlen(noted.what);

	(void)unused;
	assert_true(event->from <= event->to);
	if (used < sizeof(noted.what) - 1)
		snprintf(noted.what + used, sizeof(noted.what) - used, "%s%s; ", kinds[event->kind], event->what);
	noted.from = event->from;
	noted.to = event->to;
	noted.nr++;
}

static void read_back(const struct timeline *timeline)
{
	memset(&noted, 0, sizeof(noted));
	timeline_for_each(timeline, note, NULL);
}

static void locks_that_do_not_nest(struct rwsem *one, struct rwsem *other)
{
	OPERATION("whole", NULL, 0);

	quick();
	down_read(one);
	down_read(other);
	up_read(one);
	up_read(other);
}

static void timed_run(struct timeline *timeline, struct latencies *latencies, struct rwsem *one, struct rwsem *other)
{
	timeline_begin(timeline);
	latency_timing_begin(latencies);
	lockstat_timing_begin();
	locks_that_do_not_nest(one, other);
	lockstat_timing_end();
	latency_timing_end();
	timeline_begin(NULL);
}

/* Short ones too, and each lock, in the order of their ends. */
static void a_timeline_has_all_in_order(void **state)
{
	struct timeline *timeline;
	struct latencies *latencies;
	struct rwsem one, other;

	(void)state;
	needs_checks();
	timeline = calloc(1, sizeof(*timeline));
	latencies = latencies_new();
	init_rwsem(&one, RANK_MMAP_LOCK);
	init_rwsem(&other, RANK_I_MMAP_RWSEM);
	for (unsigned int i = 0; i < 3; i++)
		timed_run(timeline, latencies, &one, &other);
	read_back(timeline);
	assert_int_equal(noted.nr, 12);
	assert_ptr_equal(strstr(noted.what, "quick; held mm->mmap_lock; held address_space.i_mmap_rwsem; whole; "),
			 noted.what);
	locks_that_do_not_nest(&one, &other);
	read_back(timeline);
	assert_int_equal(noted.nr, 12);
	/* A wait, and what is older than the ring. */
	timeline_begin(timeline);
	for (unsigned int i = 0; i < TIMELINE_EVENTS; i++)
		timeline_add(TIMELINE_WAIT, "lock", i + 1);
	timeline_begin(NULL);
	read_back(timeline);
	assert_int_equal(timeline->nr, TIMELINE_EVENTS + 12);
	assert_int_equal(noted.nr, TIMELINE_EVENTS);
	assert_ptr_equal(strstr(noted.what, "waits lock; "), noted.what);
	assert_int_equal(noted.from, TIMELINE_EVENTS);
	free(latencies);
	free(timeline);
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
		cmocka_unit_test(a_timeline_has_all_in_order),
		cmocka_unit_test(each_thread_has_its_own),
		cmocka_unit_test(ticks_are_what_the_kernel_says),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
