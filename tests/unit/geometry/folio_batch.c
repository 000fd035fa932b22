/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_batch: reclaim splits a huge page to swap it out, and no leaf for nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/mm/filemap.h"
#include "core/op/folio_batch.h"
#include "core/op/gup.h"
#include "core/op/madvise.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

/* Rows: W11, A9. A pinned huge page cannot be split: its leaf stays, whatever part of it reclaim wants. */
static void a_pinned_huge_page_keeps_its_leaf(void **state)
{
	struct mm_struct *mm;
	struct page *page;

	(void)state;
	needs_leaves();
	mm = mm_with_area("linux-6.15");
	put_leaf(mm, AREA);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_PAGEOUT), 0);
	assert_int_equal(sys_madvise(mm, AREA + 3 * PAGE_SIZE, PAGE_SIZE, MADV_PAGEOUT), 0);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));
	unpin_user_page(page);
	assert_int_equal(sys_madvise(mm, AREA + 3 * PAGE_SIZE, PAGE_SIZE, MADV_PAGEOUT), 0);
	assert_false(pmd_trans_huge(pmd_at(mm, AREA)));
	assert_int_equal(tree_count(mm).swap, 1);
	assert_int_equal(tree_count(mm).anon, HPAGE_PMD_NR - 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Rows: W11, A9. It is collected as a whole. */
static void so_does_a_huge_page_of_a_file(void **state)
{
	struct folio_batch batch = { .next = AREA };
	struct file *file;
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, HPAGE_PMD_ORDER, 1);
	assert_non_null(file);
	mm = world_mm("linux-6.15");
	assert_int_equal(sys_mmap_file(mm, AREA, PMD_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0), AREA);
	assert_int_equal(do_user_addr_fault(mm, AREA, 0), 0);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));
	mmap_read_lock(mm);
	assert_false(folio_batch_fill(&batch, vma_lookup(mm, AREA), AREA + PMD_SIZE));
	mmap_read_unlock(mm);
	assert_int_equal(batch.nr, 1);
	assert_ptr_equal(batch.folios[0], page_folio(pmd_page(pmd_at(mm, AREA))));
	folio_put(batch.folios[0]);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pinned_huge_page_keeps_its_leaf),
		cmocka_unit_test(so_does_a_huge_page_of_a_file),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
