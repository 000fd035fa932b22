/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ref_limit: a page with as many references as can be counted: GUP adds none, everything else works, and it recovers.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/phys/folio.h"
#include "tests/lib/scene/fault_scene.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/leaf_scene.h"

#define LIMIT_PINS	(1 << 21)	/* of a small folio: their references fill 31 bits */

/* Every way to a page by its address is refused. */
static void assert_refused(struct mm_struct *mm, unsigned long addr)
{
	struct page *page;

	assert_int_equal(pin_user_pages_fast(mm, addr, 1, FOLL_WRITE, &page), -ENOMEM);
	assert_int_equal(pin_user_pages_unlocked(mm, addr, 1, 0, &page), -ENOMEM);
	assert_int_equal(get_user_pages_fast(mm, addr, 1, 0, &page), -ENOMEM);
	assert_int_equal(get_user_pages_unlocked(mm, addr, 1, FOLL_WRITE, &page), -ENOMEM);
	assert_int_equal(get_user_pages_fast(mm, addr, 1, FOLL_FAST_ONLY, &page), 0);
}

/* Row: L6. */
static void pins_end_where_they_cannot_be_counted(void **state)
{
	struct scene s = scene_of("linux-6.15", PROT_READ | PROT_WRITE);
	struct page *page, *pinned[3];
	struct mm_struct *child;

	(void)state;
	assert_int_equal(do_write(&s, AREA), 0);
	page = page_at(&s, AREA);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, &pinned[0]), 1);
	page_ref_add(page, (LIMIT_PINS - 3) * GUP_PIN_COUNTING_BIAS);	/* as so many pins */
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, &pinned[1]), 1);
	assert_true(page_ref_count(page) > 0);
	assert_int_equal(pin_user_pages_unlocked(s.mm, AREA, 1, FOLL_WRITE, &pinned[2]), 1);
	assert_true(page_ref_count(page) < 0);
	assert_refused(s.mm, AREA);
	/* It is pinned, so a child gets a copy; what counts by one still does. */
	assert_true(folio_maybe_dma_pinned(page_folio(page)));
	assert_int_equal(sys_fork(s.mm, &child), 0);
	assert_true(tree_pte(child, AREA).val && pte_page(tree_pte(child, AREA)) != page);
	mm_exit(child);
	assert_true(folio_try_get(page_folio(page)));
	folio_put(page_folio(page));
	unpin_user_page(pinned[2]);
	assert_true(page_ref_count(page) > 0);
	assert_int_equal(pin_user_pages_fast(s.mm, AREA, 1, FOLL_WRITE, &pinned[2]), 1);
	assert_false(page_ref_sub_and_test(page, (LIMIT_PINS - 3) * GUP_PIN_COUNTING_BIAS));
	unpin_user_pages(pinned, 3);
	assert_int_equal(page_ref_count(page), 1);
	assert_at_rest(s.mm);
	mm_exit(s.mm);
}

/* Row: L6. A pin of a large folio counts once: 512 of them at a time, up to the limit and no further. */
static void so_do_pins_of_leaves(void **state)
{
	static struct page *pages[512];
	struct mm_struct *mm;
	struct folio *folio;
	int before;

	(void)state;
	needs_leaves();
	mm = mm_with_area("linux-6.15");
	folio = put_leaf(mm, AREA);
	before = folio_ref_count(folio);
	folio_ref_add(folio, INT_MAX - before);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 512, FOLL_WRITE, pages), 512);
	assert_true(folio_ref_count(folio) < 0 && folio_maybe_dma_pinned(folio));
	assert_refused(mm, AREA);
	unpin_user_pages(pages, 512);
	folio_put_refs(folio, INT_MAX - before);
	assert_int_equal(folio_ref_count(folio), before);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* A page of a file with that many references is found, mapped and truncated as any other. */
static void a_file_does_not_wait_for_it(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);
	struct folio *folio;

	(void)state;
	store_word(mm, SHARED_AT, 5);
	folio = page_folio(pte_page(tree_pte(mm, SHARED_AT)));
	folio_ref_add(folio, INT_MAX);
	assert_true(folio_ref_count(folio) < 0);
	assert_refused(mm, SHARED_AT);
	assert_int_equal(load_word(mm, PRIVATE_AT), 5);
	assert_int_equal(filemap_writeback(file), 1);
	folio_put_refs(folio, INT_MAX);
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pins_end_where_they_cannot_be_counted),
		cmocka_unit_test(so_do_pins_of_leaves),
		cmocka_unit_test(a_file_does_not_wait_for_it),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
