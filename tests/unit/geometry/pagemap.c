/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagemap.c - the state of each page of a range, in one word. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/op/pagemap.h"
#include "core/op/pfnmap.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define NR	8ul

static uint64_t map[2 * PTRS_PER_PTE];

static void look(struct mm_struct *mm, unsigned long start, unsigned long nr)
{
	memset(map, 0xff, sizeof(map));
	assert_int_equal(sys_pagemap(mm, start, nr, map), 0);
	assert_int_equal(map[nr], ~0ul);	/* and no word more */
}

static unsigned long pfn_at(struct mm_struct *mm, unsigned long i)
{
	return pte_pfn(pte_at(mm, i));
}

/* Row: G2 */
static void each_kind_of_entry_has_its_word(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_words(world_policies[i], 4), *child;
		unsigned long slot;

		BUG_ON(sys_madvise(mm, page_addr(5), PAGE_SIZE, MADV_GUARD_INSTALL));
		BUG_ON(do_user_addr_fault(mm, page_addr(6), 0));
		page_out(mm, 2);
		assert_true(swapped(mm, 2));
		slot = swapent_payload(pte_at(mm, 2));
		look(mm, AREA, NR);
		assert_int_equal(map[0], PM_PRESENT | PM_MMAP_EXCLUSIVE | pfn_at(mm, 0));
		assert_int_equal(map[2], PM_SWAP | slot);
		assert_int_equal(map[4], 0);
		assert_int_equal(map[5], PM_SWAP | PM_GUARD_REGION);
		assert_int_equal(map[6], PM_PRESENT | page_to_pfn(zero_page));
		BUG_ON(sys_fork(mm, &child));
		look(child, AREA, NR);
		assert_int_equal(map[0], PM_PRESENT | pfn_at(mm, 0));	/* mapped twice */
		mm_exit(child);
		mm_exit(mm);
	}
}

/* Row: G2 */
static void where_nothing_can_be_there_is_nothing(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	(void)state;
	look(mm, AREA - 4 * PAGE_SIZE, NR);
	for (unsigned long i = 0; i < NR; i++)
		assert_int_equal(map[i] != 0, i == 4);
	look(mm, AREA + LEN - 2 * PAGE_SIZE, NR);
	for (unsigned long i = 0; i < NR; i++)
		assert_int_equal(map[i], 0);
	assert_int_equal(sys_pagemap(mm, AREA + 1, 1, map), -EINVAL);
	look(mm, AREA, 0);
	assert_int_equal(sys_pagemap(mm, AREA, ~0ul >> PAGE_SHIFT, map), -EINVAL);
	mm_exit(mm);
}

/* Rows: G2, P3 */
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
	look(mm, AREA, 3);
	assert_int_equal(map[0], PM_PRESENT | page_to_pfn(frames));
	assert_int_equal(map[1], PM_PRESENT | PM_FILE | PM_MMAP_EXCLUSIVE | pfn_at(mm, 1));
	assert_int_equal(map[2], PM_PRESENT | PM_MMAP_EXCLUSIVE | pfn_at(mm, 2));
	mm_exit(mm);
	file_put(file);
	free_raw_frames(frames, 0);
}

/* Rows: G2, W11 */
static void every_page_of_a_leaf_has_a_word(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", 0);
	folio = put_leaf(mm, AREA);
	look(mm, AREA + 3 * PAGE_SIZE, HPAGE_PMD_NR);
	for (unsigned long i = 0; i < HPAGE_PMD_NR - 3; i++)
		assert_int_equal(map[i], PM_PRESENT | PM_MMAP_EXCLUSIVE | (folio_pfn(folio) + 3 + i));
	assert_int_equal(map[HPAGE_PMD_NR - 3], 0);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));	/* not split for it */
	split_leaf(mm, AREA);
	look(mm, AREA, 1);
	assert_int_equal(map[0], PM_PRESENT | PM_MMAP_EXCLUSIVE | folio_pfn(folio));
	mm_exit(mm);
}

/* Row: G2. The huge zero page is not anonymous, and its mappings are not counted. */
static void the_huge_zero_page_is_no_anonymous_page(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = world_mm("linux-6.15,thp=always");
	BUG_ON(sys_mmap(mm, AREA, LEN, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)AREA);
	BUG_ON(do_user_addr_fault(mm, AREA, 0));
	assert_true(is_huge_zero_pmd(pmd_at(mm, AREA)));
	look(mm, page_addr(1), 2);
	assert_int_equal(map[0], PM_PRESENT | PM_FILE | (pmd_pfn(pmd_at(mm, AREA)) + 1));
	assert_int_equal(map[1], map[0] + 1);
	mm_exit(mm);
}

static void split(void *mm)
{
	split_leaf(mm, AREA);
}

/* Row: W3 */
static void a_leaf_split_half_way_is_reported_as_ptes(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = mm_with_words("linux-6.15", 0);
	folio = put_leaf(mm, AREA);
	meanwhile("ptl.pmd_leaf", split, mm);
	look(mm, AREA, NR);
	assert_int_equal(meanwhile_ran(), 1);
	for (unsigned long i = 0; i < NR; i++)
		assert_int_equal(map[i], PM_PRESENT | PM_MMAP_EXCLUSIVE | (folio_pfn(folio) + i));
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_entry_has_its_word),
		cmocka_unit_test(where_nothing_can_be_there_is_nothing),
		cmocka_unit_test(files_and_raw_frames),
		cmocka_unit_test(every_page_of_a_leaf_has_a_word),
		cmocka_unit_test(the_huge_zero_page_is_no_anonymous_page),
		cmocka_unit_test(a_leaf_split_half_way_is_reported_as_ptes),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
