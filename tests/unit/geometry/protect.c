/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mprotect: every error, what remains undone, and its exclusion of other threads. */
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
	assert_int_equal(sys_mprotect(mm, AREA + 1, PAGE_SIZE, PROT_READ), -EINVAL);
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, 0x100), -EINVAL);
	assert_int_equal(sys_mprotect(mm, AREA, 0, 0x100), 0);
	assert_int_equal(sys_mprotect(mm, AREA, -1ul, PROT_READ), -ENOMEM);
	assert_int_equal(sys_mprotect(mm, AREA, -AREA, PROT_READ), -ENOMEM);
	assert_int_equal(sys_mprotect(mm, AREA - PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), -ENOMEM);
	assert_true(pte_write(tree_pte(mm, AREA)));	/* what lies before the gap is changed, and nothing did */
	assert_int_equal(sys_mprotect(mm, AREA, LEN + PAGE_SIZE, PROT_READ), -ENOMEM);
	assert_false(pte_write(tree_pte(mm, AREA)));
	assert_int_equal(vma_tree_find(&mm->tree, AREA)->vm_flags, VM_READ);
	mm_exit(mm);
}

static void what_is_so_already_is_not_done_again(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15");
	uint64_t flushes = events_total(EV_TLB_FLUSH), splits = events_total(EV_VMA_SPLIT);

	(void)state;
	assert_int_equal(sys_mprotect(mm, AREA + PAGE_SIZE, PAGE_SIZE, READ_WRITE), 0);
	assert_int_equal(events_total(EV_TLB_FLUSH), flushes);
	assert_int_equal(sys_mprotect(mm, AREA + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(events_total(EV_TLB_FLUSH), flushes + 1);
	assert_int_equal(events_total(EV_VMA_SPLIT), splits + 2);
	assert_int_equal(mm->map_count, 3);
	mm_exit(mm);
}

#if FAULTLINE_CHECK
static void mprotect_keeps_everybody_out(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct chance chance = {
			.mm = mm_with_page(world_policies[p]), .addr = AREA, .vma_lock = true, .mmap_lock = true
		};

		meanwhile("mprotect.locked", try_locks, &chance);
		assert_int_equal(sys_mprotect(chance.mm, AREA, PAGE_SIZE, PROT_READ), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_false(chance.mmap_lock || chance.vma_lock);
		try_locks(&chance);
		assert_true(chance.mmap_lock);
		assert_int_equal(chance.vma_lock, chance.mm->pt.policy.vma_lock != VMA_LOCK_NONE);
		mm_exit(chance.mm);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal),
		cmocka_unit_test(what_is_so_already_is_not_done_again),
#if FAULTLINE_CHECK
		cmocka_unit_test(mprotect_keeps_everybody_out),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
