/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_huge: anonymous huge pages moved as a whole, or split first. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/move_pages.h"
#include "core/op/try_to_unmap.h"
#include "tests/lib/scene/migrate_huge_scene.h"

/* ---- whole ---- */

/* Rows: A9, M4. The leaf, its bits, and the exclusive page stay what they were, wherever the pages are. */
static void a_huge_page_moves_whole_and_back(void **state)
{
	uint64_t leaves = events_total(EV_MIGRATE_PMD), splits = events_total(EV_THP_SPLIT_PMD);
	unsigned long frames;

	(void)state;
	needs_thp();
	begin();
	frames = machine_free_frames();
	for (int nid = 1; nid >= 0; nid--) {
		assert_int_equal(sys_migrate_range(mm, AREA, LEN, (unsigned int)nid), HUGE);
		assert_int_equal(page_to_nid(pmd_page(leaf_at(mm, AREA))), nid);
		assert_true(pmd_write(leaf_at(mm, AREA)) && pmd_dirty(leaf_at(mm, AREA)) && exclusive());
		assert_true(pmd_young(leaf_at(mm, AREA)));
		assert_int_equal(folio_ref_count(huge_folio(mm, AREA)), 1);
		assert_int_equal(folio_entire_mapcount(huge_folio(mm, AREA)), 1);
		check_words(mm, AREA, HUGE);
		assert_at_rest(mm);
	}
	assert_int_equal(sys_migrate_range(mm, AREA + PAGE(7), PAGE_SIZE, 1), HUGE);
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 0);
	assert_int_equal(events_total(EV_MIGRATE_PMD) - leaves, 3);
	assert_int_equal(events_total(EV_THP_SPLIT_PMD) - splits, 0);
	assert_int_equal(machine_free_frames(), frames);
	finish();
}

/* Row: A9. By move_pages(), one page is enough; its owner alone may move what others share. */
static void one_page_takes_the_others_along(void **state)
{
	unsigned long addr = AREA + PAGE(9);
	int nid = 1, status = -1;

	(void)state;
	needs_thp();
	begin();
	assert_int_equal(sys_move_pages(mm, 1, &addr, &nid, &status, MPOL_MF_MOVE), 0);
	assert_int_equal(status, 1);
	assert_true(is_huge(mm, AREA) && page_to_nid(pmd_page(leaf_at(mm, AREA))) == 1);
	assert_int_equal(sys_fork(mm, &child), 0);
	nid = 0;
	assert_int_equal(sys_move_pages(mm, 1, &addr, &nid, &status, MPOL_MF_MOVE), 0);
	assert_int_equal(status, -EACCES);
	assert_int_equal(sys_move_pages(mm, 1, &addr, &nid, &status, MPOL_MF_MOVE_ALL), 0);
	assert_int_equal(status, 0);
	assert_true(is_huge(child, AREA) && huge_folio(mm, AREA) == huge_folio(child, AREA));
	assert_false(exclusive() || pmd_write(leaf_at(mm, AREA)) || pmd_write(leaf_at(child, AREA)));
	assert_true(folio_maybe_mapped_shared(huge_folio(mm, AREA)));
	check_words(child, AREA, HUGE);
	finish();
}

/* Row: A9. By a leaf in one mm and PTEs in another: so again afterwards. */
static void leaves_and_ptes_of_one_folio_come_back_as_they_were(void **state)
{
	(void)state;
	needs_thp();
	begin();
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_madvise(child, AREA + PAGE(3), PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(sys_migrate_range(child, AREA, LEN, 1), HUGE);
	assert_true(is_huge(mm, AREA) && !is_huge(child, AREA));
	assert_int_equal(folio_mapcount(huge_folio(mm, AREA)), HUGE);
	assert_int_equal(folio_entire_mapcount(huge_folio(mm, AREA)), 1);
	check_words(mm, AREA, HUGE);
	check_words(child, AREA, HUGE - 1);
	finish();
}

/* Rows: A6, A9. The leaf that was cleared is set again. */
static void a_pinned_huge_page_stays(void **state)
{
	struct page *page;
	struct folio *folio;
	uint64_t kept;
	pmd_t before;

	(void)state;
	needs_thp();
	begin();
	folio = huge_folio(mm, AREA);
	assert_int_equal(pin_user_pages_fast(mm, AREA + PAGE(4), 1, FOLL_WRITE, &page), 1);
	before = leaf_at(mm, AREA);
	kept = events_total(EV_UNMAP_PINNED);
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 0);
	assert_int_equal(events_total(EV_UNMAP_PINNED) - kept, 1);
	assert_true(pmd_same(leaf_at(mm, AREA), before) && exclusive() && huge_folio(mm, AREA) == folio);
	unpin_user_page(page);
	get_page(page);		/* another reference does not stop the entry, but the move */
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 0);
	assert_true(pmd_same(leaf_at(mm, AREA), before) && exclusive() && huge_folio(mm, AREA) == folio);
	put_page(page);
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), HUGE);
	finish();
}

/* ---- not whole ---- */

/* Leaves node 1 without a block of HPAGE_PMD_ORDER, and returns the folios that take the rest. */
static unsigned int fragment(struct folio **taken)
{
	unsigned int nr = 0, kept = 0;
	struct page *page;

	while ((page = alloc_pages_node(1, HPAGE_PMD_ORDER - 1, PAGE_ANON | ALLOC_COMPOUND | ALLOC_THISNODE)))
		taken[nr++] = page_folio(page);
	for (unsigned int i = 0; i < nr; i++) {
		if ((folio_pfn(taken[i]) >> (HPAGE_PMD_ORDER - 1)) & 1)
			folio_put(taken[i]);
		else
			taken[kept++] = taken[i];
	}
	return kept;
}

/* Row: A9. Without a block of its size it is split, and moves page by page. */
static void without_a_huge_page_there_it_is_split(void **state)
{
	struct folio *taken[64];
	unsigned int nr;

	(void)state;
	needs_thp();
	begin();
	nr = fragment(taken);
	events_reset();
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), HUGE);
	assert_int_equal(events_total(EV_FOLIO_SPLIT), 1);
	assert_int_equal(events_total(EV_MIGRATE), HUGE);
	assert_int_equal(events_total(EV_MIGRATE_LARGE), 0);
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++)
		assert_int_equal(page_to_nid(pte_page(tree_pte(mm, AREA + PAGE(i)))), 1);
	check_words(mm, AREA, HUGE);
	while (nr)
		folio_put(taken[--nr]);
	finish();
}

/* Row: A9. What is not mapped is not moved, but freed. */
static void a_half_unmapped_one_is_split_first(void **state)
{
	unsigned long frames;

	(void)state;
	needs_thp();
	begin();
	frames = machine_free_frames();
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE / 2, MADV_DONTNEED));
	assert_true(folio_partially_mapped(page_folio(pte_page(tree_pte(mm, AREA + PMD_SIZE / 2)))));
	assert_int_equal(machine_free_frames(), frames);
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), HUGE / 2);
	assert_int_equal(machine_free_frames(), frames + HPAGE_PMD_NR / 2);
	check_words(mm, AREA, HUGE / 2);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		up_and_down(a_huge_page_moves_whole_and_back),
		up_and_down(one_page_takes_the_others_along),
		up_and_down(leaves_and_ptes_of_one_folio_come_back_as_they_were),
		up_and_down(a_pinned_huge_page_stays),
		up_and_down(without_a_huge_page_there_it_is_split),
		up_and_down(a_half_unmapped_one_is_split_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
