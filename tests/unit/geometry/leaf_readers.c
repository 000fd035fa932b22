/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leaf_readers.c - huge leaves as others find them: reverse-map walks, GUP with and without locks, mincore. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/page_vma_mapped.h"
#include "core/op/exit.h"
#include "core/op/folio_referenced.h"
#include "core/op/gup.h"
#include "core/op/mincore.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	16u

static struct vm_area_struct *vma_at(struct mm_struct *mm, unsigned long addr)
{
	return vma_tree_find(&mm->tree, addr);
}

static struct mm_struct *mm_with_leaf(const char *policy, struct folio **folio)
{
	struct mm_struct *mm = mm_with_words(policy, 0);

	*folio = put_leaf(mm, AREA);
	return mm;
}

static void split(void *mm)
{
	split_leaf(mm, AREA);
}

/* ---- reverse map ---- */

/* Entries found, and whether the first of them is the leaf. */
static unsigned int found(struct mm_struct *mm, struct folio *folio, unsigned int flags, bool *leaf)
{
	struct vm_area_struct *vma = vma_at(mm, AREA);
	unsigned long at = vma_address(vma, folio->page.index, folio_nr_pages(folio));
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, at, flags);
	unsigned int nr = 0;

	*leaf = false;
	while (page_vma_mapped_walk(&pvmw)) {
		assert_true(spin_is_locked(pvmw.ptl));
		if (!nr)
			*leaf = !pvmw.pte;
		if (!pvmw.pte)
			assert_ptr_equal(pvmw.pmd, pmdp_at(mm, at));
		nr++;
	}
	assert_null(pvmw.ptl);
	if (FAULTLINE_CHECK)
		lockrank_assert_none_held();
	return nr;
}

/* Row: A7 */
static void a_walk_finds_the_leaf_once(void **state)
{
	(void)state;
	needs_leaves();
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct folio *folio, *other;
		struct mm_struct *mm = mm_with_leaf(world_policies[i], &folio);
		bool leaf;

		other = put_leaf(mm, AREA + PMD_SIZE);
		assert_int_equal(found(mm, folio, 0, &leaf), 1);
		assert_true(leaf);
		assert_int_equal(found(mm, folio, PVMW_SYNC, &leaf), 1);
		assert_int_equal(found(mm, folio, PVMW_MIGRATION, &leaf), 0);
		split(mm);
		assert_int_equal(found(mm, folio, 0, &leaf), HPAGE_PMD_NR);
		assert_false(leaf);
		assert_int_equal(found(mm, other, 0, &leaf), 1);
		assert_true(leaf);
		split_leaf(mm, AREA + PMD_SIZE);
		mm_exit(mm);
	}
}

/* Row: A7 */
static void a_leaf_that_is_split_before_the_lock_is_found_as_ptes(void **state)
{
	struct folio *folio;
	struct mm_struct *mm;
	bool leaf;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = mm_with_leaf("linux-6.15", &folio);
	meanwhile("pvmw.before_pmd_lock", split, mm);
	assert_int_equal(found(mm, folio, 0, &leaf), HPAGE_PMD_NR);
	assert_int_equal(meanwhile_ran(), 1);
	assert_false(leaf);
	mm_exit(mm);
}

/* Row: A9 */
static void a_leaf_is_one_reference_to_the_folio(void **state)
{
	unsigned long vm_flags;
	struct folio *folio;
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_leaf("linux-6.15", &folio);
	assert_true(pmd_young(pmd_at(mm, AREA)));
	assert_int_equal(folio_referenced(folio, false, &vm_flags), 1);
	assert_false(pmd_young(pmd_at(mm, AREA)));
	assert_true(pmd_dirty(pmd_at(mm, AREA)) && pmd_write(pmd_at(mm, AREA)));
	assert_int_equal(folio_referenced(folio, false, &vm_flags), 0);
	split(mm);
	mm_exit(mm);
}

/* ---- GUP ---- */

static void are_pages_of(struct page **pages, struct folio *folio, unsigned long first, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		assert_ptr_equal(pages[i], folio_page(folio, first + i));
}

/* Row: L6 */
static void pages_of_a_leaf_are_pinned_at_once(void **state)
{
	(void)state;
	needs_leaves();
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct page *pages[PAGES];
		struct folio *folio;
		struct mm_struct *mm = mm_with_leaf(world_policies[i], &folio);
		uint64_t leaves = events_total(EV_GUP_LEAF);

		assert_int_equal(pin_user_pages_fast(mm, page_addr(3), PAGES, FOLL_WRITE | FOLL_FAST_ONLY, pages),
				 PAGES);
		assert_int_equal(events_total(EV_GUP_LEAF), leaves + 1);
		are_pages_of(pages, folio, 3, PAGES);
		assert_int_equal(folio_ref_count(folio), 1 + PAGES);
		assert_int_equal(folio->page._pincount, PAGES);
		assert_true(folio_maybe_dma_pinned(folio));
		unpin_user_pages(pages, PAGES);
		assert_int_equal(folio_ref_count(folio), 1);
		assert_false(folio_maybe_dma_pinned(folio));
		assert_int_equal(pin_user_pages_unlocked(mm, page_addr(3), PAGES, FOLL_LONGTERM, pages), PAGES);
		are_pages_of(pages, folio, 3, PAGES);
		assert_int_equal(folio->page._pincount, PAGES);
		unpin_user_pages(pages, PAGES);
		split(mm);
		mm_exit(mm);
	}
}

/* From a leaf over its end into a table, and the other way round. Row: L6 */
static void a_leaf_and_a_table_are_pinned_in_one_call(void **state)
{
	struct page *pages[PAGES];
	struct folio *folio;
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_leaf("linux-6.15", &folio);
	for (unsigned long i = 0; i < PAGES; i++)
		write_word(mm, HPAGE_PMD_NR + i, i);
	assert_int_equal(get_user_pages_fast(mm, AREA + PMD_SIZE - 4 * PAGE_SIZE, PAGES, FOLL_WRITE | FOLL_FAST_ONLY,
					     pages),
			 PAGES);
	are_pages_of(pages, folio, HPAGE_PMD_NR - 4, 4);
	for (unsigned long i = 4; i < PAGES; i++)
		assert_ptr_equal(pages[i], &folio_at(mm, HPAGE_PMD_NR + i - 4)->page);
	for (unsigned long i = 0; i < PAGES; i++)
		put_page(pages[i]);
	split(mm);
	mm_exit(mm);
}

/* Read-only and not exclusive, as fork leaves it; then without any right. Row: L6 */
static void a_leaf_is_left_to_the_slow_path_where_it_must(void **state)
{
	struct page *pages[PAGES];
	struct folio *folio;
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_leaf("linux-6.15", &folio);
	pmd_put(mm, AREA, pmd_wrprotect(pmd_at(mm, AREA)));
	assert_int_equal(pin_user_pages_fast(mm, AREA, PAGES, FOLL_WRITE | FOLL_FAST_ONLY, pages), 0);
	assert_int_equal(pin_user_pages_fast(mm, AREA, PAGES, FOLL_FAST_ONLY, pages), PAGES);	/* exclusive still */
	unpin_user_pages(pages, PAGES);
	ClearPageAnonExclusive(&folio->page);
	assert_int_equal(pin_user_pages_fast(mm, AREA, PAGES, FOLL_FAST_ONLY, pages), 0);
	assert_int_equal(get_user_pages_fast(mm, AREA, PAGES, FOLL_FAST_ONLY, pages), PAGES);
	for (unsigned long i = 0; i < PAGES; i++)
		put_page(pages[i]);
	pmd_put(mm, AREA, pmd_modify(pmd_at(mm, AREA), ENTRY_PROTNONE));
	assert_int_equal(get_user_pages_fast(mm, AREA, PAGES, FOLL_FAST_ONLY, pages), 0);
	assert_int_equal(folio_ref_count(folio), 1);
	split(mm);
	mm_exit(mm);
}

/* Rows: L6, A6 */
static void a_leaf_that_changes_under_gup_is_given_back(void **state)
{
	struct page *pages[PAGES];
	struct folio *folio;
	struct mm_struct *mm;
	uint64_t changed;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = mm_with_leaf("linux-6.15", &folio);
	changed = events_total(EV_GUP_CHANGED);
	meanwhile("gup.pinned_leaf", split, mm);
	assert_int_equal(pin_user_pages_fast(mm, AREA, PAGES, FOLL_WRITE | FOLL_FAST_ONLY, pages), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(events_total(EV_GUP_CHANGED), changed + 1);
	assert_false(folio_maybe_dma_pinned(folio));
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Pages of it are pages of zeroes like any other. Row: L6 */
static void the_huge_zero_page_is_split_by_gup(void **state)
{
	struct page *pages[PAGES];
	struct folio *folio, *zeroes;
	struct mm_struct *mm;
	pmd_t was;

	(void)state;
	needs_leaves();
	mm = mm_with_leaf("linux-6.15", &folio);
	zeroes = get_huge_zero_folio();
	assert_non_null(zeroes);
	was = pmd_at(mm, AREA);
	pmd_put(mm, AREA, pmd_mkspecial(mk_huge_pmd(&zeroes->page, vma_at(mm, AREA)->vm_page_prot)));
	assert_int_equal(get_user_pages_fast(mm, AREA, PAGES, FOLL_FAST_ONLY, pages), 0);
	assert_int_equal(pin_user_pages_fast(mm, AREA, PAGES, 0, pages), PAGES);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_ptr_equal(pages[i], zero_page);
	unpin_user_pages(pages, PAGES);
	assert_false(pmd_trans_huge(pmd_at(mm, AREA)));
	mm_count(&mm->pt, MM_ANONPAGES, -(long)HPAGE_PMD_NR);	/* what the leaf mapped goes by hand */
	mmap_read_lock(mm);
	folio_remove_rmap_pmd(folio, pmd_page(was), vma_at(mm, AREA));
	mmap_read_unlock(mm);
	folio_put(folio);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- mincore ---- */

/* Row: G2 */
static void mincore_sees_a_leaf(void **state)
{
	static unsigned char vec[2 * PTRS_PER_PTE];
	struct folio *folio;
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_leaf("linux-6.15", &folio);
	assert_int_equal(sys_mincore(mm, page_addr(3), PMD_SIZE, vec), 0);
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		assert_int_equal(vec[i], i + 3 < HPAGE_PMD_NR);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));	/* not split for it */
	split(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_finds_the_leaf_once),
		cmocka_unit_test(a_leaf_that_is_split_before_the_lock_is_found_as_ptes),
		cmocka_unit_test(a_leaf_is_one_reference_to_the_folio),
		cmocka_unit_test(pages_of_a_leaf_are_pinned_at_once),
		cmocka_unit_test(a_leaf_and_a_table_are_pinned_in_one_call),
		cmocka_unit_test(a_leaf_is_left_to_the_slow_path_where_it_must),
		cmocka_unit_test(a_leaf_that_changes_under_gup_is_given_back),
		cmocka_unit_test(the_huge_zero_page_is_split_by_gup),
		cmocka_unit_test(mincore_sees_a_leaf),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
