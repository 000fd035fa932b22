/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rcu: grace periods wait for readers only; callbacks run, and rcu_barrier() waits for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/host/rcu.h"
#include "tests/lib/harness/threads.h"

static int become_cpu(void **state)
{
	(void)state;
	return cpu_register(0, MEM_LOCAL, 1);
}

static int cease(void **state)
{
	(void)state;
	cpu_unregister();
	return 0;
}

static unsigned int step;
static bool reader_left;

/* Stays inside for a while after the updater has started. */
static void stay_inside(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	rcu_read_lock();
	rcu_read_lock();
	rcu_read_unlock();		/* an inner one ends nothing */
	step_reach(&step, 1);
	usleep(20000);
	store_release(&reader_left, true);
	rcu_read_unlock();
}

static void a_grace_period_waits_for_readers(void **state)
{
	struct test_threads *reader;

	(void)state;
	store_release(&step, 0);
	store_release(&reader_left, false);
	reader = threads_start(1, stay_inside, NULL);
	step_await(&step, 1);
	synchronize_rcu();
	assert_true(load_acquire(&reader_left));
	threads_join(reader);
}

struct thing {
	int before;
	struct rcu_cb rcu;
	int after;
};

static int freed_sum;

static void free_thing(struct rcu_head *head)
{
	struct thing *thing = rcu_cb_entry(head, struct thing, rcu);

	assert_null(this_cpu);
	fetch_add_relaxed(&freed_sum, thing->before + thing->after);
	free(thing);
}

static void callbacks_run_and_are_waited_for(void **state)
{
	(void)state;
	store_relaxed(&freed_sum, 0);
	for (int i = 1; i <= 100; i++) {
		struct thing *thing = malloc(sizeof(*thing));

		assert_non_null(thing);
		thing->before = i;
		thing->after = 1000 * i;
		call_rcu(&thing->rcu, free_thing);
	}
	rcu_barrier();
	assert_int_equal(load_relaxed(&freed_sum), 5050 + 1000 * 5050);
}

static void wait_by_callback(void *arg, unsigned int index)
{
	struct thing *thing = malloc(sizeof(*thing));

	(void)arg, (void)index;
	thing->before = thing->after = 0;
	call_rcu(&thing->rcu, free_thing);
	rcu_barrier();
	step_reach(&step, 2);
}

/* A callback queued while a reader is inside runs after it left. */
static void a_callback_waits_for_readers(void **state)
{
	struct test_threads *updater;

	(void)state;
	store_release(&step, 0);
	rcu_read_lock();
	updater = threads_start(1, wait_by_callback, NULL);
	assert_false(step_within(&step, 2, 20));
	rcu_read_unlock();
	threads_join(updater);
	assert_int_equal(load_acquire(&step), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grace_period_waits_for_readers),
		cmocka_unit_test(callbacks_run_and_are_waited_for),
		cmocka_unit_test(a_callback_waits_for_readers),
	};

	return cmocka_run_group_tests(tests, become_cpu, cease);
}
