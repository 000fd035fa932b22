/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rwsem.c - storms on the reader/writer lock: plain data inside, more threads than cores, and no thread starves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>

#include "core/lock/lockstat.h"
#include "core/lock/rwsem.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/threads.h"

#define THREADS	8
#define ROUNDS	(FAULTLINE_TSAN ? 2000 : 10000)

static struct {
	struct rwsem sem;
	uint64_t left, right, writes;	/* under sem, plain: always equal outside a writer */
	unsigned int stop, served;	/* (A) of the starvation tests */
	unsigned int many;		/* (A) how many of the many are running */
} shared;

/* At times it gives up the core half way, so that others must wait. */
static void write_both(void)
{
	shared.left++;
	if (shared.writes++ % 16 == 0)
		sched_yield();
	shared.right++;
}

static void read_both(void)
{
	BUG_ON(shared.left != shared.right);
}

static void mix(void *arg, unsigned int index)
{
	struct rng rng;

	(void)arg;
	rng_init(&rng, run_seed + index);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		switch (rng_below(&rng, 8)) {
		case 0:
			down_write(&shared.sem);
			write_both();
			up_write(&shared.sem);
			break;
		case 1:
			if (!down_write_trylock(&shared.sem))
				down_write(&shared.sem);
			write_both();
			downgrade_write(&shared.sem);
			read_both();
			up_read(&shared.sem);
			break;
		case 2:
			if (!down_read_trylock(&shared.sem))
				break;
			read_both();
			up_read(&shared.sem);
			break;
		default:
			down_read(&shared.sem);
			read_both();
			up_read(&shared.sem);
		}
	}
}

static void begin(void)
{
	shared = (typeof(shared)) { .left = 0 };
	init_rwsem(&shared.sem, RANK_MMAP_LOCK);
	lockstat_reset();
}

static void at_rest(void)
{
	assert_int_equal(shared.sem.count, 0);
	assert_null(shared.sem.head);
	assert_int_equal(shared.left, shared.right);
	assert_int_equal(shared.left, shared.writes);
	assert_true(shared.writes > 0);
	assert_true(lockstat_total(RANK_MMAP_LOCK, LOCKSTAT_WAIT) > 0);
}

static void storm(void **state)
{
	(void)state;
	begin();
	threads_run(THREADS, mix, NULL);
	at_rest();
}

static void storm_with_noise(void **state)
{
	(void)state;
	begin();
	syncpoint_noise(50);
	threads_run(THREADS, mix, NULL);
	syncpoint_noise(0);
	at_rest();
}

/* ---- one against many: the one must be served a number of times while the many never pause ---- */
#define SERVINGS	200

/* Each gives up the core inside at times, so that the lock is rarely free when the one runs. */
static void serve(bool for_write, unsigned int turn)
{
	if (for_write) {
		down_write(&shared.sem);
		write_both();
		up_write(&shared.sem);
	} else {
		down_read(&shared.sem);
		read_both();
		if (turn % 16 == 0)
			sched_yield();
		up_read(&shared.sem);
	}
}

/* Thread 0 is the one. *@arg: the one writes. */
static void one_against_many(void *arg, unsigned int index)
{
	bool one_writes = *(const bool *)arg;

	if (index) {
		serve(!one_writes, 0);
		fetch_add_relaxed(&shared.many, 1);
		for (unsigned int i = 0; !load_relaxed(&shared.stop); i++)
			serve(!one_writes, i);
		return;
	}
	step_await(&shared.many, THREADS - 1);
	for (unsigned int i = 1; i <= SERVINGS; i++) {
		serve(one_writes, i);
		step_reach(&shared.served, i);
	}
}

static void the_one_is_served(bool one_writes)
{
	struct test_threads *threads;
	bool in_time;

	begin();
	threads = threads_start(THREADS, one_against_many, &one_writes);
	in_time = step_within(&shared.served, SERVINGS, TEST_PATIENCE_MS);
	store_relaxed(&shared.stop, 1u);
	threads_join(threads);
	assert_true(in_time);
	at_rest();
}

/* Row: L3. */
static void a_writer_among_readers_is_served(void **state)
{
	(void)state;
	the_one_is_served(true);
}

/* Row: L3. */
static void a_reader_among_writers_is_served(void **state)
{
	(void)state;
	the_one_is_served(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storm),
		cmocka_unit_test(storm_with_noise),
		cmocka_unit_test(a_writer_among_readers_is_served),
		cmocka_unit_test(a_reader_among_writers_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
