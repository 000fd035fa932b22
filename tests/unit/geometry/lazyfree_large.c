/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lazyfree_large: a lazily freed large folio is unmapped by batches of entries, each in one table and alike. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/gup.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/lazyfree_scene.h"

static void get_folio(void *folio)
{
	folio_get(folio);
}

static void pin_last(void *mm)
{
	struct page *page;

	BUG_ON(pin_user_pages_fast(mm, page_addr(LARGE - 1), 1, 0, &page) != 1);
}

static void write_to_last(void *mm)
{
	BUG_ON(do_user_addr_fault(mm, page_addr(LARGE - 1), FAULT_FLAG_WRITE));
}

static void page_out_all(struct mm_struct *mm)
{
	assert_int_equal(sys_madvise(mm, AREA, LARGE * PAGE_SIZE, MADV_PAGEOUT), 0);
}

static bool all_dropped(struct mm_struct *mm, unsigned long addr)
{
	for (unsigned long i = 0; i < LARGE; i++)
		if (!pte_none(tree_pte(mm, addr + i * PAGE_SIZE)))
			return false;
	return true;
}

static void assert_mixed(struct mm_struct *mm)
{
	for (unsigned long i = 0; i < LARGE; i++) {
		assert_int_equal(pte_write(pte_at(mm, i)), !i);
		assert_int_equal(PageAnonExclusive(pte_page(pte_at(mm, i))), !i);
	}
	assert_at_rest(mm);
}

/* Row: A9. */
static void what_is_restored_is_as_it_was(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_checks();
	mm = mixed_mm();
	folio = folio_at(mm, 0);
	meanwhile("reclaim.lazily_freed", get_folio, folio);
	page_out_all(mm);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(folio_test_lazyfree(folio));
	folio_put(folio);
	assert_mixed(mm);
	page_out_all(mm);
	assert_true(all_dropped(mm, AREA));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* The pages of a batch are all exclusive again, whichever keeps them. Row: A9. */
static void one_page_keeps_all(void **state)
{
	static void (*const keeps[])(void *mm) = { pin_last, write_to_last };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(keeps); i++) {
		struct mm_struct *mm = large_mm();

		free_lazily(mm);
		meanwhile("reclaim.lazily_freed", keeps[i], mm);
		page_out_all(mm);
		assert_int_equal(meanwhile_ran(), 1);
		for (unsigned long page = 0; page < LARGE; page++)
			assert_true(pte_write(pte_at(mm, page)) && PageAnonExclusive(pte_page(pte_at(mm, page))));
		assert_int_equal(folio_test_lazyfree(folio_at(mm, 0)), keeps[i] == pin_last);
		if (keeps[i] == pin_last)
			unpin_user_page(pte_page(pte_at(mm, LARGE - 1)));
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

/* MADV_PAGEOUT and MADV_FREE split what two tables map. Row: A9. */
static void a_batch_ends_with_its_table(void **state)
{
	struct mm_struct *mm = large_mm();
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	free_lazily(mm);
	move_across_tables(mm);
	folio_get(folio);
	assert_int_equal(reclaim_folio(folio), 0);
	assert_true(all_dropped(mm, across_tables()));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void pin_last_moved(void *mm)
{
	struct page *page;

	BUG_ON(pin_user_pages_fast(mm, across_tables() + (LARGE - 1) * PAGE_SIZE, 1, 0, &page) != 1);
}

/* A pin that comes when one page of the batch is shared, by an entry that is still there. Row: A9. */
static void a_pin_by_another_table_keeps_all(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_checks();
	mm = large_mm();
	folio = folio_at(mm, 0);
	free_lazily(mm);
	move_across_tables(mm);
	folio_get(folio);
	meanwhile_at("rmap.share.entry_cleared", 2, pin_last_moved, mm);
	assert_int_equal(reclaim_folio(folio), -EBUSY);
	assert_int_equal(meanwhile_ran(), 1);
	for (unsigned long i = 0; i < LARGE; i++)
		assert_true(PageAnonExclusive(pte_page(tree_pte(mm, across_tables() + i * PAGE_SIZE))));
	unpin_user_page(folio_page(folio, LARGE - 1));
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_restored_is_as_it_was),
		cmocka_unit_test(one_page_keeps_all),
		cmocka_unit_test(a_batch_ends_with_its_table),
		cmocka_unit_test(a_pin_by_another_table_keeps_all),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
