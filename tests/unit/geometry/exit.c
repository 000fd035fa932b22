/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit: users of an address space, references to its struct, exits beside others, and memory that is reaped. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/oom_kill.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/ksm_scene.h"

/* ---- users and references ---- */

/* Row: L9. */
static void a_user_keeps_the_address_space(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);

	(void)state;
	mmget(mm);
	assert_true(mmget_not_zero(mm));
	mm_exit(mm);
	assert_int_equal(read_word(mm, 1), 101);
	write_word(mm, 2, 102);
	mmput(mm);
	assert_int_equal(read_word(mm, 2), 102);
	assert_at_rest(mm);
	mmput(mm);
}

/* Row: L9. */
static void a_reference_keeps_the_struct_alone(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);

	(void)state;
	mmgrab(mm);
	mm_exit(mm);
	assert_false(mmget_not_zero(mm));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_PTE_TABLES), 0);
	mmap_read_lock(mm);
	assert_null(find_vma(mm, 0));
	mmap_read_unlock(mm);
	mmdrop(mm);
}

static void a_user_too_many_dies(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	(void)state;
	mmgrab(mm);
	mm_exit(mm);
	assert_dies("!old", mmget(mm));
	mmdrop(mm);
}

/* ---- an exit beside others ---- */

struct walker {
	struct mm_struct *mm;
	unsigned int unmapped, done;	/* 1: it is */
};

static void is_unmapped(void *arg)
{
	struct walker *walker = arg;

	step_reach(&walker->unmapped, 1);
}

static void exit_beside(void *arg, unsigned int index)
{
	struct walker *walker = arg;

	(void)index;
	mm_exit(walker->mm);
	step_reach(&walker->done, 1);
	frame_drain_cpu();
}

/* Under mmap_lock for read: VMAs and tables stay as long as the walker holds it. */
/* Row: L9. */
static void an_exit_unmaps_beside_walkers_and_frees_behind_them(void **state)
{
	struct walker walker = { .mm = mm_with_words("linux-6.15", 2) };
	struct test_threads *exiter;
	struct vm_area_struct *vma;

	(void)state;
	needs_checks();
	mmgrab(walker.mm);
	mmap_read_lock(walker.mm);
	vma = vma_lookup(walker.mm, AREA);
	assert_int_equal(syncpoint_hook("exit.unmapped", is_unmapped, &walker), 0);
	exiter = threads_start(1, exit_beside, &walker);
	step_await(&walker.unmapped, 1);
	assert_int_equal(mm_counter_sum(&walker.mm->pt, MM_ANONPAGES), 0);
	assert_false(step_within(&walker.done, 1, 20));
	assert_ptr_equal(vma_lookup(walker.mm, AREA), vma);
	assert_int_equal(mm_counter_sum(&walker.mm->pt, MM_PTE_TABLES), 1);
	assert_true(pte_none(pte_at(walker.mm, 0)));
	mmap_read_unlock(walker.mm);
	threads_join(exiter);
	syncpoint_hook(NULL, NULL, NULL);
	assert_int_equal(mm_counter_sum(&walker.mm->pt, MM_PTE_TABLES), 0);
	mmdrop(walker.mm);
}

struct scan {
	struct mm_struct *mm;		/* that exits meanwhile */
	unsigned int visited;		/* 1: a page of another mm */
	long pages;			/* that @mm has a while later */
};

static void wait_in_scan(void *arg)
{
	struct scan *scan = arg;

	if (load_relaxed(&scan->visited))
		return;
	step_reach(&scan->visited, 1);
	step_within(&scan->visited, 2, 20);
	scan->pages = mm_counter_sum(&scan->mm->pt, MM_ANONPAGES);
}

static void exit_in_scan(void *arg, unsigned int index)
{
	struct scan *scan = arg;

	(void)index;
	step_await(&scan->visited, 1);
	mm_exit(scan->mm);
	frame_drain_cpu();
}

/* A scan may fault in any mm that it has an item of. */
/* Row: L9. */
static void an_exit_waits_for_scans_of_ksm(void **state)
{
	struct mm_struct *mms[2] = { mergeable_mm(1, 7), mergeable_mm(1, 7) };
	struct scan scan = { .mm = mms[1] };
	struct test_threads *exiter;

	(void)state;
	needs_checks();
	ksm_scan(mms[1], ~0ul);
	mmgrab(scan.mm);
	assert_int_equal(syncpoint_hook("ksm.visited", wait_in_scan, &scan), 0);
	exiter = threads_start(1, exit_in_scan, &scan);
	ksm_scan(mms[0], ~0ul);
	threads_join(exiter);
	syncpoint_hook(NULL, NULL, NULL);
	assert_int_equal(scan.pages, 1);
	assert_true(ksm_test_exit(scan.mm));
	mmdrop(scan.mm);
	ksm_scan(mms[0], ~0ul);
	assert_int_equal(read_word(mms[0], 0), 7);
	mm_exit(mms[0]);
}

/* ---- the reaper ---- */

static struct mm_struct *killed(struct mm_struct *mm)
{
	mm_kill(mm);
	mmgrab(mm);
	return mm;
}

/* Row: L9. */
static void only_killed_processes_are_reaped(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);

	(void)state;
	assert_int_equal(sys_process_mrelease(mm, 0), -EINVAL);
	assert_false(oom_reap_task_mm(mm));
	assert_int_equal(read_word(mm, 1), 101);
	killed(mm);
	assert_int_equal(sys_process_mrelease(mm, 1), -EINVAL);
	assert_int_equal(sys_process_mrelease(mm, 0), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	mm_exit(mm);
	mmdrop(mm);
}

/* Row: L9. */
static void what_was_reaped_is_not_found_again(void **state)
{
	struct mm_struct *mm = killed(mm_with_words("linux-6.15", 2));

	(void)state;
	page_out(mm, 1);
	assert_true(oom_reap_task_mm(mm));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_SWAPENTS), 0);
	for (unsigned long i = 0; i < 3; i++) {
		assert_int_equal(do_user_addr_fault(mm, page_addr(i), 0), VM_FAULT_SIGBUS);
		assert_int_equal(do_user_addr_fault(mm, page_addr(i), FAULT_FLAG_WRITE), VM_FAULT_SIGBUS);
	}
	assert_at_rest(mm);
	mm_exit(mm);
	assert_int_equal(sys_process_mrelease(mm, 0), 0);
	mmdrop(mm);
}

static void huge_pages_are_not_found_again(void **state)
{
	struct mm_struct *mm;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	mm = killed(mm_with_page("linux-6.15,thp=always"));
	assert_true(mm_counter_sum(&mm->pt, MM_ANONPAGES) >= (long)HPAGE_PMD_NR);
	assert_true(oom_reap_task_mm(mm));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(do_user_addr_fault(mm, AREA, 0), VM_FAULT_SIGBUS);
	assert_int_equal(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE), VM_FAULT_SIGBUS);
	mm_exit(mm);
	mmdrop(mm);
}

/* Shared memory is others' too, and guards have no pages; a private copy must not become the file's page again. */
/* Row: L9. */
static void private_memory_is_reaped_alone(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);

	(void)state;
	store_word(mm, SHARED_AT, 1);
	store_word(mm, PRIVATE_AT, 2);
	load_word(mm, PRIVATE_AT + PAGE_SIZE);
	map_at(mm, PRIVATE_AT + PMD_SIZE, 2 * PAGE_SIZE, READ_WRITE);
	assert_int_equal(sys_madvise(mm, PRIVATE_AT + PMD_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	killed(mm);
	assert_int_equal(sys_process_mrelease(mm, 0), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 1);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(load_word(mm, SHARED_AT), 1);
	store_word(mm, SHARED_AT + PAGE_SIZE, 3);
	assert_int_equal(do_user_addr_fault(mm, PRIVATE_AT, 0), VM_FAULT_SIGBUS);
	assert_int_equal(do_user_addr_fault(mm, PRIVATE_AT + PAGE_SIZE, 0), VM_FAULT_SIGBUS);
	assert_int_equal(do_user_addr_fault(mm, PRIVATE_AT + PAGE_SIZE, FAULT_FLAG_WRITE), VM_FAULT_SIGBUS);
	assert_int_equal(do_user_addr_fault(mm, PRIVATE_AT + PMD_SIZE, 0), VM_FAULT_SIGSEGV);
	mm_exit(mm);
	mmdrop(mm);
	file_put(file);
}

/* Row: L9. */
static void the_reaper_waits_for_no_writer(void **state)
{
	struct mm_struct *mm = killed(mm_with_words("linux-6.15", 1));

	(void)state;
	mmap_write_lock(mm);
	assert_false(oom_reap_task_mm(mm));
	mmap_write_unlock(mm);
	assert_true(oom_reap_task_mm(mm));
	mm_exit(mm);
	mmdrop(mm);
}

static void reap(void *mm)
{
	BUG_ON(sys_process_mrelease(mm, 0));
}

/* In the middle of the exit's unmap, and between that and the end: then there is nothing left to do. */
static void the_reaper_runs_beside_an_exit(void **state)
{
	static const char *const points[] = { "exit.released", "zap.before_table", "exit.unmapped" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		struct mm_struct *mm = killed(mm_with_words("linux-6.15", 2));
		uint64_t skips = events_total(EV_OOM_SKIP);

		meanwhile(points[i], reap, mm);
		mm_exit(mm);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(events_total(EV_OOM_SKIP) - skips, i == 2);
		mmdrop(mm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_user_keeps_the_address_space, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_reference_keeps_the_struct_alone, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(a_user_too_many_dies, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(an_exit_unmaps_beside_walkers_and_frees_behind_them, swap_world_up,
						world_down),
		cmocka_unit_test_setup_teardown(an_exit_waits_for_scans_of_ksm, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(only_killed_processes_are_reaped, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(what_was_reaped_is_not_found_again, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(huge_pages_are_not_found_again, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(private_memory_is_reaped_alone, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(the_reaper_waits_for_no_writer, swap_world_up, world_down),
		cmocka_unit_test_setup_teardown(the_reaper_runs_beside_an_exit, swap_world_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
