/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rwsem.c - a reader/writer lock that forgets, lets in or starves: detected each time, and nothing without a knock-out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/cpu.h"
#include "core/lock/rwsem.h"
#include "core/probe/detector.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/threads.h"

#define FORGOTTEN_MS	300	/* a waiter still outside after this time, with the lock free, was forgotten */

static struct rwsem sem;

static struct waiter {
	bool for_write;
	unsigned int at_point, go_on;	/* steps: stopped at the sync point, may go on */
	unsigned int entered, done;	/* steps */
} waiter;

static _Thread_local bool is_waiter;

static void wait_in_line(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	is_waiter = true;
	if (waiter.for_write)
		down_write(&sem);
	else
		down_read(&sem);
	step_reach(&waiter.entered, 1);
	if (waiter.for_write)
		up_write(&sem);
	else
		up_read(&sem);
	step_reach(&waiter.done, 1);
}

static void stop(void *arg)
{
	(void)arg;
	if (!is_waiter || load_relaxed(&waiter.at_point))
		return;
	step_reach(&waiter.at_point, 1);
	step_await(&waiter.go_on, 1);
}

/*
 * ---- rwsem-wait: the lock is released while a waiter stands at @point. Returns whether the waiter is forgotten ----
 */
static bool forgets(const char *knockout, const char *point, bool for_write)
{
	struct test_threads *threads;
	bool entered;

	init_rwsem(&sem, RANK_MMAP_LOCK);
	waiter = (struct waiter) { .for_write = for_write };
	assert_int_equal(syncpoint_hook(point, stop, NULL), 0);
	if (knockout)
		assert_int_equal(knockout_enable(knockout), 0);
	down_write(&sem);
	threads = threads_start(1, wait_in_line, NULL);
	step_await(&waiter.at_point, 1);
	up_write(&sem);
	step_reach(&waiter.go_on, 1);
	entered = step_within(&waiter.entered, 1, knockout ? FORGOTTEN_MS : TEST_PATIENCE_MS);
	knockout_clear();
	down_write(&sem);	/* the next release wakes the forgotten waiter */
	up_write(&sem);
	threads_join(threads);
	syncpoint_hook(NULL, NULL, NULL);
	return !entered;
}

static void leaving_out_either_look_is_caught(void **state)
{
	(void)state;
	for (int w = 0; w < 2; w++) {
		const char *before_queue = w ? "rwsem.before_queue_write" : "rwsem.before_queue_read";

		assert_false(forgets(NULL, before_queue, w));
		assert_true(forgets("rwsem-wait:A", before_queue, w));
		assert_false(forgets(NULL, "rwsem.before_park", w));
		assert_true(forgets("rwsem-wait:B", "rwsem.before_park", w));
	}
}

/* ---- rwsem-read-wait: a writer is inside. Returns whether a reader is too ---- */
static bool reader_beside_writer(unsigned int patience_ms)
{
	struct test_threads *threads;
	bool entered;

	init_rwsem(&sem, RANK_MMAP_LOCK);
	waiter = (struct waiter) { .for_write = false };
	down_write(&sem);
	threads = threads_start(1, wait_in_line, NULL);
	entered = step_within(&waiter.entered, 1, patience_ms);
	up_write(&sem);
	threads_join(threads);
	return entered;
}

static void leaving_out_the_readers_wait_is_caught(void **state)
{
	(void)state;
	assert_false(reader_beside_writer(50));
	assert_int_equal(knockout_enable("rwsem-read-wait"), 0);
	assert_int_equal(detector_switch("shadow", false), 0);
	assert_true(reader_beside_writer(TEST_PATIENCE_MS));
	detector_switch("shadow", true);
	knockout_clear();
}

/* ---- rwsem-handoff: each time the head is woken, and before it looks, this thread takes the lock again ---- */
#define PASSES	20

static unsigned int wakes, passes;	/* steps: the head is awake for the nth time, this thread passed it n times */

static void let_pass(void *arg)
{
	(void)arg;
	if (!is_waiter)
		return;
	step_reach(&wakes, wakes + 1);
	if (wakes <= PASSES)
		step_await(&passes, wakes);
}

static uint64_t parks(void)
{
	const struct syncpoint *point;

	for (unsigned int i = 0; (point = syncpoint_get(i)); i++)
		if (!strcmp(point->name, "rwsem.before_park"))
			return load_relaxed(&point->hits);
	return 0;
}

static void await_parks(uint64_t number)
{
	unsigned int never = 0;

	for (int ms = 0; parks() < number && ms < TEST_PATIENCE_MS; ms++)
		step_within(&never, 1, 1);
	assert_true(parks() >= number);
}

/* How often the head of the queue is overtaken, PASSES at most. */
static unsigned int times_passed(void)
{
	struct test_threads *threads;
	unsigned int passed = 0;

	init_rwsem(&sem, RANK_MMAP_LOCK);
	syncpoints_reset();
	waiter = (struct waiter) { .for_write = true };
	wakes = 0;
	passes = 0;
	assert_int_equal(syncpoint_hook("rwsem.woken", let_pass, NULL), 0);
	down_write(&sem);
	threads = threads_start(1, wait_in_line, NULL);
	await_parks(1);
	while (passed < PASSES) {
		up_write(&sem);
		step_await(&wakes, passed + 1);
		if (load_relaxed(&sem.count) & RWSEM_HANDOFF) {	/* it cannot be overtaken: release it, and end */
			step_reach(&passes, PASSES);
			down_write(&sem);
			break;
		}
		down_write(&sem);
		step_reach(&passes, ++passed);
		await_parks(passed + 1);	/* it has tried, in vain */
	}
	up_write(&sem);
	threads_join(threads);
	syncpoint_hook(NULL, NULL, NULL);
	return passed;
}

static void leaving_out_the_hand_over_is_caught(void **state)
{
	(void)state;
	assert_int_equal(times_passed(), 1);
	assert_int_equal(knockout_enable("rwsem-handoff"), 0);
	assert_int_equal(times_passed(), PASSES);
	knockout_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaving_out_either_look_is_caught),
		cmocka_unit_test(leaving_out_the_readers_wait_is_caught),
		cmocka_unit_test(leaving_out_the_hand_over_is_caught),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
