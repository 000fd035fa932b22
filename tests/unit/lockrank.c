/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lockrank.c - the order of locks: what is let through, what dies, what a watchdog can read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cpu.h"
#include "core/lock/spinlock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"

static char *text_of(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(out);
	fclose(out);
	return text;
}

static void the_text_defines_every_lock(void **state)
{
	char *text = text_of(lockrank_print);
	const char *at = text;

	(void)state;
	for (unsigned int i = 0; i < NR_LOCK_RANKS; i++) {
		char heading[100];

		snprintf(heading, sizeof(heading), "\n## %s\n\n- **protects** ", lockrank_name(i));
		at = strstr(at, heading);
		assert_non_null(at);
	}
	assert_non_null(strstr(text, "`RANK_PTE_PTL`"));
	assert_string_equal(lockrank_name(RANK_MMAP_LOCK), "mm->mmap_lock");
	assert_string_equal(lockrank_name(NR_LOCK_RANKS), "no lock");
	free(text);
}

static void one_thread_holds_what_readers_do_not_share(void **state)
{
	(void)state;
	assert_true(lockrank_is_exclusive(RANK_PTE_PTL));
	assert_true(lockrank_is_exclusive(RANK_FRAME_LIST));
	assert_true(lockrank_is_exclusive(RANK_FOLIO_LOCK));
	assert_false(lockrank_is_exclusive(RANK_MMAP_LOCK));
	assert_false(lockrank_is_exclusive(RANK_VMA_LOCK));
}

#if FAULTLINE_CHECK
static char locks[40];	/* any addresses will do */

#define want(lock, rank, mode)		lock_wanted((lock), (rank), (mode), LOCK_WAITED, LOCK_SITE)
#define want_nested(lock, rank, mode)	lock_wanted((lock), (rank), (mode), LOCK_NESTED, LOCK_SITE)
#define tried(lock, rank, mode)		lock_acquired((lock), NULL, (rank), (mode), LOCK_TRIED, LOCK_SITE)
/* Rank and mode are for other subscribers. */
#define released(lock)			lock_released((lock), NULL, RANK_SWAP, HELD_WRITE)
#define downgraded(lock)		lock_downgraded((lock), NULL, RANK_SWAP)

static void release_all(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(locks); i++)
		while (lockrank_is_held(&locks[i]))
			released(&locks[i]);
	lockrank_assert_none_held();
}

static void outermost_to_innermost_is_right(void **state)
{
	(void)state;
	for (unsigned int rank = 0; rank <= RANK_FIRST_LEAF; rank++)
		want(&locks[rank], rank, HELD_WRITE);
	assert_int_equal(lockrank_held_count(), RANK_FIRST_LEAF + 1);
	release_all();
}

static void reversal_dies_with_both_names(void **state)
{
	(void)state;
	for (unsigned int outer = 0; outer < NR_LOCK_RANKS; outer++) {
		for (unsigned int inner = outer + 1; inner < NR_LOCK_RANKS; inner++) {
			want(&locks[inner], inner, HELD_READ);
			assert_dies(lockrank_name(outer), want(&locks[outer], outer, HELD_READ));
			assert_dies(lockrank_name(inner), want(&locks[outer], outer, HELD_READ));
			assert_int_equal(lockrank_held_count(), 1);
			released(&locks[inner]);
		}
	}
}

static void same_rank_needs_nesting_and_only_once(void **state)
{
	(void)state;
	want(&locks[0], RANK_PTE_PTL, HELD_WRITE);
	assert_dies("is wanted while PTE-table PTL", want(&locks[1], RANK_PTE_PTL, HELD_WRITE));
	want_nested(&locks[1], RANK_PTE_PTL, HELD_WRITE);
	assert_dies("is wanted while PTE-table PTL", want_nested(&locks[2], RANK_PTE_PTL, HELD_WRITE));
	assert_dies("is wanted while PTE-table PTL", want_nested(&locks[2], RANK_PMD_PTL, HELD_WRITE));
	release_all();
}

static void a_lock_held_is_not_waited_for_again(void **state)
{
	(void)state;
	want(&locks[0], RANK_MMAP_LOCK, HELD_READ);
	assert_dies("already held", want(&locks[0], RANK_MMAP_LOCK, HELD_READ));
	assert_dies("already held", want_nested(&locks[0], RANK_MMAP_LOCK, HELD_READ));
	release_all();
}

static void nothing_is_waited_for_under_a_leaf(void **state)
{
	(void)state;
	for (unsigned int leaf = RANK_FIRST_LEAF; leaf < NR_LOCK_RANKS; leaf++) {
		want(&locks[0], leaf, HELD_WRITE);
		for (unsigned int rank = 0; rank < NR_LOCK_RANKS; rank++)
			assert_dies("is wanted while", want_nested(&locks[1], rank, HELD_WRITE));
		released(&locks[0]);
	}
}

static void a_try_is_free_but_counts_afterwards(void **state)
{
	(void)state;
	want(&locks[0], RANK_PTE_PTL, HELD_WRITE);
	tried(&locks[1], RANK_FOLIO_LOCK, HELD_WRITE);
	released(&locks[0]);
	want(&locks[2], RANK_ANON_VMA_RWSEM, HELD_READ);
	assert_dies("is wanted while", want(&locks[3], RANK_MMAP_LOCK, HELD_READ));
	assert_string_equal(died_by(), "lock order");
	release_all();
}

static void only_what_is_held_is_released(void **state)
{
	(void)state;
	assert_dies("not held", released(&locks[0]));
	want(&locks[0], RANK_MMAP_LOCK, HELD_READ);
	want(&locks[1], RANK_VMA_LOCK, HELD_READ);
	want(&locks[2], RANK_PTE_PTL, HELD_WRITE);
	released(&locks[1]);
	assert_dies("not held", released(&locks[1]));
	assert_true(lockrank_is_held(&locks[0]) && lockrank_is_held(&locks[2]));
	assert_true(lockrank_is_held_write(&locks[2]));
	release_all();
}

static void assertions_of_the_holder(void **state)
{
	(void)state;
	assert_dies("should be held", lockrank_assert_held(&locks[0]));
	want(&locks[0], RANK_MMAP_LOCK, HELD_WRITE);
	lockrank_assert_held(&locks[0]);
	lockrank_assert_held_write(&locks[0]);
	downgraded(&locks[0]);
	lockrank_assert_held(&locks[0]);
	assert_dies("should be held for write", lockrank_assert_held_write(&locks[0]));
	assert_dies("should be held for write", downgraded(&locks[0]));
	assert_dies("mm->mmap_lock", lockrank_assert_none_held());
	assert_string_equal(died_by(), "locks held");
	release_all();
}

static void the_list_has_a_bound(void **state)
{
	unsigned int held = 0;

	(void)state;
	for (; held < 32; held++)
		tried(&locks[held], RANK_VMA_LOCK, HELD_READ);
	assert_dies("more than 32", tried(&locks[held], RANK_VMA_LOCK, HELD_READ));
	release_all();
}

static void each_thread_has_its_own(void *arg, unsigned int index)
{
	(void)arg;
	lockrank_assert_none_held();
	want(&locks[index], RANK_PTE_PTL, HELD_WRITE);
	BUG_ON(lockrank_is_held(&locks[!index]));
	released(&locks[index]);
}

static void threads_hold_apart(void **state)
{
	(void)state;
	want(&locks[5], RANK_SWAP, HELD_WRITE);
	threads_run(2, each_thread_has_its_own, NULL);
	cpu_unregister();
	each_thread_has_its_own(NULL, 0);
	assert_int_equal(cpu_register(0, MEM_LOCAL, run_seed), 0);
	release_all();
}

static spinlock_t watched;

static void wait_for_watched(void *arg, unsigned int index)
{
	(void)index;
	want(&locks[7], RANK_VMA_LOCK, HELD_READ);
	spin_lock(&watched);
	spin_unlock(&watched);
	released(&locks[7]);
	step_reach(arg, 1);
}

static bool dump_shows(const char *what)
{
	char *text = text_of(lockrank_dump);
	bool shown = strstr(text, what);

	free(text);
	return shown;
}

static void a_watchdog_reads_the_waiters(void **state)
{
	struct test_threads *threads;
	unsigned int done = 0;

	(void)state;
	spin_lock_init(&watched, SPIN_TTAS, RANK_PTE_PTL);
	spin_lock(&watched);
	assert_true(dump_shows("holds PTE-table PTL"));
	assert_true(dump_shows("for write, at tests/unit/lockrank.c:"));
	threads = threads_start(1, wait_for_watched, &done);
	for (int i = 0; i < 1000 && !dump_shows("waits for PTE-table PTL"); i++)
		step_within(&done, 1, 10);
	assert_true(dump_shows("waits for PTE-table PTL"));
	assert_true(dump_shows("holds VMA lock"));
	spin_unlock(&watched);
	threads_join(threads);
	assert_false(dump_shows("cpu"));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_defines_every_lock),
		cmocka_unit_test(one_thread_holds_what_readers_do_not_share),
#if FAULTLINE_CHECK
		cmocka_unit_test(outermost_to_innermost_is_right),
		cmocka_unit_test(reversal_dies_with_both_names),
		cmocka_unit_test(same_rank_needs_nesting_and_only_once),
		cmocka_unit_test(a_lock_held_is_not_waited_for_again),
		cmocka_unit_test(nothing_is_waited_for_under_a_leaf),
		cmocka_unit_test(a_try_is_free_but_counts_afterwards),
		cmocka_unit_test(only_what_is_held_is_released),
		cmocka_unit_test(assertions_of_the_holder),
		cmocka_unit_test(the_list_has_a_bound),
		cmocka_unit_test(threads_hold_apart),
		cmocka_unit_test(a_watchdog_reads_the_waiters),
#endif
	};

	return cmocka_run_group_tests(tests, cpu_setup, cpu_teardown);
}
