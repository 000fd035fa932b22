/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk: the locks it asks for, those it takes, and tables that vanish on its way, step by step. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/pagewalk.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/fault.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/probe/detector.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"
#include "tests/lib/scene/walk.h"

/* Two VMAs with a gap between, each of one PTE table, on either side of the highest boundary. */
#define LOW	(2 * PGDIR_SIZE - PMD_SIZE)
#define HIGH	(2 * PGDIR_SIZE + PMD_SIZE)

static struct walk_log seen;

static struct mm_struct *mm_with_vmas(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	BUG_ON(sys_mmap(mm, LOW, PMD_SIZE, PROT_READ | PROT_WRITE, flags, 0) < 0);
	BUG_ON(sys_mmap(mm, HIGH, PMD_SIZE, PROT_READ | PROT_WRITE, flags, 0) < 0);
	BUG_ON(do_user_addr_fault(mm, LOW, FAULT_FLAG_WRITE));
	return mm;
}

static struct walk_plan plan_over(struct mm_struct *mm, enum walk_way way, enum page_walk_lock lock)
{
	return (struct walk_plan){
		.calls = (1u << CALL_PTE) | (1u << CALL_HOLE), .way = way, .lock = lock, .mm = mm,
		.start = LOW, .end = LOW + PMD_SIZE,
	};
}

/* What the walks before died of left its mark on this thread's list of locks, but no lock held. */
/* Row: W4. */
static void a_walk_asks_for_mmap_lock(void **state)
{
	struct mm_struct *mm = mm_with_vmas("linux-6.15");
	struct walk_plan plan;

	(void)state;
	needs_checks();
	for (unsigned int lock = PGWALK_RDLOCK; lock <= PGWALK_WRLOCK_VERIFY; lock++) {
		plan = plan_over(mm, WALK_RANGE, lock);
		assert_dies("should be held", walk_run(&plan, &seen));
		plan = plan_over(mm, WALK_RANGE_MM, lock);
		assert_dies("should be held", walk_run(&plan, &seen));
		plan = plan_over(mm, WALK_VMA_RANGE, lock);
		plan.vma = vma_tree_find(&mm->tree, LOW);
		assert_dies("should be held", walk_run(&plan, &seen));
		mmap_read_lock(mm);
		if (lock != PGWALK_RDLOCK)
			assert_dies("should be held for write", walk_run(&plan, &seen));
		plan.way = WALK_WHOLE_VMA;
		if (lock != PGWALK_RDLOCK)
			assert_dies("should be held for write", walk_run(&plan, &seen));
		plan.way = WALK_RANGE;
		if (lock != PGWALK_RDLOCK)
			assert_dies("should be held for write", walk_run(&plan, &seen));
		mmap_read_unlock(mm);
		assert_dies("should be held", walk_run(&plan, &seen));
	}
	mm_exit(mm);
}

/* Row: W9. */
static void a_walk_without_vmas_asks_for_the_write_lock(void **state)
{
	struct mm_struct *mm = mm_with_vmas("linux-6.15");
	struct walk_plan plan = plan_over(mm, WALK_NOVMA, PGWALK_RDLOCK);

	(void)state;
	needs_checks();
	assert_dies("should be held for write", walk_run(&plan, &seen));
	mmap_read_lock(mm);
	assert_dies("should be held for write", walk_run(&plan, &seen));
	mmap_read_unlock(mm);
	mmap_write_lock(mm);
	walk_run(&plan, &seen);
	mmap_write_unlock(mm);
	assert_int_equal(seen.nr, PTRS_PER_PTE);
	mm_exit(mm);
}

static void vmas_are_locked_or_must_be(const char *policy)
{
	struct mm_struct *mm = mm_with_vmas(policy);
	struct walk_plan plan = plan_over(mm, WALK_RANGE, PGWALK_WRLOCK_VERIFY);
	struct vm_area_struct *low, *high;

	mmap_write_lock(mm);
	low = find_vma(mm, LOW);
	high = find_vma(mm, HIGH);
	assert_false(vma_is_write_locked(low) || vma_is_write_locked(high));
	assert_dies("vma_is_write_locked", walk_run(&plan, &seen));
	plan.lock = PGWALK_RDLOCK;
	walk_run(&plan, &seen);
	assert_false(vma_is_write_locked(low));
	plan.lock = PGWALK_WRLOCK;
	walk_run(&plan, &seen);
	assert_true(vma_is_write_locked(low));
	assert_false(vma_is_write_locked(high));	/* out of the range */
	plan.lock = PGWALK_WRLOCK_VERIFY;
	walk_run(&plan, &seen);
	assert_int_equal(seen.ret, 0);
	plan.end = HIGH + PAGE_SIZE;
	assert_dies("vma_is_write_locked", walk_run(&plan, &seen));
	plan.lock = PGWALK_WRLOCK;
	walk_run(&plan, &seen);
	assert_true(vma_is_write_locked(high));
	mmap_write_unlock(mm);
	mmap_write_lock(mm);
	assert_false(vma_is_write_locked(low) || vma_is_write_locked(high));
	mmap_write_unlock(mm);
	mm_exit(mm);
}

/* Row: W4. */
static void a_walk_locks_vmas_or_wants_them_locked(void **state)
{
	(void)state;
	vmas_are_locked_or_must_be("linux-6.4");
	vmas_are_locked_or_must_be("linux-6.15");
}

static int always_again(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)pmdp, (void)addr, (void)next;
	walk->action = ACTION_AGAIN;
	return 0;
}

/* A callback that requests another round without end is a bug, and is reported. */
/* Row: W3. */
static void rounds_are_bounded(void **state)
{
	struct mm_struct *mm = mm_with_vmas("linux-6.15");
	const struct mm_walk_ops ops = { .pmd_entry = always_again };

	(void)state;
	mmap_read_lock(mm);
	assert_dies("a page walk's PMD entry", walk_page_range(mm, LOW, LOW + PAGE_SIZE, &ops, NULL));
	detector_switch("retries", false);
	assert_dies("a page walk's PMD entry", walk_page_range(mm, LOW, LOW + PAGE_SIZE, &ops, NULL));
	detector_switch("retries", true);
	mmap_read_unlock(mm);
	mm_exit(mm);
}

#if FAULTLINE_CHECK
static void drop(void *arg)
{
	BUG_ON(sys_madvise(arg, LOW, PMD_SIZE, MADV_DONTNEED));
}

static void drop_and_fault(void *arg)
{
	drop(arg);
	BUG_ON(do_user_addr_fault(arg, LOW + PAGE_SIZE, FAULT_FLAG_WRITE));
}

/* Between the PMD entry and its table's lock the table goes: the entry is looked at again, and found to be a hole. */
/* Row: W3. */
static void a_table_that_vanishes_is_a_hole(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = mm_with_vmas(world_policies[p]);
		struct walk_plan plan = plan_over(mm, WALK_RANGE, PGWALK_RDLOCK);

		if (mm->pt.policy.reclaim_tables && mm->pt.policy.table_free == TABLE_FREE_RCU) {
			meanwhile("ptl.map.read_pmd", drop, mm);
			mmap_read_lock(mm);
			walk_run(&plan, &seen);
			mmap_read_unlock(mm);
			assert_int_equal(meanwhile_ran(), 1);
			assert_int_equal(seen.ret, 0);
			assert_int_equal(seen.agains, 1);
			assert_int_equal(seen.nr, 1);
			assert_int_equal(seen.record[0].call, CALL_HOLE);
			assert_int_equal(seen.record[0].depth, real_depth(LEVEL_PMD));
			assert_true(seen.record[0].addr == LOW && seen.record[0].next == LOW + PMD_SIZE);
		}
		mm_exit(mm);
	}
}

/*
 * It goes, and another comes: that one is walked. It goes as often as there are pages put in: so often it is looked at.
 */
static void the_table_that_took_its_place_is_walked(void **state)
{
	struct mm_struct *mm = mm_with_vmas("linux-6.15");
	struct walk_plan plan = plan_over(mm, WALK_RANGE, PGWALK_RDLOCK);

	(void)state;
	/* The other thread passes the point too, but only this one's hits count. */
	meanwhile_each("ptl.map.read_pmd", 3, drop_and_fault, mm);
	mmap_read_lock(mm);
	walk_run(&plan, &seen);
	mmap_read_unlock(mm);
	assert_int_equal(meanwhile_ran(), 3);
	assert_int_equal(seen.agains, 3);
	assert_int_equal(seen.nr, PTRS_PER_PTE);
	for (unsigned int i = 0; i < seen.nr; i++) {
		assert_int_equal(seen.record[i].call, CALL_PTE);
		assert_int_equal(seen.record[i].value != 0, i == 1);
	}
	mm_exit(mm);
}

/* Before the PMD entry is read. However tables are freed: no section is open there that the freeing would wait for. */
/* Row: W3. */
static void a_table_that_vanishes_before_is_read_anew(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = mm_with_vmas(world_policies[p]);
		struct walk_plan plan = plan_over(mm, WALK_RANGE, PGWALK_RDLOCK);
		bool goes = mm->pt.policy.reclaim_tables;

		meanwhile("pagewalk.pmd", drop, mm);
		mmap_read_lock(mm);
		walk_run(&plan, &seen);
		mmap_read_unlock(mm);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(seen.agains, goes);
		assert_int_equal(seen.nr, goes ? 1 : PTRS_PER_PTE);
		assert_int_equal(seen.record[0].call, goes ? CALL_HOLE : CALL_PTE);
		mm_exit(mm);
	}
}

/* Installing, the same: the table is made once more, and nothing is installed in the one that went. */
/* Row: W7. */
static void installing_starts_again_too(void **state)
{
	struct mm_struct *mm = mm_with_vmas("linux-6.15");
	struct walk_plan plan = plan_over(mm, WALK_RANGE_MM, PGWALK_RDLOCK);

	(void)state;
	plan.calls = 1u << CALL_INSTALL;
	meanwhile_each("ptl.map.read_pmd", 2, drop, mm);
	mmap_read_lock(mm);
	walk_run(&plan, &seen);
	mmap_read_unlock(mm);
	assert_int_equal(meanwhile_ran(), 2);
	assert_int_equal(seen.ret, 0);
	assert_int_equal(seen.agains, 2);
	assert_int_equal(tree_count(mm).guard, PTRS_PER_PTE);
	assert_true(tree_counters_right(mm));
	mm_exit(mm);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_asks_for_mmap_lock),
		cmocka_unit_test(a_walk_without_vmas_asks_for_the_write_lock),
		cmocka_unit_test(a_walk_locks_vmas_or_wants_them_locked),
		cmocka_unit_test(rounds_are_bounded),
#if FAULTLINE_CHECK
		cmocka_unit_test(a_table_that_vanishes_is_a_hole),
		cmocka_unit_test(the_table_that_took_its_place_is_walked),
		cmocka_unit_test(a_table_that_vanishes_before_is_read_anew),
		cmocka_unit_test(installing_starts_again_too),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
