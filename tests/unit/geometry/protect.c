/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mprotect: every error, what remains undone, and its exclusion of other threads. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/account.h"
#include "core/mm/address_space.h"
#include "core/op/exit.h"
#include "core/op/fork.h"
#include "core/op/mremap.h"
#include "core/oracle/at_rest.h"
#include "core/pgtable/mmu_gather.h"
#include "tests/lib/harness/at_rest.h"
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
	assert_int_equal(vma_tree_find(&mm->tree, AREA)->vm_flags, VM_READ | VM_ACCOUNT);
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

static void accounted(unsigned long pages)
{
	assert_int_equal(vm_memory_committed(), pages);
}

/* What mappings, their parts, moves and forks are charged for. Row: G2. */
static void private_writable_memory_is_accounted(void **state)
{
	const unsigned long at = AREA + LEN, to = at + 64 * PAGE_SIZE;
	struct mm_struct *mm = world_mm("linux-6.15"), *child;

	(void)state;
	accounted(0);
	map_at(mm, at, 8 * PAGE_SIZE, READ_WRITE);
	accounted(8);
	map_at(mm, at + 8 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_READ);
	assert_int_equal(sys_mmap(mm, to, PAGE_SIZE, READ_WRITE, ANON | MAP_FIXED | MAP_NORESERVE, 0), to);
	accounted(8);
	assert_int_equal(sys_mprotect(mm, at + 6 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_READ), 0);
	accounted(6);	/* no anon_vma: there are no copies */
	write_at(mm, at);
	assert_int_equal(sys_mprotect(mm, at + 4 * PAGE_SIZE, 4 * PAGE_SIZE, PROT_NONE), 0);
	accounted(6);
	assert_int_equal(sys_mprotect(mm, at, 12 * PAGE_SIZE, READ_WRITE), 0);
	assert_int_equal(sys_mprotect(mm, to, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(sys_mprotect(mm, to, PAGE_SIZE, READ_WRITE), 0);
	accounted(12);
	assert_at_rest(mm);
	assert_int_equal(sys_mremap(mm, at + 10 * PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE, 0),
			 at + 10 * PAGE_SIZE);
	accounted(13);
	assert_int_equal(sys_mremap(mm, at, 4 * PAGE_SIZE, 4 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	accounted(13);
	assert_int_equal(sys_mremap(mm, to, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
				    at), at);
	accounted(14);
	assert_int_equal(sys_fork(mm, &child), 0);
	accounted(28);
	assert_int_equal(sys_munmap(child, to, 2 * PAGE_SIZE), 0);
	map_at(mm, to, PAGE_SIZE, PROT_READ);
	accounted(25);
	assert_at_rest(mm, child);
	mm_exit(mm);
	mm_exit(child);
	accounted(0);
}

/* Its copies may be anywhere, so a private file mapping stays accounted. Row: G2. */
static void private_mappings_of_files_stay_accounted(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct file *file = file_create(4, 4, 0, 1);

	(void)state;
	assert_int_equal(sys_mmap_file(mm, AREA, 4 * PAGE_SIZE, READ_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0), AREA);
	accounted(4);
	assert_int_equal(sys_mprotect(mm, AREA, 2 * PAGE_SIZE, PROT_READ), 0);
	accounted(4);
	assert_int_equal(sys_mmap_file(mm, AREA, 4 * PAGE_SIZE, READ_WRITE, MAP_SHARED | MAP_FIXED, file, 0), AREA);
	accounted(0);
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, READ_WRITE), 0);
	accounted(0);
	mm_exit(mm);
	file_put(file);
}

/* Row: M4. */
static void the_oracle_sees_pages_that_are_not_accounted(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15");
	char why[256];

	(void)state;
	vm_acct_memory(1);
	assert_false(oracle_at_rest(&mm, 1, why, sizeof(why)));
	assert_non_null(strstr(why, "VM_ACCOUNT"));
	vm_acct_memory(-1ul);
	assert_at_rest(mm);
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
		cmocka_unit_test(private_writable_memory_is_accounted),
		cmocka_unit_test(private_mappings_of_files_stay_accounted),
		cmocka_unit_test(the_oracle_sees_pages_that_are_not_accounted),
#if FAULTLINE_CHECK
		cmocka_unit_test(mprotect_keeps_everybody_out),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
