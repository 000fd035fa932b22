/* SPDX-License-Identifier: GPL-2.0-or-later */
/* munmap: every refusal, and what other threads may do in the middle of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/pgtable/mmu_gather.h"
#include "tests/lib/harness/chance.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/scene/fault_scene.h"

static void every_refusal(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15");

	(void)state;
	assert_int_equal(sys_munmap(mm, AREA + 1, PAGE_SIZE), -EINVAL);
	assert_int_equal(sys_munmap(mm, AREA, 0), -EINVAL);
	assert_int_equal(sys_munmap(mm, TASK_SIZE, PAGE_SIZE), -EINVAL);
	assert_int_equal(sys_munmap(mm, TASK_SIZE + PAGE_SIZE, PAGE_SIZE), -EINVAL);
	assert_int_equal(sys_munmap(mm, AREA, TASK_SIZE), -EINVAL);
	assert_int_equal(sys_munmap(mm, AREA, -1ul), -EINVAL);
	assert_int_equal(mm->total_vm, LEN / PAGE_SIZE);
	assert_int_equal(sys_munmap(mm, AREA - PGDIR_SIZE, PGDIR_SIZE), 0);	/* nothing there, nothing wrong */
	assert_int_equal(mm->total_vm, LEN / PAGE_SIZE);
	mm_exit(mm);
}

/* More pages than one gather takes, over more than one table. */
static void many_pages_go_in_several_flushes(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = mm_with_page(world_policies[p]);
		uint64_t flushes = events_total(EV_TLB_FLUSH), freed = events_total(EV_PAGE_FREE);
		unsigned long pages = 3 * GATHER_PAGES + 5;

		for (unsigned long i = 0; i < pages; i++)
			write_at(mm, AREA + LEN - PAGE_SIZE - i * PAGE_SIZE);
		assert_int_equal(sys_munmap(mm, AREA, LEN), 0);
		assert_int_equal(events_total(EV_PAGE_FREE) - freed, pages + 1);
		assert_int_equal(events_total(EV_TLB_FLUSH) - flushes, 4);
		assert_int_equal(tree_count(mm).pte_tables, 0);
		assert_true(tree_counters_right(mm));
		mm_exit(mm);
	}
}

#if FAULTLINE_CHECK
/* Pages go under mmap_lock for read if the policy says so: but the area cannot be found any more. */
static void the_area_is_gone_before_its_pages(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct chance chance = { .mm = mm_with_page(world_policies[p]), .addr = AREA };
		bool downgrades = chance.mm->pt.policy.munmap_downgrade;

		chance.vma_lock = true;
		meanwhile("zap.before_reclaim", try_locks, &chance);
		assert_int_equal(sys_munmap(chance.mm, AREA, LEN), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(chance.mmap_lock, downgrades);
		assert_false(chance.vma_lock);
		mm_exit(chance.mm);
	}
}

static void fault_there(void *arg)
{
	BUG_ON(do_user_addr_fault(arg, AREA, 0) != (VM_FAULT_SIGSEGV | VM_FAULT_BADMAP));
	BUG_ON(do_user_addr_fault(arg, AREA - LEN, FAULT_FLAG_WRITE));
}

static void faults_go_on_beside_it(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = mm_with_page(world_policies[p]);

		map_at(mm, AREA - LEN, LEN / 2, READ_WRITE);
		if (mm->pt.policy.munmap_downgrade) {
			meanwhile("zap.before_reclaim", fault_there, mm);
			assert_int_equal(sys_munmap(mm, AREA, LEN), 0);
			assert_int_equal(meanwhile_ran(), 1);
			assert_int_equal(tree_count(mm).anon, 1);
			assert_true(tree_counters_right(mm));
		}
		mm_exit(mm);
	}
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal),
		cmocka_unit_test(many_pages_go_in_several_flushes),
#if FAULTLINE_CHECK
		cmocka_unit_test(the_area_is_gone_before_its_pages),
		cmocka_unit_test(faults_go_on_beside_it),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
