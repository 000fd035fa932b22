/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event: defined in one place, counted per thread, summed over those that are cpus and those that were. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/threads.h"

DEFINE_EVENT(TESTED, "events of this test");

static int from_zero(void **state)
{
	(void)state;
	events_reset();
	return 0;
}

static void an_event_is_listed_where_it_is_defined(void **state)
{
	unsigned int i = 0;

	(void)state;
	while (event_get(i) && event_get(i) != EV_TESTED)
		i++;
	assert_ptr_equal(event_get(i), EV_TESTED);
	assert_string_equal(event_get(i)->name, "events of this test");
}

static void every_event_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned int a = 0; event_get(a); a++)
		for (unsigned int b = 0; b < a; b++)
			assert_string_not_equal(event_get(a)->name, event_get(b)->name);
}

static void count_a_few(void *arg, unsigned int index)
{
	(void)arg;
	count_events(EV_TESTED, index + 1);
	count_event(EV_FAULT);
}

static void totals_outlive_their_threads(void **state)
{
	(void)state;
	threads_run(4, count_a_few, NULL);
	threads_run(2, count_a_few, NULL);
	assert_int_equal(events_total(EV_TESTED), 1 + 2 + 3 + 4 + 1 + 2);
	assert_int_equal(events_total(EV_FAULT), 6);
	assert_int_equal(events_total(EV_MUNMAP), 0);
	events_reset();
	assert_int_equal(events_total(EV_TESTED), 0);
}

static unsigned int counted, go_on;

/* Each event another number of times, counted as the program does. */
static void count_and_wait(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	for (unsigned int i = 0; event_get(i); i++)
		count_own(event_get(i)->here(), i + 1);
	step_reach(&counted, 1);
	step_await(&go_on, 1);
	count_event(EV_TESTED);
	step_reach(&counted, 2);
	step_await(&go_on, 2);
}

static void counts_of_a_live_thread_are_read_and_reset_by_another(void **state)
{
	struct test_threads *thread;

	(void)state;
	counted = go_on = 0;
	thread = threads_start(1, count_and_wait, NULL);
	step_await(&counted, 1);
	for (unsigned int i = 0; event_get(i); i++)
		assert_int_equal(events_total(event_get(i)), i + 1);
	events_reset();
	for (unsigned int i = 0; event_get(i); i++)
		assert_int_equal(events_total(event_get(i)), 0);
	step_reach(&go_on, 1);
	step_await(&counted, 2);
	assert_int_equal(events_total(EV_TESTED), 1);
	step_reach(&go_on, 2);
	threads_join(thread);
	assert_int_equal(events_total(EV_TESTED), 1);
}

/* Before it registers, while it is a cpu, and after. */
static void *count_now_and_then(void *arg)
{
	(void)arg;
	count_events(EV_TESTED, 100);
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	count_event(EV_TESTED);
	BUG_ON(events_total(EV_TESTED) != 1);
	cpu_unregister();
	count_events(EV_TESTED, 100);
	BUG_ON(events_total(EV_TESTED) != 1);
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	count_event(EV_TESTED);
	cpu_unregister();
	return NULL;
}

static void a_thread_is_counted_while_it_is_a_cpu(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, count_now_and_then, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(events_total(EV_TESTED), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_listed_where_it_is_defined),
		cmocka_unit_test(every_event_has_a_name_of_its_own),
		cmocka_unit_test_setup(totals_outlive_their_threads, from_zero),
		cmocka_unit_test_setup(counts_of_a_live_thread_are_read_and_reset_by_another, from_zero),
		cmocka_unit_test_setup(a_thread_is_counted_while_it_is_a_cpu, from_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
