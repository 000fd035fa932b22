/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_lock: both designs, step by step: who keeps whom out, who waits for whom, and what a reader notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/mmap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/dies.h"
#include "tests/lib/meanwhile.h"
#include "tests/lib/threads.h"
#include "tests/lib/world.h"

#define AREA	(16 * PMD_SIZE)
#define LEN	(8 * PAGE_SIZE)

static const char *const designs[] = { "linux-6.4", "linux-6.15" };

#define for_each_design(policy) \
	for (const char *const *policy##_at = designs, *policy; \
	     policy##_at < designs + ARRAY_SIZE(designs) && (policy = *policy##_at); policy##_at++)

static void map(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	BUG_ON(sys_mmap(mm, addr, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)addr);
}

static struct mm_struct *mm_with_vma(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	map(mm, AREA, LEN);
	return mm;
}

/* Locking: nobody changes the tree. */
static struct vm_area_struct *only_vma(struct mm_struct *mm)
{
	return vma_tree_find(&mm->tree, 0);
}

static bool can_be_read(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);

	if (vma)
		vma_end_read(mm, vma);
	return vma;
}

/* What another thread finds, and how far two threads are. */
struct meeting {
	struct mm_struct *mm;
	bool got;
	unsigned int step;
};

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

static void a_writer_waits_for_the_reader_inside(void **state)
{
	uint64_t waited = events_total(EV_VMA_WRITE_WAIT);

	(void)state;
	for_each_design(policy)
		waits_for_the_reader(policy, write_lock);
	assert_int_equal(events_total(EV_VMA_WRITE_WAIT) - waited, 1);	/* the rwsem counts its waits elsewhere */
}

static void an_unmap_waits_for_the_reader_inside(void **state)
{
	(void)state;
	for_each_design(policy)
		waits_for_the_reader(policy, unmap);
}

/* A reader about to look again (it holds the count, not the lock) keeps a VMA from being detached for that moment. */
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
	assert_false(vma_refcnt_get(vma));	/* nobody else gets in meanwhile */
	vma_refcnt_put(vma);
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

#if FAULTLINE_CHECK
static void change_prot(void *arg)
{
	BUG_ON(sys_mprotect(arg, AREA, LEN, PROT_READ));
}

/* The seq was looked at, then a writer came and went: the reader gets the lock, and finds what the writer left. */
static void a_writer_that_came_and_went_is_no_matter(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		struct vm_area_struct *vma;

		meanwhile("vma_lock.before_get", change_prot, mm);
		vma = lock_vma_under_rcu(mm, AREA);
		assert_int_equal(meanwhile_ran(), 1);
		assert_non_null(vma);
		assert_int_equal(vma->vm_flags, VM_READ);
		vma_end_read(mm, vma);
		mm_exit(mm);
	}
}

/* A writer that holds the VMA until it is told not to. */
struct long_writer {
	struct meeting meeting;
	struct test_threads *threads;
};

static void write_lock_until_told(void *arg, unsigned int index)
{
	struct meeting *meeting = arg;

	(void)index;
	mmap_write_lock(meeting->mm);
	vma_start_write(find_vma(meeting->mm, AREA));
	step_reach(&meeting->step, 1);
	step_await(&meeting->step, 2);
	mmap_write_unlock(meeting->mm);
}

static void start_long_writer(void *arg)
{
	struct long_writer *writer = arg;

	if (writer->threads)
		return;
	writer->threads = threads_start(1, write_lock_until_told, &writer->meeting);
	step_await(&writer->meeting.step, 1);
}

/* The seq was looked at, then a writer locked it: the reader gets in, looks again, and leaves. */
static void a_writer_that_came_since_is_noticed(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct long_writer writer = { .meeting.mm = mm_with_vma(policy) };
		uint64_t rechecks = events_total(EV_VMA_LOCK_RECHECK);

		assert_int_equal(syncpoint_hook("vma_lock.before_get", start_long_writer, &writer), 0);
		assert_null(lock_vma_under_rcu(writer.meeting.mm, AREA));
		assert_int_equal(syncpoint_hook(NULL, NULL, NULL), 0);
		assert_int_equal(events_total(EV_VMA_LOCK_RECHECK) - rechecks, 1);
		step_reach(&writer.meeting.step, 2);
		threads_join(writer.threads);
		assert_true(can_be_read(writer.meeting.mm, AREA));
		mm_exit(writer.meeting.mm);
	}
}

static void unmap_all(void *arg)
{
	BUG_ON(sys_munmap(arg, AREA, LEN));
}

static void a_vma_that_went_is_not_locked(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		uint64_t missed = events_total(EV_VMA_LOCK_MISS);

		meanwhile("vma_lock.before_get", unmap_all, mm);
		assert_null(lock_vma_under_rcu(mm, AREA));
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(events_total(EV_VMA_LOCK_MISS) - missed, 1);
		mm_exit(mm);
	}
}

/* Two mms, and one VMA's memory that moves from the first to the second. */
struct reuse {
	struct mm_struct *from, *to;
	unsigned long addr;
	struct vm_area_struct *before, *after;
};

static void unmap_and_map(void *arg)
{
	struct reuse *reuse = arg;

	BUG_ON(sys_munmap(reuse->from, AREA, LEN));
	map(reuse->to, reuse->addr, LEN);
	reuse->after = only_vma(reuse->to);
}

/* The memory is another mm's VMA by the time it is locked: locked it is, and let go again. */
static void another_mms_vma_is_noticed(void **state)
{
	struct reuse reuse = { .from = mm_with_vma("linux-6.15"), .to = world_mm("linux-6.15"), .addr = AREA };
	uint64_t reused = events_total(EV_VMA_REUSED);

	(void)state;
	reuse.before = only_vma(reuse.from);
	meanwhile("vma_lock.before_get", unmap_and_map, &reuse);
	assert_null(lock_vma_under_rcu(reuse.from, AREA));
	assert_int_equal(meanwhile_ran(), 1);
	assert_ptr_equal(reuse.before, reuse.after);
	assert_int_equal(events_total(EV_VMA_REUSED) - reused, 1);
	assert_int_equal(reuse.after->vm_refcnt, 1);
	assert_true(can_be_read(reuse.to, AREA));
	mm_exit(reuse.from);
	mm_exit(reuse.to);
}

/* The same memory, the same mm, another range: the range is looked at under the lock. */
static void a_vma_that_moved_is_noticed(void **state)
{
	struct mm_struct *mm = mm_with_vma("linux-6.15");
	struct reuse reuse = { .from = mm, .to = mm, .addr = AREA + 4 * LEN, .before = only_vma(mm) };
	uint64_t missed = events_total(EV_VMA_LOCK_MISS);

	(void)state;
	meanwhile("vma_lock.before_get", unmap_and_map, &reuse);
	assert_null(lock_vma_under_rcu(mm, AREA));
	assert_int_equal(meanwhile_ran(), 1);
	assert_ptr_equal(reuse.before, reuse.after);
	assert_int_equal(events_total(EV_VMA_LOCK_MISS) - missed, 1);
	assert_int_equal(reuse.after->vm_refcnt, 1);
	mm_exit(mm);
}

static void unmap_half(void *arg)
{
	BUG_ON(sys_munmap(arg, AREA, LEN / 2));
}

static void a_vma_that_shrank_is_noticed(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		struct vm_area_struct *vma;

		meanwhile("vma_lock.before_get", unmap_half, mm);
		assert_null(lock_vma_under_rcu(mm, AREA));
		assert_int_equal(meanwhile_ran(), 1);
		map(mm, AREA, LEN / 2);
		BUG_ON(sys_mprotect(mm, AREA, LEN / 2, PROT_READ));
		meanwhile("vma_lock.before_get", unmap_half, mm);
		vma = lock_vma_under_rcu(mm, AREA + LEN / 2);	/* the other half is there all the time */
		assert_int_equal(meanwhile_ran(), 1);
		assert_non_null(vma);
		vma_end_read(mm, vma);
		mm_exit(mm);
	}
}

/* The check that check builds make when a reader lets go can fail. */
static void a_change_under_a_reader_dies(void **state)
{
	(void)state;
	for_each_design(policy) {
		struct mm_struct *mm = mm_with_vma(policy);
		struct vm_area_struct *vma = lock_vma_under_rcu(mm, AREA);

		assert_non_null(vma);
		vma->vm_flags ^= VM_EXEC;
		assert_dies("under its reader", vma_end_read(mm, vma));
		vma->vm_flags ^= VM_EXEC;
		vma->vm_end -= PAGE_SIZE;
		assert_dies("under its reader", vma_end_read(mm, vma));
		vma->vm_end += PAGE_SIZE;
		vma_end_read(mm, vma);
		mm_exit(mm);
	}
}
#endif

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
#if FAULTLINE_CHECK
		cmocka_unit_test(a_writer_that_came_and_went_is_no_matter),
		cmocka_unit_test(a_writer_that_came_since_is_noticed),
		cmocka_unit_test(a_vma_that_went_is_not_locked),
		cmocka_unit_test(another_mms_vma_is_noticed),
		cmocka_unit_test(a_vma_that_moved_is_noticed),
		cmocka_unit_test(a_vma_that_shrank_is_noticed),
		cmocka_unit_test(a_change_under_a_reader_dies),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
