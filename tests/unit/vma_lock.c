/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_lock: both designs, step by step: which side excludes which, which waits for which, and what a reader detects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/munmap.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/vma_scene.h"

static void try_to_read(void *arg, unsigned int index)
{
	struct meeting *meeting = arg;

	(void)index;
	meeting->got = can_be_read(meeting->mm, AREA);
}

static bool others_can_read(struct mm_struct *mm)
{
	struct meeting meeting = { .mm = mm };

	threads_run(1, try_to_read, &meeting);
	return meeting.got;
}

static void the_vma_that_holds_the_address_is_locked(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		uint64_t missed = events_total(EV_VMA_LOCK_MISS);
		struct vm_area_struct *vma = lock_vma_under_rcu(mm, AREA + LEN - 1);

		assert_ptr_equal(vma, only_vma(mm));
		vma_end_read(mm, vma);
		assert_int_equal(events_total(EV_VMA_LOCK_MISS), missed);
		assert_null(lock_vma_under_rcu(mm, AREA - 1));		/* another one is found, and is not it */
		assert_null(lock_vma_under_rcu(mm, AREA + LEN));	/* none is found */
		assert_int_equal(events_total(EV_VMA_LOCK_MISS), missed + 2);
		mm_exit(mm);
	}
}

static void without_a_lock_there_is_none(void **state)
{
	struct mm_struct *mm = mm_with_vma("linux-6.15,vma_lock=none");

	(void)state;
	assert_null(lock_vma_under_rcu(mm, AREA));
	mmap_write_lock(mm);
	vma_start_write(only_vma(mm));
	vma_assert_write_locked(only_vma(mm));
	mmap_write_unlock(mm);
	mm_exit(mm);
}

static void readers_share(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		struct vm_area_struct *vma = lock_vma_under_rcu(mm, AREA);

		assert_non_null(vma);
		assert_true(others_can_read(mm));
		vma_end_read(mm, vma);
		mm_exit(mm);
	}
}

/* Write-locked until mmap_lock is dropped, or downgraded; and only the VMAs that were locked. */
static void a_writer_keeps_readers_out(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		struct vm_area_struct *vma = only_vma(mm);

		mmap_write_lock(mm);
		assert_true(others_can_read(mm));
		assert_false(vma_is_write_locked(vma));
		vma_start_write(vma);
		assert_true(vma_is_write_locked(vma));
		assert_false(others_can_read(mm));
		vma_start_write(vma);
		assert_false(others_can_read(mm));
		mmap_write_downgrade(mm);
		assert_true(others_can_read(mm));
		mmap_read_unlock(mm);
		mmap_write_lock(mm);
		assert_false(vma_is_write_locked(vma));
		vma_start_write(vma);
		assert_false(others_can_read(mm));
		mmap_write_unlock(mm);
		assert_true(others_can_read(mm));
		mm_exit(mm);
	}
}

/* Row: L4. */
static void all_are_unlocked_at_once(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = world_mm(policy);

		for (unsigned long i = 0; i < 10; i++)
			map(mm, AREA + 2 * i * LEN, LEN);
		mmap_write_lock(mm);
		for (unsigned long i = 0; i < 10; i += 2)
			vma_start_write(find_vma(mm, AREA + 2 * i * LEN));
		for (unsigned long i = 0; i < 10; i++)
			assert_int_equal(can_be_read(mm, AREA + 2 * i * LEN), i % 2);
		mmap_write_unlock(mm);
		for (unsigned long i = 0; i < 10; i++)
			assert_true(can_be_read(mm, AREA + 2 * i * LEN));
		mm_exit(mm);
	}
}

static void write_lock(void *arg, unsigned int index)
{
	struct meeting *meeting = arg;

	(void)index;
	mmap_write_lock(meeting->mm);
	vma_start_write(find_vma(meeting->mm, AREA));
	step_reach(&meeting->step, 1);
	mmap_write_unlock(meeting->mm);
}

static void unmap(void *arg, unsigned int index)
{
	struct meeting *meeting = arg;

	(void)index;
	BUG_ON(sys_munmap(meeting->mm, AREA, LEN));
	step_reach(&meeting->step, 1);
}

/* @writer does not get past a reader that is inside, and gets on once it has left. */
static void waits_for_the_reader(const char *policy, void (*writer)(void *arg, unsigned int index))
{
	struct meeting meeting = { .mm = mm_with_vma(policy) };
	struct vm_area_struct *vma = lock_vma_under_rcu(meeting.mm, AREA);
	struct test_threads *threads;

	assert_non_null(vma);
	threads = threads_start(1, writer, &meeting);
	assert_false(step_within(&meeting.step, 1, 50));
	assert_true(vma->vm_start == AREA && vma->vm_end == AREA + LEN);
	vma_end_read(meeting.mm, vma);
	step_await(&meeting.step, 1);
	threads_join(threads);
	mm_exit(meeting.mm);
}

/* Row: L4. */
static void a_writer_waits_for_the_reader_inside(void **state)
{
	uint64_t waited = events_total(EV_VMA_WRITE_WAIT);

	(void)state;
	for_each_design(policy)
		waits_for_the_reader(policy, write_lock);
	assert_int_equal(events_total(EV_VMA_WRITE_WAIT) - waited, 2);	/* the rwsem counts its waits elsewhere */
}

static void an_unmap_waits_for_the_reader_inside(void **state)
{
	(void)state;
	for_each_design(policy)
		waits_for_the_reader(policy, unmap);
}

/* A reader about to re-check (it holds the count, not the lock) delays the detaching of its VMA for that moment. */
static void detach(void *arg, unsigned int index)
{
	struct meeting *meeting = arg;
	struct vm_area_struct *vma;

	(void)index;
	mmap_write_lock(meeting->mm);
	vma = find_vma(meeting->mm, AREA);
	vma_start_write(vma);
	step_reach(&meeting->step, 1);
	step_await(&meeting->step, 2);
	vma_unlink(meeting->mm, vma);
	step_reach(&meeting->step, 3);
	mmap_write_unlock(meeting->mm);
	vma_free(meeting->mm, vma);
}

static void detaching_waits_for_the_count(void **state)
{
	struct meeting meeting = { .mm = mm_with_vma("linux-6.15") };
	struct vm_area_struct *vma = only_vma(meeting.mm);
	struct test_threads *threads = threads_start(1, detach, &meeting);

	(void)state;
	step_await(&meeting.step, 1);
	assert_true(vma_refcnt_get(vma));
	step_reach(&meeting.step, 2);
	assert_false(step_within(&meeting.step, 3, 50));
	assert_false(vma_refcnt_get(vma));	/* no reader gets in meanwhile */
	vma_refcnt_put(VMA_LOCK_REFCNT, meeting.mm, vma);
	step_await(&meeting.step, 3);
	threads_join(threads);
	assert_int_equal(vma->vm_refcnt, 0);
	assert_false(vma_refcnt_get(vma));
	mm_exit(meeting.mm);
}

static void a_detached_vma_must_be_write_locked(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);

		mmap_write_lock(mm);
		assert_dies("vma_is_write_locked", vma_mark_detached(only_vma(mm)));
		assert_dies("vma_is_write_locked", vma_assert_write_locked(only_vma(mm)));
		mmap_write_unlock(mm);
		mm_exit(mm);
	}
}

static void a_write_lock_needs_mmap_lock(void **state)
{
	(void)state;
	needs_checks();
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		struct vm_area_struct *vma = only_vma(mm);

		assert_dies("should be held for write", vma_start_write(vma));
		mmap_read_lock(mm);
		assert_dies("should be held for write", vma_start_write(vma));
		mmap_read_unlock(mm);
		mm_exit(mm);
	}
}

/* The check that check builds make when a reader unlocks can fail. */
static void a_change_under_a_reader_dies(void **state)
{
	(void)state;
	needs_checks();
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		struct vm_area_struct *vma = lock_vma_under_rcu(mm, AREA);

		assert_non_null(vma);
		vma->vm_flags ^= VM_EXEC;
		assert_dies("under its reader", vma_end_read(mm, vma));
		vma->vm_flags ^= VM_EXEC;
		vma->vm_end -= PAGE_SIZE;
		assert_dies("under its reader", vma_end_read(mm, vma));
		assert_string_equal(died_by(), "VMA reader");
		vma->vm_end += PAGE_SIZE;
		vma_end_read(mm, vma);
		mm_exit(mm);
	}
}

/* Nothing else keeps the VMA from being freed between the look-up and the lock. */
static void a_reader_needs_rcu_or_mmap_lock(void **state)
{
	(void)state;
	needs_checks();
#if !defined(FAULTLINE_RCU_QSBR)
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		struct vm_area_struct *vma = only_vma(mm);

		assert_dies("rcu_read_held", vma_start_read(mm, vma));
		rcu_read_lock();
		assert_true(vma_start_read(mm, vma));
		rcu_read_unlock();
		vma_end_read(mm, vma);
		mm_exit(mm);
	}
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vma_that_holds_the_address_is_locked),
		cmocka_unit_test(without_a_lock_there_is_none),
		cmocka_unit_test(readers_share),
		cmocka_unit_test(a_writer_keeps_readers_out),
		cmocka_unit_test(all_are_unlocked_at_once),
		cmocka_unit_test(a_writer_waits_for_the_reader_inside),
		cmocka_unit_test(an_unmap_waits_for_the_reader_inside),
		cmocka_unit_test(detaching_waits_for_the_count),
		cmocka_unit_test(a_detached_vma_must_be_write_locked),
		cmocka_unit_test(a_write_lock_needs_mmap_lock),
		cmocka_unit_test(a_change_under_a_reader_dies),
		cmocka_unit_test(a_reader_needs_rcu_or_mmap_lock),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
