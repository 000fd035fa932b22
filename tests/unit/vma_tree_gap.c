/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma_tree_gap: free ranges found by sums are those that a search VMA by VMA finds, whatever changed the VMAs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/faultline.h"
#include "core/mm/vma.h"
#include "core/mm/vma_node.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/vma_array.h"

#define BASE		0x40000000ul
#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)

/* The oracle: downwards from @top, VMA by VMA. */
static unsigned long find_gap_slowly(struct mm_struct *mm, unsigned long len, unsigned long floor, unsigned long top)
{
	unsigned long end = top;

	while (end >= floor + len) {
		struct vm_area_struct *vma = vma_lookup(mm, end - 1);

		if (!vma)
			vma = find_vma_before(mm, end);
		if (!vma || vma->vm_end <= end - len)
			return end;
		end = vma->vm_start;
	}
	return 0;
}

static void check_gap(struct mm_struct *mm, unsigned long pages, unsigned long len, unsigned long top)
{
	unsigned long found, wanted;

	mmap_write_lock(mm);
	found = vma_tree_find_gap(&mm->tree, len << PAGE_SHIFT, BASE, top);
	wanted = find_gap_slowly(mm, len << PAGE_SHIFT, BASE, top);
	mmap_write_unlock(mm);
	assert_int_equal(found, wanted);
	assert_in_range(found, 0, BASE + (pages << PAGE_SHIFT));
}

/* One call at a random place of @pages: VMAs come, go, grow, shrink, split and merge. */
static void change_something(struct mm_struct *mm, struct rng *rng, unsigned long pages)
{
	const unsigned long len = (1 + rng_below(rng, 8)) << PAGE_SHIFT, most = pages - 16;
	const unsigned long addr = BASE + (rng_below(rng, most) << PAGE_SHIFT),
			    to = BASE + (rng_below(rng, most) << PAGE_SHIFT);

	switch (rng_below(rng, 6)) {
	case 0:
	case 1:
		sys_mmap(mm, addr, len, READ_WRITE, ANON | MAP_FIXED, 0);
		break;
	case 2:
		assert_int_equal(sys_munmap(mm, addr, len), 0);
		break;
	case 3:
		sys_mprotect(mm, addr, len, rng_below(rng, 2) ? PROT_READ : READ_WRITE);
		break;
	case 4:
		sys_mremap(mm, addr, len, (1 + rng_below(rng, 8)) << PAGE_SHIFT, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		break;
	default:
		assert_true(sys_mmap(mm, 0, len, READ_WRITE, ANON, 0) > 0);
	}
}

static void compare_in(struct mm_struct *mm, struct rng *rng, unsigned long pages, unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++) {
		change_something(mm, rng, pages);
		if (rng_below(rng, 2))
			check_gap(mm, pages, 1 + rng_below(rng, 40), BASE + (rng_below(rng, pages) << PAGE_SHIFT));
		if (i % 64 == 0)
			assert_int_equal(vma_tree_check(&mm->tree, vma_end_of), mm->map_count);
	}
}

/* Row: L5. */
static void what_is_found_is_what_a_slow_search_finds(void **state)
{
	static const unsigned long pages[] = { 64, 1024, 16384 };
	struct rng rng;

	(void)state;
	rng_init(&rng, test_seed());
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		struct mm_struct *mm = world_mm("linux-6.15"), *child;

		compare_in(mm, &rng, pages[i], test_rounds(20000));
		assert_int_equal(sys_fork(mm, &child), 0);
		compare_in(child, &rng, pages[i], test_rounds(1000));
		mm_exit(child);
		mm_exit(mm);
	}
}

static void an_empty_address_space_is_one_gap(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	check_gap(mm, 64, 64, BASE + 64 * PAGE_SIZE);
	check_gap(mm, 64, 65, BASE + 64 * PAGE_SIZE);
	mm_exit(mm);
}

/* A search passes nodes, not VMAs: it computes the sums of what changed, and no others. */
static void a_search_leaves_what_holds(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct vma_node *root;
	unsigned int old = 0;

	(void)state;
	for (unsigned long i = 0; i < 3000; i++)
		assert_true(sys_mmap(mm, BASE + 2 * i * PAGE_SIZE, PAGE_SIZE, READ_WRITE, ANON | MAP_FIXED, 0) > 0);
	check_gap(mm, 8192, 100, BASE + 6000 * PAGE_SIZE);	/* none: the search passes all of them */
	assert_int_equal(sys_munmap(mm, BASE + 2000 * PAGE_SIZE, PAGE_SIZE), 0);
	root = mm->tree.root;
	for (unsigned int i = 0; i < root->nr; i++)
		old += root->stale >> i & 1;
	assert_int_equal(old, 1);
	mm_exit(mm);
}

static void a_wrong_sum_dies(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	for (unsigned long i = 0; i < 16; i++)	/* more than a leaf holds */
		assert_true(sys_mmap(mm, BASE + 2 * i * PAGE_SIZE, PAGE_SIZE, READ_WRITE, ANON | MAP_FIXED, 0) > 0);
	check_gap(mm, 64, 2, BASE + 31 * PAGE_SIZE);
	mm->tree.root->sum[0].low += PAGE_SIZE;
	assert_dies("memcmp", node_check_sums(mm->tree.root));
	mm->tree.root->sum[0].low -= PAGE_SIZE;
	vma_tree_check(&mm->tree, vma_end_of);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_found_is_what_a_slow_search_finds),
		cmocka_unit_test(an_empty_address_space_is_one_gap),
		cmocka_unit_test(a_search_leaves_what_holds),
		cmocka_unit_test(a_wrong_sum_dies),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
