/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise, guard regions: every refusal, tables that are freed when they are empty, and faults in the middle of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/mmap_lock.h"
#include "core/op/exit.h"
#include "core/op/guard.h"
#include "core/op/zap.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/scene/fault_scene.h"

static const int advices[] = { MADV_DONTNEED, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_GUARD_INSTALL,
			       MADV_GUARD_REMOVE };

static void every_refusal(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(advices); i++) {
		assert_int_equal(sys_madvise(mm, AREA + 1, PAGE_SIZE, advices[i]), -EINVAL);
		assert_int_equal(sys_madvise(mm, AREA, -1ul, advices[i]), -EINVAL);
		assert_int_equal(sys_madvise(mm, AREA, 0, advices[i]), 0);
		assert_int_equal(sys_madvise(mm, AREA + LEN, PAGE_SIZE, advices[i]), -ENOMEM);
		assert_int_equal(sys_madvise(mm, TASK_SIZE, PAGE_SIZE, advices[i]), -ENOMEM);
	}
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, 99), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, 0, 99), -EINVAL);
	mm_exit(mm);
}

static void populate_needs_the_right(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	map_at(mm, AREA, PAGE_SIZE, PROT_READ);
	map_at(mm, AREA + PAGE_SIZE, PAGE_SIZE, PROT_WRITE);
	map_at(mm, AREA + 2 * PAGE_SIZE, PAGE_SIZE, PROT_EXEC);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_POPULATE_READ), 0);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_POPULATE_WRITE), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA + PAGE_SIZE, PAGE_SIZE, MADV_POPULATE_READ), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA + PAGE_SIZE, PAGE_SIZE, MADV_POPULATE_WRITE), 0);
	assert_int_equal(sys_madvise(mm, AREA + 2 * PAGE_SIZE, PAGE_SIZE, MADV_POPULATE_READ), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_POPULATE_READ), -EINVAL);	/* stops there */
	assert_int_equal(tree_count(mm).zero, 1);
	mm_exit(mm);
}

static void populate_stops_at_a_guard_and_at_a_gap(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	assert_int_equal(sys_madvise(mm, AREA + 3 * PAGE_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(sys_madvise(mm, AREA, 6 * PAGE_SIZE, MADV_POPULATE_WRITE), -EFAULT);
	assert_int_equal(tree_count(mm).anon, 3);
	assert_int_equal(sys_munmap(mm, AREA + 8 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(sys_madvise(mm, AREA + 5 * PAGE_SIZE, 6 * PAGE_SIZE, MADV_POPULATE_READ), -ENOMEM);
	assert_int_equal(tree_count(mm).zero, 3);
	mm_exit(mm);
}

/* But for populate, what lies beyond a gap is seen to as well. */
static void a_gap_is_reported_at_the_end(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	for (unsigned long i = 0; i < 4; i++)
		write_at(mm, AREA + i * PAGE_SIZE);
	assert_int_equal(sys_munmap(mm, AREA + PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(sys_madvise(mm, AREA, 3 * PAGE_SIZE, MADV_DONTNEED), -ENOMEM);
	assert_int_equal(tree_count(mm).anon, 1);
	assert_int_equal(sys_madvise(mm, AREA, 4 * PAGE_SIZE, MADV_GUARD_INSTALL), -ENOMEM);
	assert_int_equal(tree_count(mm).guard, 3);
	assert_int_equal(sys_madvise(mm, AREA, 3 * PAGE_SIZE, MADV_GUARD_REMOVE), -ENOMEM);
	assert_int_equal(tree_count(mm).guard, 1);
	assert_true(tree_counters_right(mm));
	mm_exit(mm);
}

/* Returns how many tables are freed by a DONTNEED over [@start, @end) of the area. */
static unsigned int reclaimed_over(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	uint64_t before = events_total(EV_PTE_TABLE_RECLAIM);

	assert_int_equal(sys_madvise(mm, AREA + start, end - start, MADV_DONTNEED), 0);
	assert_true(tree_counters_right(mm));
	return (unsigned int)(events_total(EV_PTE_TABLE_RECLAIM) - before);
}

/* Row: L2. */
static void a_whole_table_goes_when_it_is_empty(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = mm_with_area(world_policies[p]);
		unsigned int one = mm->pt.policy.reclaim_tables;

		write_at(mm, AREA);
		write_at(mm, AREA + PMD_SIZE);
		assert_int_equal(reclaimed_over(mm, PAGE_SIZE, PMD_SIZE), 0);			/* not whole */
		/* the same, and empty */
		assert_int_equal(reclaimed_over(mm, 0, PMD_SIZE - PAGE_SIZE), 0);
		assert_int_equal(reclaimed_over(mm, 0, PMD_SIZE), one);
		assert_int_equal(reclaimed_over(mm, 0, PMD_SIZE), 0);				/* gone already */
		assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
		/* the guard keeps the first */
		assert_int_equal(reclaimed_over(mm, 0, LEN), one);
		assert_int_equal(tree_count(mm).guard, 1);
		assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_REMOVE), 0);
		assert_int_equal(reclaimed_over(mm, 0, LEN), one);
		assert_int_equal(tree_count(mm).pte_tables, one ? 0 : 2);
		mm_exit(mm);
	}
}

/* Row: G1. */
static void guards_are_taken_by_munmap_alone(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	write_at(mm, AREA + PAGE_SIZE);
	read_at(mm, AREA + 2 * PAGE_SIZE);
	assert_int_equal(sys_madvise(mm, AREA, 4 * PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(sys_madvise(mm, AREA, 4 * PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(tree_count(mm).guard, 4);
	assert_int_equal(tree_count(mm).anon + tree_count(mm).zero, 0);
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_DONTNEED), 0);
	assert_int_equal(sys_mprotect(mm, AREA, LEN, PROT_NONE), 0);
	assert_int_equal(sys_mprotect(mm, AREA, LEN, READ_WRITE), 0);
	assert_int_equal(tree_count(mm).guard, 4);
	assert_int_equal(do_user_addr_fault(mm, AREA, 0), VM_FAULT_SIGSEGV);
	write_at(mm, AREA + 4 * PAGE_SIZE);
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_GUARD_REMOVE), 0);
	assert_int_equal(tree_count(mm).anon, 1);	/* and nothing else */
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(sys_munmap(mm, AREA, PAGE_SIZE), 0);
	map_at(mm, AREA, PAGE_SIZE, READ_WRITE);
	write_at(mm, AREA);
	mm_exit(mm);
}

#if FAULTLINE_CHECK
static void fault_there(void *arg)
{
	write_at(arg, AREA + 2 * PAGE_SIZE);
}

/* A page that is mapped between the zap and the unlinking keeps its table. */
static void a_table_in_use_again_stays(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = mm_with_area(world_policies[p]);

		write_at(mm, AREA);
		meanwhile("zap.before_reclaim", fault_there, mm);
		assert_int_equal(reclaimed_over(mm, 0, PMD_SIZE), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(tree_count(mm).anon, 1);
		assert_int_equal(tree_count(mm).pte_tables, 1);
		mm_exit(mm);
	}
}

static void drop(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, PMD_SIZE, MADV_DONTNEED));
}

/* Two of them over the same table: the second finds it unlinked. */
static void a_table_goes_once(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	write_at(mm, AREA);
	meanwhile("zap.before_reclaim", drop, mm);
	assert_int_equal(reclaimed_over(mm, 0, PMD_SIZE), 1);
	assert_int_equal(meanwhile_ran(), 1);
	write_at(mm, AREA);
	meanwhile("ptl.map.read_pmd", drop, mm);	/* it was there when it was read */
	assert_int_equal(reclaimed_over(mm, 0, PMD_SIZE), 1);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(tree_count(mm).pte_tables, 0);
	mm_exit(mm);
}

static void drop_and_fault(void *arg)
{
	drop(arg);
	fault_there(arg);
}

/* Another table has taken its place: that one is zapped. */
static void the_table_in_its_place_is_zapped(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");

	(void)state;
	write_at(mm, AREA);
	meanwhile("ptl.map.read_pmd", drop_and_fault, mm);
	assert_int_equal(reclaimed_over(mm, 0, PMD_SIZE), 2);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(tree_count(mm).anon, 0);
	mm_exit(mm);
}

/* Faults that map a page after each zap: so often guards are tried. */
static void guards_are_tried_again(void **state)
{
	(void)state;
	for (unsigned int faults = 1; faults <= 7; faults++) {
		struct mm_struct *mm = mm_with_area("linux-6.15");
		uint64_t retries = events_total(EV_GUARD_RETRY);

		fault_there(mm);
		meanwhile_each("guard.zapped", faults, fault_there, mm);
		assert_int_equal(sys_madvise(mm, AREA, 4 * PAGE_SIZE, MADV_GUARD_INSTALL), 0);
		assert_int_equal(meanwhile_ran(), faults);
		assert_int_equal(events_total(EV_GUARD_RETRY) - retries, faults + 1);
		assert_int_equal(tree_count(mm).guard, 4);
		assert_int_equal(tree_count(mm).anon, 0);
		assert_true(tree_counters_right(mm));
		mm_exit(mm);
	}
}

/* But not for ever while mmap_lock is held. */
/* Row: G1. */
static void guards_give_up_after_three_rounds(void **state)
{
	struct mm_struct *mm = mm_with_area("linux-6.15");
	int err;

	(void)state;
	fault_there(mm);
	meanwhile_each("guard.zapped", 3, fault_there, mm);
	mmap_read_lock(mm);
	err = guard_install(mm, vma_tree_find(&mm->tree, AREA), AREA, AREA + 4 * PAGE_SIZE);
	mmap_read_unlock(mm);
	assert_int_equal(meanwhile_ran(), 3);
	assert_int_equal(err, -EAGAIN);
	assert_int_equal(tree_count(mm).anon, 1);
	assert_true(tree_counters_right(mm));
	mm_exit(mm);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal),
		cmocka_unit_test(populate_needs_the_right),
		cmocka_unit_test(populate_stops_at_a_guard_and_at_a_gap),
		cmocka_unit_test(a_gap_is_reported_at_the_end),
		cmocka_unit_test(a_whole_table_goes_when_it_is_empty),
		cmocka_unit_test(guards_are_taken_by_munmap_alone),
#if FAULTLINE_CHECK
		cmocka_unit_test(a_table_in_use_again_stays),
		cmocka_unit_test(a_table_goes_once),
		cmocka_unit_test(the_table_in_its_place_is_zapped),
		cmocka_unit_test(guards_are_tried_again),
		cmocka_unit_test(guards_give_up_after_three_rounds),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
