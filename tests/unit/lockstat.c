/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lockstat.c - contention is counted where it happened, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lock/lockstat.h"
#include "core/lock/rwsem.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

static uint64_t sum_of_all(void)
{
	uint64_t sum = 0;

	for (unsigned int rank = 0; rank < NR_LOCK_RANKS; rank++)
		for (unsigned int what = 0; what < NR_LOCKSTATS; what++)
			sum += lockstat_total(rank, what);
	return sum;
}

static void counts_have_names(void **state)
{
	(void)state;
	for (unsigned int what = 0; what < NR_LOCKSTATS; what++)
		assert_non_null(lockstat_name(what));
	assert_null(lockstat_name(NR_LOCKSTATS));
}

static void what_is_free_costs_nothing(void **state)
{
	struct rwsem sem;
	spinlock_t lock;

	(void)state;
	lockstat_reset();
	init_rwsem(&sem, RANK_MMAP_LOCK);
	down_read(&sem);
	for (unsigned int kind = 0; kind < NR_SPIN_KINDS; kind++) {
		spin_lock_init(&lock, kind, RANK_PTE_PTL);
		spin_lock(&lock);
		spin_unlock(&lock);
	}
	up_read(&sem);
	assert_int_equal(sum_of_all(), 0);
}

static void sums_are_kept_by_rank(void **state)
{
	const struct wait_cost cost = { .count = { 1, 20, 300, 4000 } };

	(void)state;
	lockstat_reset();
	lockstat_add(RANK_PMD_PTL, &cost);
	lockstat_add(RANK_PMD_PTL, &cost);
	assert_int_equal(lockstat_total(RANK_PMD_PTL, LOCKSTAT_WAIT), 2);
	assert_int_equal(lockstat_total(RANK_PMD_PTL, LOCKSTAT_SPIN), 40);
	assert_int_equal(lockstat_total(RANK_PMD_PTL, LOCKSTAT_YIELD), 600);
	assert_int_equal(lockstat_total(RANK_PMD_PTL, LOCKSTAT_PARK), 8000);
	assert_int_equal(sum_of_all(), 8642);
	cpu_unregister();
	lockstat_add(RANK_PMD_PTL, &cost);
	assert_int_equal(sum_of_all(), 8642);
	assert_int_equal(cpu_register(0, MEM_LOCAL, run_seed), 0);
	lockstat_reset();
	assert_int_equal(sum_of_all(), 0);
}

static struct rwsem sem;

static void write_once(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	down_write(&sem);
	up_write(&sem);
}

static void a_wait_is_counted(void **state)
{
	struct test_threads *threads;
	unsigned int never = 0;

	(void)state;
	lockstat_reset();
	init_rwsem(&sem, RANK_I_MMAP_RWSEM);
	down_read(&sem);
	threads = threads_start(2, write_once, NULL);
	while (!rwsem_is_contended(&sem))
		step_within(&never, 1, 1);
	step_within(&never, 1, 20);
	up_read(&sem);
	threads_join(threads);
	assert_in_range(lockstat_total(RANK_I_MMAP_RWSEM, LOCKSTAT_WAIT), 1, 2);
	assert_true(lockstat_total(RANK_I_MMAP_RWSEM, LOCKSTAT_SPIN) > 0);
	assert_int_equal(lockstat_total(RANK_PTE_PTL, LOCKSTAT_WAIT), 0);
}

/* ---- times, for who asks ---- */
static void assert_times(enum lock_rank rank, uint64_t acquired, uint64_t contended)
{
	struct lock_times times = lockstat_times(rank);

	assert_int_equal(times.acquired, acquired);
	assert_int_equal(times.contended, contended);
	assert_int_equal(!!times.wait, !!contended);
	assert_int_equal(!!times.wait_most, !!contended);
	assert_true(times.wait_most <= times.wait);
}

static void take_all(unsigned int times)
{
	spinlock_t spinlock;
	struct rwsem rwsem;

	spin_lock_init(&spinlock, SPIN_QUEUED, RANK_PTE_PTL);
	init_rwsem(&rwsem, RANK_I_MMAP_RWSEM);
	while (times--) {
		down_read(&rwsem);
		spin_lock(&spinlock);
		spin_unlock(&spinlock);
		up_read(&rwsem);
		down_write(&rwsem);
		downgrade_write(&rwsem);
		assert_true(spin_trylock(&spinlock));
		assert_false(spin_trylock(&spinlock));
		spin_unlock(&spinlock);
		up_read(&rwsem);
	}
}

static void callers_that_did_not_ask_are_not_timed(void **state)
{
	(void)state;
	lockstat_reset();
	take_all(1000);
	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++)
		assert_times(rank, 0, 0);
}

static void what_is_free_is_counted_and_not_waited_for(void **state)
{
	(void)state;
	needs_checks();
	lockstat_reset();
	lockstat_timing_begin();
	take_all(10000);
	lockstat_timing_end();
	take_all(1);
	for (enum lock_rank rank = 0; rank < NR_LOCK_RANKS; rank++)
		assert_times(rank, rank == RANK_PTE_PTL || rank == RANK_I_MMAP_RWSEM ? 20000 : 0, 0);
}

/* Of two locks that are taken in turn, both are among those timed, the outer one for longer. */
static void some_are_timed_until_released(void **state)
{
	struct lock_times inner, outer;

	(void)state;
	needs_checks();
	lockstat_reset();
	lockstat_timing_begin();
	take_all(20000);
	lockstat_timing_end();
	inner = lockstat_times(RANK_PTE_PTL);
	outer = lockstat_times(RANK_I_MMAP_RWSEM);
	assert_in_range(inner.hold_samples, 40000 / LOCKSTAT_INTERVAL / 2, 40000 / LOCKSTAT_INTERVAL * 2);
	assert_in_range(outer.hold_samples, 40000 / LOCKSTAT_INTERVAL / 2, 40000 / LOCKSTAT_INTERVAL * 2);
	assert_true(outer.hold > 0);
}

static void write_once_timed(void *arg, unsigned int index)
{
	lockstat_timing_begin();
	write_once(arg, index);
	lockstat_timing_end();
}

/* Two writers behind a reader: at least one sleeps, and its sleep is part of what it waited. */
static void waits_are_timed_sleep_included(void **state)
{
	const unsigned int slept_ms = 20;
	struct test_threads *threads;
	struct lock_times times;
	unsigned int never = 0;

	(void)state;
	needs_checks();
	lockstat_reset();
	init_rwsem(&sem, RANK_I_MMAP_RWSEM);
	down_read(&sem);
	threads = threads_start(2, write_once_timed, NULL);
	while (!rwsem_is_contended(&sem))
		step_within(&never, 1, 1);
	step_within(&never, 1, slept_ms);
	up_read(&sem);
	threads_join(threads);
	times = lockstat_times(RANK_I_MMAP_RWSEM);
	assert_int_equal(times.acquired, 2);
	assert_in_range(times.contended, 1, 2);
	assert_true((double)times.wait_most * clock_ns_per_tick() > 0.9e6 * slept_ms);
	assert_true(times.wait >= times.wait_most);
	assert_times(RANK_PTE_PTL, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_names),
		cmocka_unit_test(what_is_free_costs_nothing),
		cmocka_unit_test(sums_are_kept_by_rank),
		cmocka_unit_test(a_wait_is_counted),
		cmocka_unit_test(callers_that_did_not_ask_are_not_timed),
		cmocka_unit_test(what_is_free_is_counted_and_not_waited_for),
		cmocka_unit_test(some_are_timed_until_released),
		cmocka_unit_test(waits_are_timed_sleep_included),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
