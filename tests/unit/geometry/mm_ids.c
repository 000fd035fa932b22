/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm_ids - more mappings of a large folio by one mm than its count holds, where it is short. */
#include "core/phys/frame.h"
#include "tests/lib/scene/anon_vma_scene.h"

#define ORDER	8u
#define PAGES	(1 << ORDER)
#define ROUNDS	128	/* 32768 mappings: as many as 16 bits count */

static void map(struct folio *folio, struct vm_area_struct *vma, int rounds)
{
	while (rounds--)
		folio_add_anon_rmap_ptes(folio, &folio->page, PAGES, vma, AREA, RMAP_NONE);
}

static void unmap(struct folio *folio, struct vm_area_struct *vma, int rounds)
{
	while (rounds--)
		folio_remove_rmap_ptes(folio, &folio->page, PAGES, vma);
}

/*
 * Row: A3. The mm whose count overflows loses its slot, and the folio is shared until it is unmapped, or until another
 * mm has all of it.
 */
static void a_count_that_overflows_frees_its_slot(void **state)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", PAGES), *child;
	struct vm_area_struct *vma = vma_at(mm, AREA), *other;
	struct folio *folio = folio_alloc(ORDER, PAGE_ANON);
	const struct page *large = folio_large(folio);

	(void)state;
	BUG_ON(sys_fork(mm, &child));
	other = vma_at(child, AREA);
	folio_add_new_anon_rmap(folio, vma, AREA, RMAP_NONE);
	map(folio, vma, ROUNDS - 1);
	assert_false(folio_maybe_mapped_shared(folio));
	assert_int_equal(large->mm_id_mapcount[0], ROUNDS * PAGES - 1);

	map(folio, vma, 1);
	assert_int_equal(folio_maybe_mapped_shared(folio), !CONFIG_64BIT);
	assert_int_equal(large->mm_id[0], CONFIG_64BIT ? mm->mm_id : 0);
	assert_int_equal(large->mm_id_mapcount[0], CONFIG_64BIT ? (ROUNDS + 1) * PAGES - 1 : -1);
	assert_int_equal(folio_mapcount(folio), (ROUNDS + 1) * PAGES);

	map(folio, other, 1);
	assert_true(folio_maybe_mapped_shared(folio));
	unmap(folio, vma, ROUNDS);
	assert_true(folio_maybe_mapped_shared(folio));
	unmap(folio, vma, 1);
	assert_false(folio_maybe_mapped_shared(folio));
	map(folio, vma, 1);
	unmap(folio, other, 1);
	assert_false(folio_maybe_mapped_shared(folio));
	unmap(folio, vma, 1);
	folio_put(folio);
	mm_exit(child);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_that_overflows_frees_its_slot),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
