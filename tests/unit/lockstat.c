/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lockstat.c - contention is counted where it happened, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/lock/lockstat.h"
#include "core/lock/rwsem.h"
#include "tests/lib/threads.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_names),
		cmocka_unit_test(what_is_free_costs_nothing),
		cmocka_unit_test(sums_are_kept_by_rank),
		cmocka_unit_test(a_wait_is_counted),
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
