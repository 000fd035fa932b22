/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's address space: areas of mapped pages, and walks of its tables without VMAs and PTLs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mm/mmap_lock.h"
#include "core/mm/pagewalk.h"
#include "core/mm/vmalloc.h"
#include "core/op/exit.h"
#include "core/pgtable/bad_entry.h"
#include "core/policy/policy.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

static int kernel_up(void **state)
{
	return world_up(state) || vmalloc_init(&policy_default()->policy);
}

static int kernel_down(void **state)
{
	vmalloc_exit();
	return world_down(state);
}

/* The kernel's tables and pages, and those of an mm without any. */
static void assert_kernel_rests(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- areas ---- */

/* Row: W9. */
static void pages_are_mapped_one_after_the_other(void **state)
{
	struct page *pages[3] = { alloc_page(0), alloc_page(0), alloc_page(0) };
	unsigned long addr = vmap(pages, 3);

	(void)state;
	assert_true(addr >= VMALLOC_START && addr < VMALLOC_END);
	for (unsigned int i = 0; i < 3; i++)
		assert_ptr_equal(vmalloc_to_page(addr + i * PAGE_SIZE + i), pages[i]);
	assert_null(vmalloc_to_page(addr + 3 * PAGE_SIZE));
	assert_kernel_rests();
	vunmap(addr);
	assert_null(vmalloc_to_page(addr));
	for (unsigned int i = 0; i < 3; i++)
		free_page(pages[i]);
	assert_kernel_rests();
}

static void areas_are_apart_and_ranges_are_used_again(void **state)
{
	unsigned long first = vmalloc(2), second = vmalloc(PTRS_PER_PTE), third = vmalloc(1);

	(void)state;
	assert_int_equal(second, first + 3 * PAGE_SIZE);
	assert_int_equal(third, second + (PTRS_PER_PTE + 1) * PAGE_SIZE);
	assert_kernel_rests();
	vfree(second);
	assert_int_equal(vmalloc(3), second);
	vfree(second);
	vfree(first);
	assert_int_equal(vmalloc(1), first);
	vfree(first);
	vfree(third);
	assert_kernel_rests();
}

/*
 * Each allocation fails once: of a page, or of a table. A thread takes single frames by batches, which leave no block
 * for a table of two frames.
 */
static void without_memory_nothing_is_mapped(void **state)
{
	unsigned long addr = 0;
	unsigned int left;

	(void)state;
	for (left = 0; !addr && left < 128; left++) {
		world_take_frames(left);
		addr = vmalloc(4);
		world_give_frames();
		if (!addr)
			assert_kernel_rests();
	}
	assert_true(addr && left > 1);
	vfree(addr);
}

/* ---- walks ---- */

struct found {
	unsigned long present, none, holes, leaves;
};

static int count_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct found *found = walk->private;

	assert_int_equal(next, addr + PAGE_SIZE);
	assert_true(walk->no_vma && !walk->vma && walk->mm == init_mm);
	assert_false(spin_is_locked(&init_mm->pt.page_table_lock));
	if (pte_none(ptep_get(ptep)))
		found->none++;
	else
		found->present++;
	return 0;
}

static int count_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	(void)depth;
	((struct found *)walk->private)->holes += (next - addr) >> PAGE_SHIFT;
	return 0;
}

static int count_leaf(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next;
	if (pmd_trans_huge(pmdp_get(pmdp)))
		((struct found *)walk->private)->leaves++;
	return 0;
}

static const struct mm_walk_ops counting = { .pte_entry = count_pte, .pte_hole = count_hole, .pmd_entry = count_leaf };

static struct found walk(unsigned long start, unsigned long end)
{
	struct found found = { 0 };

	mmap_read_lock(init_mm);
	assert_int_equal(walk_kernel_page_table_range(start, end, &counting, NULL, &found), 0);
	mmap_read_unlock(init_mm);
	return found;
}

/* Row: W9. */
static void a_walk_finds_each_kernel_page(void **state)
{
	unsigned long addr = vmalloc(PTRS_PER_PTE + 5);
	struct found found = walk(addr, addr + 3 * PMD_SIZE);

	(void)state;
	assert_int_equal(found.present, PTRS_PER_PTE + 5);
	assert_int_equal(found.none, PTRS_PER_PTE - 5);
	assert_int_equal(found.holes, PTRS_PER_PTE);
	vfree(addr);
	found = walk(VMALLOC_START, VMALLOC_END);
	assert_int_equal(found.present, 0);
	assert_int_equal(found.none, 2 * PTRS_PER_PTE);		/* their tables stay */
}

/* Row: W4. */
static void only_a_walk_without_the_lock_needs_none(void **state)
{
	unsigned long addr = vmalloc(1);
	struct found found = { 0 };

	(void)state;
	assert_int_equal(walk_kernel_page_table_range_lockless(addr, addr + PAGE_SIZE, &counting, NULL, &found), 0);
	assert_int_equal(found.present, 1);
	mmap_read_lock(init_mm);
	assert_int_equal(walk_page_range_novma(init_mm, addr, addr + PAGE_SIZE, &counting, NULL, &found), 0);
	mmap_read_unlock(init_mm);
	assert_int_equal(found.present, 2);
	if (FAULTLINE_CHECK)
		assert_dies("should be held",
			    walk_kernel_page_table_range(addr, addr + PAGE_SIZE, &counting, NULL, &found));
	vfree(addr);
}

static int put_guard(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)ptep, (void)walk;
	return 0;
}

/* Rows: W6, W8. */
static void kernel_walks_refuse_what_others_do(void **state)
{
	static const struct mm_walk_ops installs = { .install_pte = put_guard };
	struct found found = { 0 };
	unsigned long addr = vmalloc(1);
	pgd_t *pgd = init_mm->pt.pgd;

	(void)state;
	assert_int_equal(walk_kernel_page_table_range_lockless(addr, addr, &counting, NULL, &found), -EINVAL);
	assert_int_equal(walk_kernel_page_table_range_lockless(addr, addr + 1, &installs, NULL, &found), -EINVAL);
	assert_int_equal(walk_kernel_page_table_range_lockless(addr, addr + PAGE_SIZE, &counting, pgd, &found), 0);
	assert_int_equal(found.present, 1);
	vfree(addr);
	vmalloc_exit();
	assert_int_equal(walk_kernel_page_table_range(addr, addr + PAGE_SIZE, &counting, NULL, &found), -EINVAL);
	assert_int_equal(vmalloc_init(&policy_default()->policy), 0);
}

/* Row: W9. */
static void a_bad_kernel_entry_is_a_hole(void **state)
{
	const enum pgtable_level level = FAULTLINE_LEVELS == 2 ? LEVEL_PGD : LEVEL_PMD;
	unsigned long addr = vmalloc(1), at = addr + level_span(level);
	uint64_t *entry = tree_entry(init_mm->pt.pgd, level, at);
	struct found found;

	(void)state;
	*entry = ENTRY_WRITE;
	found = walk(at, at + level_span(level));
	assert_int_equal(found.holes, level_span(level) >> PAGE_SHIFT);
	assert_int_equal(*entry, 0);
	assert_int_equal(bad_ptes(NULL), 1);
	bad_ptes_reset();
	vfree(addr);
	assert_kernel_rests();
}

/* ---- leaves ---- */

/* Without memory for huge pages, or where no leaf is possible, PTEs map the same. Row: W11. */
static void a_leaf_replaces_an_empty_table(void **state)
{
	unsigned long small = vmalloc(1), addr;
	uint64_t freed = events_total(EV_KERNEL_TABLE_FREE);
	struct found found;

	(void)state;
	vfree(small);
	addr = vmalloc_huge(2 * HPAGE_PMD_NR);
	assert_int_equal(addr, small);
	for (unsigned long i = 0; i < 2 * HPAGE_PMD_NR; i++)
		assert_non_null(vmalloc_to_page(addr + i * PAGE_SIZE));
	assert_ptr_equal(vmalloc_to_page(addr + 7 * PAGE_SIZE), vmalloc_to_page(addr) + 7);
	found = walk(addr, addr + 2 * PMD_SIZE);
	if (THP_POSSIBLE) {
		assert_int_equal(found.leaves, 2);
		assert_int_equal(found.present + found.none + found.holes, 0);
		assert_int_equal(events_total(EV_KERNEL_TABLE_FREE), freed + 1);
	} else {
		assert_int_equal(found.present, 2 * HPAGE_PMD_NR);
	}
	assert_kernel_rests();
	vfree(addr);
	assert_null(vmalloc_to_page(addr));
	addr = vmalloc(1);
	vfree(addr);
	assert_kernel_rests();
}

#define KERNEL_TEST(test)	cmocka_unit_test_setup_teardown(test, kernel_up, kernel_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KERNEL_TEST(pages_are_mapped_one_after_the_other),
		KERNEL_TEST(areas_are_apart_and_ranges_are_used_again),
		KERNEL_TEST(without_memory_nothing_is_mapped),
		KERNEL_TEST(a_walk_finds_each_kernel_page),
		KERNEL_TEST(only_a_walk_without_the_lock_needs_none),
		KERNEL_TEST(kernel_walks_refuse_what_others_do),
		KERNEL_TEST(a_bad_kernel_entry_is_a_hole),
		KERNEL_TEST(a_leaf_replaces_an_empty_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
