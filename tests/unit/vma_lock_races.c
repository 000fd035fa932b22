/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_lock: what changes between a reader's look at a VMA and its lock on it, step by step, in both designs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/lock/wait.h"
#include "core/op/exit.h"
#include "core/op/fault.h"
#include "core/op/madvise.h"
#include "core/op/maps.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/vma_scene.h"

static void change_prot(void *arg)
{
	BUG_ON(sys_mprotect(arg, AREA, LEN, PROT_READ));
}

/* The seq was looked at, then a writer came and went: the reader gets the lock, and finds what the writer left. */
static void a_writer_that_came_and_went_is_no_matter(void **state)
{
	(void)state;
	needs_checks();
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

/* A writer that holds the VMA until it is stopped. */
struct long_writer {
	struct meeting meeting;
	struct test_threads *threads;
};

static void write_lock_until_stopped(void *arg, unsigned int index)
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
	writer->threads = threads_start(1, write_lock_until_stopped, &writer->meeting);
	step_await(&writer->meeting.step, 1);
}

/* A writer locks the VMA after the first check of the seq: the reader gets in, re-checks, and leaves. */
/* Row: L4. */
static void a_writer_that_came_since_is_noticed(void **state)
{
	(void)state;
	needs_checks();
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

/* Row: L4. */
static void a_vma_that_went_is_not_locked(void **state)
{
	(void)state;
	needs_checks();
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

/* The memory is another mm's VMA when the reader locks it: it is locked, and unlocked again. */
static void notice_another_mms_vma(const char *policy)
{
	uint64_t reused = events_total(EV_VMA_REUSED);
	struct reuse reuse = { .addr = AREA };

	reuse.from = mm_with_vma(policy);
	reuse.to = world_mm(policy);
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

/* Row: L4. */
static void another_mms_vma_is_noticed(void **state)
{
	(void)state;
	needs_checks();
	notice_another_mms_vma("linux-6.15");
	notice_another_mms_vma("linux-6.15,vma_lock=refcnt_mm");
}

/* ---- the other mm ends between the moment a late reader drops its VMA and its wake-up ---- */
static struct {
	struct reuse reuse;
	struct test_threads *exit;	/* of the other mm */
} late;

static void exit_other(void *arg, unsigned int index)
{
	(void)index;
	mm_exit(arg);
}

/* The writer is woken by yet another late reader, and goes on to the end. */
static void let_the_exit_end(void *arg)
{
	uint32_t *word = &late.reuse.to->vma_writer_wait;

	(void)arg;
	store_relaxed(word, 0u);
	futex_wake_one(word);
	threads_join(late.exit);
	BUG_ON(syncpoint_hook(NULL, NULL, NULL));
}

/* The reader is inside: the exit begins, and waits for it. */
static void let_the_exit_begin(void *arg)
{
	(void)arg;
	BUG_ON(syncpoint_hook("vma_lock.before_wake", let_the_exit_end, NULL));
	late.exit = threads_start(1, exit_other, late.reuse.to);
	while (!(load_relaxed(&late.reuse.after->vm_refcnt) & VMA_LOCK_OFFSET))
		sched_yield();
}

static void lock_anothers_vma_late(void)
{
	late.reuse = (struct reuse){ .addr = AREA };
	late.reuse.from = mm_with_vma("linux-6.15,vma_lock=refcnt_mm");
	late.reuse.to = world_mm("linux-6.15,vma_lock=refcnt_mm");
	late.reuse.before = only_vma(late.reuse.from);
	unmap_and_map(&late.reuse);
	assert_ptr_equal(late.reuse.before, late.reuse.after);
	assert_int_equal(syncpoint_hook("vma_lock.after_get", let_the_exit_begin, NULL), 0);
	rcu_read_lock();
}

static void the_other_mm_outlives_a_late_reader(void **state)
{
	(void)state;
	needs_checks();
	lock_anothers_vma_late();
	assert_false(vma_start_read(late.reuse.from, late.reuse.before));
	rcu_read_unlock();
	mm_exit(late.reuse.from);
}

/* Row: L4. */
static void without_a_reference_it_is_gone(void **state)
{
	(void)state;
	needs_checks();
	if (FAULTLINE_PLAIN_ALLOC)
		skip();		/* a sanitizer ends the program where the memory is read */
	lock_anothers_vma_late();
	assert_int_equal(knockout_enable("vma-wake:mm-grab"), 0);
	assert_dies("is accessed after the unlink", vma_start_read(late.reuse.from, late.reuse.before));
	knockout_clear();
	rcu_read_unlock();
	mm_exit(late.reuse.from);
}

/* Row: L4. */
static void without_the_look_another_mms_vma_is_locked(void **state)
{
	struct reuse reuse = { .addr = AREA };
	struct vm_area_struct *vma;

	(void)state;
	needs_checks();
	reuse.from = mm_with_vma("linux-6.15");
	reuse.to = world_mm("linux-6.15");
	assert_int_equal(knockout_enable("vma-lock:mm-recheck"), 0);
	meanwhile("vma_lock.before_get", unmap_and_map, &reuse);
	vma = lock_vma_under_rcu(reuse.from, AREA);
	knockout_clear();
	assert_int_equal(meanwhile_ran(), 1);
	assert_ptr_equal(vma, reuse.after);
	assert_ptr_equal(vma->vm_mm, reuse.to);
	vma_end_read(reuse.to, vma);
	mm_exit(reuse.from);
	mm_exit(reuse.to);
}

/* The same memory, the same mm, another range: the range is looked at under the lock. */
static void a_vma_that_moved_is_noticed(void **state)
{
	uint64_t missed = events_total(EV_VMA_LOCK_MISS);
	struct reuse reuse = { .addr = AREA + 4 * LEN };
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = mm_with_vma("linux-6.15");
	reuse.from = reuse.to = mm;
	reuse.before = only_vma(mm);
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
	needs_checks();
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

/* ---- readers of maps, and advice ---- */

static void protect_the_first(void *mm)
{
	BUG_ON(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ));
}

static const char *const maps_policies[] = {
	"linux-2.6.14,maps=vma", "linux-6.15", "linux-6.17", "linux-6.19,vma_lock=rwsem",
};

/* Row: V1. */
static void lines_of_maps_are_the_vmas(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(maps_policies); i++) {
		struct mm_struct *mm = mm_with_vma(maps_policies[i]);
		struct maps_line lines[2];

		protect_the_first(mm);
		map(mm, AREA + 2 * LEN, PAGE_SIZE);
		assert_int_equal(sys_maps(mm, 0, lines, 2), 2);
		assert_true(lines[0].start == AREA && lines[0].end == AREA + PAGE_SIZE);
		assert_true(lines[1].start == lines[0].end && lines[1].end == AREA + LEN);
		assert_true(!(lines[0].flags & VM_WRITE) && (lines[1].flags & VM_WRITE));
		assert_true(lines[1].pgoff == lines[1].start >> PAGE_SHIFT);
		assert_int_equal(sys_maps(mm, lines[1].end, lines, 2), 1);
		assert_true(lines[0].start == AREA + 2 * LEN && lines[0].end == AREA + 2 * LEN + PAGE_SIZE);
		assert_int_equal(sys_maps(mm, lines[0].end, lines, 2), 0);
		mm_exit(mm);
	}
}

/* A VMA is split, or unmapped, between its look-up and its lock: it is looked up again, under mmap_lock. */
/* Row: V1. */
static void a_line_behind_a_gap_is_looked_up_again(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned int i = 2; i < ARRAY_SIZE(maps_policies); i++) {
		struct mm_struct *mm = mm_with_vma(maps_policies[i]);
		uint64_t fallbacks = events_total(EV_MAPS_FALLBACK);
		struct maps_line lines[3];

		meanwhile("maps.found", protect_the_first, mm);
		assert_int_equal(sys_maps(mm, 0, lines, 3), 2);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(events_total(EV_MAPS_FALLBACK) - fallbacks, 1);
		assert_true(lines[0].start == AREA && lines[1].start == AREA + PAGE_SIZE);
		meanwhile("maps.found", unmap_all, mm);
		assert_int_equal(sys_maps(mm, AREA, lines, 3), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(events_total(EV_MAPS_FALLBACK) - fallbacks, 2);
		mm_exit(mm);
	}
}

/* True if the advice took a VMA lock alone. */
static bool advice_locked_vma(struct mm_struct *mm, unsigned long len, int advice)
{
	uint64_t before = events_total(EV_MADVISE_VMA_LOCK);
	int err = sys_madvise(mm, AREA, len, advice);

	assert_true(!err || (err == -ENOMEM && len > LEN));
	return events_total(EV_MADVISE_VMA_LOCK) > before;
}

/* Row: V1. */
static void advice_inside_a_vma_locks_that(void **state)
{
	static const char *const policies[] = { "linux-6.15", "linux-6.17", "linux-6.19", "linux-6.19,vma_lock=none" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct mm_struct *mm = mm_with_vma(policies[i]);

		assert_false(advice_locked_vma(mm, LEN, MADV_GUARD_INSTALL));	/* an anon_vma is prepared */
		assert_true(advice_locked_vma(mm, LEN, MADV_GUARD_REMOVE) == (i == 2));
		assert_true(advice_locked_vma(mm, LEN, MADV_GUARD_INSTALL) == (i == 2));
		assert_true(advice_locked_vma(mm, LEN, MADV_GUARD_REMOVE) == (i == 2));
		assert_int_equal(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE), 0);
		assert_true(advice_locked_vma(mm, LEN, MADV_FREE) == (i == 1 || i == 2));
		assert_true(advice_locked_vma(mm, LEN, MADV_DONTNEED) == (i == 1 || i == 2));
		assert_false(advice_locked_vma(mm, 2 * LEN, MADV_DONTNEED));
		assert_false(advice_locked_vma(mm, LEN, MADV_COLD));
		mm_exit(mm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writer_that_came_and_went_is_no_matter),
		cmocka_unit_test(a_writer_that_came_since_is_noticed),
		cmocka_unit_test(a_vma_that_went_is_not_locked),
		cmocka_unit_test(another_mms_vma_is_noticed),
		cmocka_unit_test(the_other_mm_outlives_a_late_reader),
		cmocka_unit_test(without_a_reference_it_is_gone),
		cmocka_unit_test(without_the_look_another_mms_vma_is_locked),
		cmocka_unit_test(a_vma_that_moved_is_noticed),
		cmocka_unit_test(a_vma_that_shrank_is_noticed),
		cmocka_unit_test(lines_of_maps_are_the_vmas),
		cmocka_unit_test(a_line_behind_a_gap_is_looked_up_again),
		cmocka_unit_test(advice_inside_a_vma_locks_that),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
