/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rwsem_steps.c - the reader/writer lock where it could forget a waiter or let it starve, forced at sync points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>

#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/rwsem_line.h"
#include "tests/lib/harness/threads.h"

/* The lock is released when the waiter has decided to queue, and when it has decided to sleep. */
static void no_wake_up_is_lost(void **state)
{
	static const struct {
		bool for_write;
		const char *at;
	} waits[] = {
		{ false, "rwsem.before_queue_read" }, { false, "rwsem.before_park" },
		{ true, "rwsem.before_queue_write" }, { true, "rwsem.before_park" },
	};

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(waits); i++) {
		struct player *waiter;

		init_rwsem(&sem, RANK_MMAP_LOCK);
		down_write(&sem);
		assert_int_equal(stop_next_player_at(waits[i].at), 0);
		waiter = start(0, waits[i].for_write);
		await_stopped();
		up_write(&sem);
		go_on();
		enters(waiter);
		leaves(waiter);
		syncpoint_hook(NULL, NULL, NULL);
		at_rest();
	}
}

static void a_head_that_was_passed_is_next(void **state)
{
	struct player *head, *late;

	(void)state;
	needs_checks();
	for (unsigned int late_writes = 0; late_writes < 2; late_writes++) {
		init_rwsem(&sem, RANK_MMAP_LOCK);
		down_write(&sem);
		assert_int_equal(stop_next_player_at("rwsem.woken"), 0);
		head = queue(0, true);
		up_write(&sem);
		await_stopped();
		down_write(&sem);			/* passes the head, which is awake but has not looked */
		go_on();
		while (!(load_relaxed(&sem.count) & RWSEM_HANDOFF))
			sched_yield();
		late = queue(1, late_writes);
		assert_false(down_read_trylock(&sem) || down_write_trylock(&sem));
		up_write(&sem);
		enters(head);
		stays_out(late);
		leaves(head);
		enters(late);
		leaves(late);
		syncpoint_hook(NULL, NULL, NULL);
		at_rest();
	}
}

static void a_reader_passes_into_a_free_lock_only(void **state)
{
	struct player *head, *late;

	(void)state;
	needs_checks();
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_write(&sem);
	assert_int_equal(stop_next_player_at("rwsem.woken"), 0);
	head = queue(0, true);
	up_write(&sem);
	await_stopped();
	down_read(&sem);
	late = queue(1, false);			/* the lock is not free now, and there is a queue */
	go_on();
	up_read(&sem);
	enters(head);
	stays_out(late);
	leaves(head);
	enters(late);
	leaves(late);
	syncpoint_hook(NULL, NULL, NULL);
	at_rest();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wake_up_is_lost),
		cmocka_unit_test(a_head_that_was_passed_is_next),
		cmocka_unit_test(a_reader_passes_into_a_free_lock_only),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
