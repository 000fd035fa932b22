/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guard: guard regions and huge leaves, fork and merges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/op/fork.h"
#include "core/op/madvise.h"
#include "core/op/mremap.h"
#include "core/op/protect.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/thp_scene.h"

#define PAGE(n)	(AREA + (unsigned long)(n) * PAGE_SIZE)

static unsigned long splits(void)
{
	return events_total(EV_THP_SPLIT_PMD);
}

/* ---- leaves ---- */

/* Row: G1. A leaf has no guards: removal leaves it intact, over part of it too. */
static void removing_leaves_the_leaf(void **state)
{
	struct scene s = thp_scene(THP_POLICY);
	unsigned long before = splits();

	(void)state;
	assert_int_equal(sys_madvise(s.mm, AREA, PMD_SIZE, MADV_GUARD_REMOVE), 0);
	assert_int_equal(sys_madvise(s.mm, AREA + 5 * PAGE_SIZE, PAGE_SIZE, MADV_GUARD_REMOVE), 0);
	assert_int_equal(sys_madvise(s.mm, AREA, LEN, MADV_GUARD_REMOVE), 0);
	assert_true(is_huge(s.mm, AREA));
	assert_int_equal(splits(), before);
	end(&s);
}

/* Row: G1. A leaf is zapped whole when the range covers it, and split when the range covers part of it. */
static void installing_splits_no_leaf_it_zaps(void **state)
{
	struct scene s = thp_scene(THP_POLICY);
	unsigned long before = splits();

	(void)state;
	assert_int_equal(sys_madvise(s.mm, AREA, PMD_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(splits(), before);
	assert_int_equal(tree_count(s.mm).guard, HPAGE_PMD_NR);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(do_write(&s, AREA + PMD_SIZE), 0);
	assert_true(is_huge(s.mm, AREA + PMD_SIZE));
	assert_int_equal(sys_madvise(s.mm, AREA + PMD_SIZE, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(splits(), before + 1);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), HPAGE_PMD_NR - 1);
	assert_int_equal(do_write(&s, AREA + PMD_SIZE), VM_FAULT_SIGSEGV);
	end(&s);
}

/* ---- fork ---- */

static vm_fault_t touch_in_child(struct mm_struct *mm, unsigned long addr)
{
	struct mm_struct *child;
	vm_fault_t ret;

	BUG_ON(sys_fork(mm, &child));
	ret = do_user_addr_fault(child, addr, 0);
	assert_at_rest(mm, child);
	mm_exit(child);
	return ret;
}

/* Row: G1. A guard in a file mapping needs no anon_vma. */
static void guards_in_files_are_copied_without_an_anon_vma(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct file *file = scene_file();

	(void)state;
	map_file_at(mm, PAGE(0), 2, RW, MAP_SHARED, file, 0);
	map_file_at(mm, PAGE(4), 2, RW, MAP_PRIVATE, file, 0);
	assert_int_equal(sys_madvise(mm, PAGE(1), PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(sys_madvise(mm, PAGE(5), PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_null(load_relaxed(&vma_tree_find(&mm->tree, PAGE(0))->anon_vma));
	assert_null(load_relaxed(&vma_tree_find(&mm->tree, PAGE(4))->anon_vma));
	assert_int_equal(touch_in_child(mm, PAGE(1)), VM_FAULT_SIGSEGV);
	assert_int_equal(touch_in_child(mm, PAGE(5)), VM_FAULT_SIGSEGV);
	assert_int_equal(touch_in_child(mm, PAGE(0)), 0);
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

static void guard_and_remove(struct mm_struct *mm, unsigned long addr)
{
	BUG_ON(sys_madvise(mm, addr, PAGE_SIZE, MADV_GUARD_INSTALL));
	BUG_ON(sys_madvise(mm, addr, PAGE_SIZE, MADV_GUARD_REMOVE));
}

/* True when fork copies the page that a read maps at @addr, which a fault would restore. */
static bool fork_copies(struct mm_struct *mm, unsigned long addr)
{
	struct mm_struct *child;
	bool copied;

	BUG_ON(do_user_addr_fault(mm, addr, 0));
	BUG_ON(sys_fork(mm, &child));
	copied = tree_count(child).zero + tree_count(child).file;
	mm_exit(child);
	return copied;
}

/*
 * Row: G1. Fork copies a VMA that once had a guard: after the removal, each part of it, and what it merges with on
 * either side.
 *
 *	 0     1     2     3
 *	|guard|     |     |	removed, split at 1, joined by what is mapped at 2
 */
static void once_guarded_always_copied(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct file *file = scene_file();

	(void)state;
	map_file_at(mm, PAGE(0), 2, RW, MAP_SHARED, file, 0);
	assert_false(fork_copies(mm, PAGE(0)));
	guard_and_remove(mm, PAGE(1));
	assert_true(fork_copies(mm, PAGE(0)));
	BUG_ON(sys_mprotect(mm, PAGE(1), PAGE_SIZE, PROT_READ) || sys_munmap(mm, PAGE(0), PAGE_SIZE));
	assert_true(fork_copies(mm, PAGE(1)));
	map_file_at(mm, PAGE(2), 1, PROT_READ, MAP_SHARED, file, 2);
	map_file_at(mm, PAGE(0), 1, PROT_READ, MAP_SHARED, file, 0);
	assert_int_equal(mm->map_count, 1);
	BUG_ON(sys_munmap(mm, PAGE(1), PAGE_SIZE));
	assert_true(fork_copies(mm, PAGE(2)));
	BUG_ON(sys_munmap(mm, PAGE(2), PAGE_SIZE));
	assert_true(fork_copies(mm, PAGE(0)));
	mm_exit(mm);
	file_put(file);
}

/* Row: G1. Both sides of a move keep it, though the source has no anon_vma afterwards. */
static void a_move_keeps_that_on_both_sides(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	map_at(mm, PAGE(0), PAGE_SIZE, RW);
	guard_and_remove(mm, PAGE(0));
	assert_int_equal(sys_mremap(mm, PAGE(0), PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED,
				    PAGE(4)), PAGE(4));
	assert_null(load_relaxed(&vma_tree_find(&mm->tree, PAGE(0))->anon_vma));
	assert_true(fork_copies(mm, PAGE(0)));
	BUG_ON(sys_munmap(mm, PAGE(0), PAGE_SIZE));
	assert_true(fork_copies(mm, PAGE(4)));
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removing_leaves_the_leaf),
		cmocka_unit_test(installing_splits_no_leaf_it_zaps),
		cmocka_unit_test(guards_in_files_are_copied_without_an_anon_vma),
		cmocka_unit_test(once_guarded_always_copied),
		cmocka_unit_test(a_move_keeps_that_on_both_sides),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
