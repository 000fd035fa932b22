/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spinlock.c - every kind of spinlock, alone and with waiters lined up one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "core/base/cpu.h"
#include "core/lock/spinlock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

static spinlock_t lock, other;

static void init_locks(enum spin_kind kind)
{
	spin_lock_init(&lock, kind, RANK_PTE_PTL);
	spin_lock_init(&other, kind, RANK_PTE_PTL);
}

static void kinds_have_names(void **state)
{
	enum spin_kind kind;

	(void)state;
	for (unsigned int i = 0; i < NR_SPIN_KINDS; i++) {
		assert_int_equal(spin_kind_parse(spin_kind_name(i), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_null(spin_kind_name(NR_SPIN_KINDS));
	assert_int_equal(spin_kind_parse("mcs", &kind), -EINVAL);
	assert_int_equal(spin_kind_parse("", &kind), -EINVAL);
}

static void alone(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++) {
		init_locks(kind);
		for (unsigned int i = 0; i < 70000; i++) {	/* a ticket's halves wrap round */
			assert_false(spin_is_locked(&lock));
			spin_lock(&lock);
			assert_true(spin_is_locked(&lock));
			assert_false(spin_is_contended(&lock));
			assert_spin_locked(&lock);
			spin_unlock(&lock);
		}
	}
}

static void two_nest(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++) {
		init_locks(kind);
		spin_lock(&lock);
		spin_lock_nested(&other);
		assert_true(spin_is_locked(&lock) && spin_is_locked(&other));
		spin_unlock(&lock);
		assert_true(!spin_is_locked(&lock) && spin_is_locked(&other));
		spin_unlock(&other);
	}
}

static void try_both(void *arg, unsigned int index)
{
	bool *got = arg;

	(void)index;
	got[0] = spin_trylock(&lock);
	got[1] = spin_trylock(&other);
	for (int i = 0; i < 2; i++)
		if (got[i])
			spin_unlock(i ? &other : &lock);
}

static void a_try_takes_what_is_free(void **state)
{
	bool got[2];

	(void)state;
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++) {
		init_locks(kind);
		for (unsigned int i = 0; i < 3; i++) {
			spin_lock(&lock);
			threads_run(1, try_both, got);
			assert_false(got[0]);
			assert_true(got[1]);
			spin_unlock(&lock);
		}
		threads_run(1, try_both, got);
		assert_true(got[0] && got[1]);
		assert_false(spin_is_locked(&lock));
	}
}

static void misuse_dies(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++) {
		init_locks(kind);
		assert_dies("not held", spin_unlock(&lock));
		assert_dies("should be held", assert_spin_locked(&lock));
		spin_lock(&lock);
		assert_dies("already held", spin_lock(&lock));
		assert_dies("is wanted while", spin_lock(&other));
		spin_unlock(&lock);
		assert_false(spin_is_locked(&lock) || spin_is_locked(&other));
	}
}

/* A pointer laid over a lock: its middle byte may be a kind, and one address in some runs. */
static void an_overwritten_lock_is_no_lock(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < 256; kind++) {
		uint64_t pointer = 0x7f0072400a18ul | (uint64_t)kind << 32;

		init_locks(SPIN_TTAS);
		memcpy(&lock, &pointer, sizeof(pointer));
		assert_dies("never initialised, or overwritten", spin_lock_slow(&lock, lock.val));
	}
}

static void *not_a_cpu(void *arg)
{
	bool *died = arg;

	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++) {
		init_locks(kind);
		if (kind == SPIN_QUEUED)
			continue;
		spin_lock(&lock);
		spin_unlock(&lock);
	}
	init_locks(SPIN_QUEUED);
	if (setjmp(*dies_begin()) == 0)
		raw_spin_lock(&lock);
	*died = dies_end("this_cpu");
	return NULL;
}

static void the_queue_is_for_cpus(void **state)
{
	pthread_t thread;
	bool died = false;

	(void)state;
	needs_checks();
	assert_int_equal(pthread_create(&thread, NULL, not_a_cpu, &died), 0);
	pthread_join(thread, NULL);
	assert_true(died);
}

#define LINE	4

static struct {
	unsigned int started[LINE];
	unsigned int entered;	/* under lock */
	unsigned int order[LINE];
} line;

static void enter_in_line(void *arg, unsigned int index)
{
	unsigned int me = (unsigned int)(uintptr_t)arg;

	(void)index;
	step_reach(&line.started[me], 1);
	spin_lock(&lock);
	line.order[line.entered++] = me;
	spin_unlock(&lock);
}

/* The word of a lock that knows its waiters changes when one more joins. */
static void line_up(struct test_threads **threads)
{
	for (unsigned int i = 0; i < LINE; i++) {
		uint32_t before = load_relaxed(&lock.val);

		line.started[i] = 0;
		threads[i] = threads_start(1, enter_in_line, (void *)(uintptr_t)i);
		step_await(&line.started[i], 1);
		while (load_relaxed(&lock.val) == before)
			step_within(&line.started[i], 2, 1);
	}
}

static void first_come_first_served(void **state)
{
	static const enum spin_kind fair[] = { SPIN_TICKET, SPIN_QUEUED };
	struct test_threads *threads[LINE];

	(void)state;
	for (unsigned int k = 0; k < ARRAY_SIZE(fair); k++) {
		for (unsigned int round = 0; round < 5; round++) {
			init_locks(fair[k]);
			line.entered = 0;
			spin_lock(&lock);
			line_up(threads);
			assert_true(spin_is_contended(&lock));
			assert_false(spin_trylock(&lock));
			spin_unlock(&lock);
			for (unsigned int i = 0; i < LINE; i++)
				threads_join(threads[i]);
			assert_int_equal(line.entered, LINE);
			for (unsigned int i = 0; i < LINE; i++)
				assert_int_equal(line.order[i], i);
			assert_false(spin_is_locked(&lock) || spin_is_contended(&lock));
		}
	}
}

static void a_futex_waiter_shows(void **state)
{
	struct test_threads *threads;

	(void)state;
	init_locks(SPIN_FUTEX);
	line.entered = 0;
	line.started[0] = 0;
	spin_lock(&lock);
	threads = threads_start(1, enter_in_line, NULL);
	step_await(&line.started[0], 1);
	while (!spin_is_contended(&lock))
		step_within(&line.started[0], 2, 1);
	assert_int_equal(line.entered, 0);
	spin_unlock(&lock);
	threads_join(threads);
	assert_int_equal(line.entered, 1);
	assert_false(spin_is_locked(&lock));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(alone),
		cmocka_unit_test(two_nest),
		cmocka_unit_test(a_try_takes_what_is_free),
		cmocka_unit_test(misuse_dies),
		cmocka_unit_test(an_overwritten_lock_is_no_lock),
		cmocka_unit_test(the_queue_is_for_cpus),
		cmocka_unit_test(first_come_first_served),
		cmocka_unit_test(a_futex_waiter_shows),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
