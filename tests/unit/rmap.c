/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmap.c - mapcounts reject: a page of another folio, the zero page, a freed anon_vma. */
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/anon_vma_scene.h"

static struct vm_area_struct *vma;
static struct folio *folio;

/* A VMA, and a folio of @order that its anon_vma has, but nothing maps. */
static struct mm_struct *scene(unsigned int order)
{
	struct mm_struct *mm = mm_prepared("linux-6.15", 1u << order);

	vma = vma_at(mm, AREA);
	folio = folio_alloc(order, PAGE_ANON);
	assert_non_null(folio);
	folio_add_new_anon_rmap(folio, vma, AREA, RMAP_EXCLUSIVE);
	return mm;
}

static void end_scene(struct mm_struct *mm)
{
	folio_remove_rmap_ptes(folio, &folio->page, folio_nr_pages(folio), vma);
	folio_put(folio);
	mm_exit(mm);
}

/* Row: A4. */
static void the_zero_page_is_not_counted(void **state)
{
	struct mm_struct *mm = scene(0);
	struct folio *zeroes = page_folio(zero_page);

	(void)state;
	needs_checks();
	assert_dies("zero_page", folio_add_anon_rmap_ptes(zeroes, zero_page, 1, vma, AREA, RMAP_NONE));
	assert_dies("zero_page", folio_remove_rmap_ptes(zeroes, zero_page, 1, vma));
	assert_int_equal(page_mapcount(zero_page), 0);
	end_scene(mm);
}

/* Row: A4. */
static void pages_are_the_folios(void **state)
{
	struct mm_struct *mm = scene(2);
	struct page *last = folio_page(folio, 3);

	(void)state;
	needs_checks();
	assert_dies("folio_nr_pages", folio_add_anon_rmap_ptes(folio, last, 2, vma, PAGE(3), RMAP_NONE));
	assert_dies("folio_nr_pages", folio_remove_rmap_ptes(folio, &folio->page, 5, vma));
	assert_dies("folio_nr_pages", folio_remove_rmap_ptes(folio, &folio->page, 0, vma));
	assert_dies("linear_page_index", folio_add_anon_rmap_ptes(folio, last, 1, vma, AREA, RMAP_NONE));
	end_scene(mm);
}

/* Row: A4. */
static void what_maps_it_keeps_its_anon_vma(void **state)
{
	struct mm_struct *mm = scene(0);
	int refcount = load_relaxed(&vma_anon_vma(vma)->refcount);

	(void)state;
	needs_checks();
	store_relaxed(&vma_anon_vma(vma)->refcount, 0);
	assert_dies("refcount", folio_remove_rmap_ptes(folio, &folio->page, 1, vma));
	store_relaxed(&vma_anon_vma(vma)->refcount, refcount);
	end_scene(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_zero_page_is_not_counted),
		cmocka_unit_test(pages_are_the_folios),
		cmocka_unit_test(what_maps_it_keeps_its_anon_vma),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
