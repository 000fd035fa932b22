/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagemap_scan: ranges of pages by category. That they are the running kernel's is shown by unit.live_scan. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/op/pagemap_scan.h"
#include "core/op/pfnmap.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/hugetlb_scene.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define REGIONS	12ul
#define MAPPED	(PAGE_IS_WRITTEN | PAGE_IS_PRESENT)
#define SWAPPED	(PAGE_IS_WRITTEN | PAGE_IS_SWAPPED)

static struct page_region regions[REGIONS + 1];
static struct pm_scan_arg arg;

/* Scans for pages in @all, with room for @room regions. Returns the number of regions. */
static long scan(struct mm_struct *mm, unsigned long start, unsigned long pages, uint64_t all, unsigned long room)
{
	memset(regions, 0xff, sizeof(regions));
	arg = (struct pm_scan_arg){
		.start = start, .end = start + pages * PAGE_SIZE, .vec = regions, .vec_len = room,
		.category_mask = all, .return_mask = PM_SCAN_CATEGORIES,
	};
	return sys_pagemap_scan(mm, &arg);
}

static void assert_region(unsigned long i, unsigned long start, unsigned long pages, uint64_t categories)
{
	assert_int_equal(regions[i].start, start);
	assert_int_equal(regions[i].end, start + pages * PAGE_SIZE);
	assert_int_equal(regions[i].categories, categories);
}

/* Row: G2. */
static void each_kind_of_entry_has_its_categories(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_words(world_policies[i], 4);

		BUG_ON(sys_madvise(mm, page_addr(5), PAGE_SIZE, MADV_GUARD_INSTALL));
		BUG_ON(do_user_addr_fault(mm, page_addr(6), 0));
		page_out(mm, 2);
		assert_int_equal(scan(mm, AREA, 8, 0, REGIONS), 7);
		assert_region(0, page_addr(0), 2, MAPPED);
		assert_region(1, page_addr(2), 1, SWAPPED);
		assert_region(2, page_addr(3), 1, MAPPED);
		assert_region(3, page_addr(4), 1, PAGE_IS_WRITTEN);
		assert_region(4, page_addr(5), 1, SWAPPED | PAGE_IS_GUARD);
		assert_region(5, page_addr(6), 1, MAPPED | PAGE_IS_PFNZERO);
		assert_region(6, page_addr(7), 1, PAGE_IS_WRITTEN);
		assert_int_equal(regions[7].start, ~0ul);	/* and no region more */
		assert_int_equal(scan(mm, AREA, 6, PAGE_IS_PRESENT, REGIONS), 2);
		assert_region(0, page_addr(0), 2, MAPPED);
		assert_region(1, page_addr(3), 1, MAPPED);
		assert_int_equal(scan(mm, AREA, 8, PAGE_IS_SWAPPED, 1), 1);
		assert_region(0, page_addr(2), 1, SWAPPED);
		assert_int_equal(arg.walk_end, page_addr(5));	/* the first without room */
		mm_exit(mm);
	}
}

/* Rows: G2, P3. */
static void files_and_raw_frames(void **state)
{
	struct page *frames = alloc_raw_frames(0);
	struct mm_struct *mm = world_mm("linux-6.15");
	struct file *file = scene_file();

	(void)state;
	assert_non_null(frames);
	assert_int_equal(sys_mmap_pfn(mm, AREA, PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, page_to_pfn(frames)), AREA);
	map_file_at(mm, AREA + PAGE_SIZE, 2, RW, MAP_PRIVATE, file, 0);
	BUG_ON(do_user_addr_fault(mm, page_addr(1), 0) || do_user_addr_fault(mm, page_addr(2), FAULT_FLAG_WRITE));
	assert_int_equal(scan(mm, AREA, 3, PAGE_IS_PRESENT, REGIONS), 3);
	assert_region(0, page_addr(0), 1, MAPPED);
	assert_region(1, page_addr(1), 1, MAPPED | PAGE_IS_FILE);
	assert_region(2, page_addr(2), 1, MAPPED);	/* a copy */
	mm_exit(mm);
	file_put(file);
	free_raw_frames(frames, 0);
}

/* Rows: G2, W11. A part of a leaf is a region; it is not split for it, nor for a bound of pages. */
static void a_leaf_is_not_split(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", 0);
	put_leaf(mm, AREA);
	assert_int_equal(scan(mm, page_addr(3), HPAGE_PMD_NR, PAGE_IS_HUGE, REGIONS), 1);
	assert_region(0, page_addr(3), HPAGE_PMD_NR - 3, MAPPED | PAGE_IS_HUGE);
	arg.max_pages = 5;
	assert_int_equal(sys_pagemap_scan(mm, &arg), 1);
	assert_region(0, page_addr(3), 5, MAPPED | PAGE_IS_HUGE);
	assert_int_equal(arg.walk_end, page_addr(8));
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));
	mm_exit(mm);

	mm = world_mm("linux-6.15,thp=always");
	BUG_ON(sys_mmap(mm, AREA, LEN, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)AREA);
	BUG_ON(do_user_addr_fault(mm, AREA, 0));
	assert_int_equal(scan(mm, AREA, 2, PAGE_IS_PFNZERO, REGIONS), 1);
	assert_region(0, AREA, 2, MAPPED | PAGE_IS_HUGE | PAGE_IS_PFNZERO);
	mm_exit(mm);
}

static void split(void *mm)
{
	split_leaf(mm, AREA);
}

/* Row: W3. */
static void a_leaf_split_half_way_is_reported_as_ptes(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = mm_with_words("linux-6.15", 0);
	put_leaf(mm, AREA);
	meanwhile("ptl.pmd_leaf", split, mm);
	assert_int_equal(scan(mm, AREA, 8, 0, REGIONS), 1);
	assert_int_equal(meanwhile_ran(), 1);
	assert_region(0, AREA, 8, MAPPED);
	mm_exit(mm);
}

/* Rows: G2, W10. The running kernel answers so with 8 huge pages in its pool. */
static void what_is_not_there_of_hugetlb_memory_is_huge_too(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm("linux-6.15", 3, 3);
	assert_int_equal(huge_write(mm, AREA + PMD_SIZE), 0);
	assert_int_equal(scan(mm, AREA + PMD_SIZE - 12 * PAGE_SIZE, HPAGE_PMD_NR + 24, 0, REGIONS), 3);
	assert_region(0, AREA + PMD_SIZE - 12 * PAGE_SIZE, 12, PAGE_IS_HUGE);
	assert_region(1, AREA + PMD_SIZE, HPAGE_PMD_NR, MAPPED | PAGE_IS_HUGE);
	assert_region(2, AREA + 2 * PMD_SIZE, 12, PAGE_IS_HUGE);
	end_of(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_entry_has_its_categories),
		cmocka_unit_test(files_and_raw_frames),
		cmocka_unit_test(a_leaf_is_not_split),
		cmocka_unit_test(a_leaf_split_half_way_is_reported_as_ptes),
		cmocka_unit_test(what_is_not_there_of_hugetlb_memory_is_huge_too),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
