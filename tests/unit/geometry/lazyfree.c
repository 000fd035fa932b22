/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lazyfree: MADV_FREE and MADV_COLD: what reclaim drops then, what a write keeps, shared, large and pinned folios. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/op/reclaim.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	8ul

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

static void advise(struct mm_struct *mm, unsigned long first, unsigned long pages, int advice)
{
	assert_int_equal(sys_madvise(mm, page_addr(first), pages * PAGE_SIZE, advice), 0);
}

/* Without a slot: reads as zeroes. */
static bool dropped(struct mm_struct *mm, unsigned long i)
{
	return pte_none(pte_at(mm, i));
}

/* Row: A9. */
static void reclaim_drops_what_was_freed(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct mm_struct *mm = mm_with_words(policies[p], PAGES);

		advise(mm, 0, 4, MADV_FREE);
		for (unsigned long i = 0; i < PAGES; i++) {
			assert_int_equal(pte_dirty(pte_at(mm, i)), i >= 4);
			assert_int_equal(pte_young(pte_at(mm, i)), i >= 4);
			assert_int_equal(folio_test_lazyfree(folio_at(mm, i)), i < 4);
			assert_true(pte_write(pte_at(mm, i)));
		}
		assert_int_equal(read_word(mm, 0), 100);
		write_word(mm, 1, 201);
		assert_at_rest(mm);
		advise(mm, 0, PAGES, MADV_PAGEOUT);
		assert_true(dropped(mm, 0) && dropped(mm, 2) && dropped(mm, 3) && swapped(mm, 4));
		/* It was written to: an anonymous page again, which the next reclaim swaps out. */
		assert_true(pte_write(pte_at(mm, 1)) && !folio_test_lazyfree(folio_at(mm, 1)));
		assert_true(PageAnonExclusive(pte_page(pte_at(mm, 1))));
		assert_int_equal(nr_swap_used(), 4);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 1);
		assert_at_rest(mm);
		advise(mm, 0, PAGES, MADV_PAGEOUT);
		assert_true(swapped(mm, 1));
		assert_int_equal(read_word(mm, 1), 201);
		assert_int_equal(read_word(mm, 0), 0);
		assert_int_equal(read_word(mm, 4), 104);
		mm_exit(mm);
	}
}

static void swapped_pages_are_freed(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", PAGES);

	(void)state;
	advise(mm, 0, 4, MADV_PAGEOUT);
	advise(mm, 6, 1, MADV_GUARD_INSTALL);
	assert_int_equal(nr_swap_used(), 4);
	advise(mm, 1, 6, MADV_FREE);
	assert_int_equal(nr_swap_used(), 1);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_SWAPENTS), 1);
	assert_true(dropped(mm, 1) && swapped(mm, 0) && !pte_none(pte_at(mm, 6)));
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(read_word(mm, 1), 0);
	assert_int_equal(read_word(mm, 4), 104);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* What others map stays theirs, by their dirty entries, and young; a fork of what was freed is free, too. */
static void shared_pages_are_kept_for_the_others(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", PAGES), *child;

	(void)state;
	advise(mm, 0, 4, MADV_FREE);
	assert_int_equal(sys_fork(mm, &child), 0);
	advise(child, 4, 2, MADV_FREE);
	advise(mm, 6, 2, MADV_COLD);
	assert_true(!pte_dirty(pte_at(child, 4)) && pte_dirty(pte_at(mm, 4)));
	assert_true(folio_test_lazyfree(folio_at(child, 4)) && !folio_test_lazyfree(folio_at(child, 6)));
	assert_true(pte_young(pte_at(mm, 6)));
	advise(child, 0, PAGES, MADV_PAGEOUT);
	assert_true(pte_present(pte_at(child, 0)) && pte_present(pte_at(child, 4)));
	assert_int_equal(read_word(child, 0), 100);
	write_word(child, 1, 201);
	write_word(mm, 2, 202);
	reclaim_at(mm, AREA, PAGES * PAGE_SIZE);
	assert_true(dropped(mm, 0) && dropped(child, 0) && dropped(mm, 3));
	assert_int_equal(read_word(child, 1), 201);
	assert_int_equal(read_word(mm, 2), 202);
	assert_int_equal(read_word(mm, 1), 0);
	for (unsigned long i = 4; i < PAGES; i++) {
		assert_int_equal(read_word(mm, i), 100 + i);
		assert_true(read_word(child, i) == 100 + i || (i < 6 && !read_word(child, i)));
	}
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* The entries of a page that reclaim could not unmap tell all afterwards. A reference alone keeps no entry. */
static void what_reclaim_could_not_unmap_is_given_up(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2), *child;
	struct page *pinned, *got;

	(void)state;
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &pinned), 1);
	assert_int_equal(get_user_pages_fast(mm, page_addr(1), 1, 0, &got), 1);
	advise(mm, 0, 2, MADV_PAGEOUT);
	assert_true(pte_present(pte_at(mm, 0)) && swapped(mm, 1));
	assert_int_equal(read_word(mm, 1), 101);
	assert_ptr_equal(pte_page(pte_at(mm, 1)), got);
	unpin_user_page(pinned);
	put_page(got);
	assert_int_equal(sys_fork(mm, &child), 0);
	advise(mm, 0, 2, MADV_FREE);
	assert_true(folio_test_lazyfree(folio_at(child, 0)) && pte_dirty(pte_at(child, 0)));
	assert_false(folio_test_lazyfree(folio_at(child, 1)) || pte_dirty(pte_at(child, 1)));
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Once a page was in a slot its entries are clean, also those of an mm that needs it. */
static void what_was_swapped_out_is_kept_for_the_others(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2), *child;

	(void)state;
	advise(mm, 0, 2, MADV_PAGEOUT);
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(read_word(mm, 1), 101);
	assert_int_equal(read_word(child, 1), 101);
	assert_false(pte_dirty(pte_at(mm, 0)));
	advise(child, 0, 2, MADV_FREE);
	assert_false(folio_test_lazyfree(folio_at(mm, 0)) || folio_test_lazyfree(folio_at(mm, 1)));
	reclaim_at(mm, AREA, 2 * PAGE_SIZE);
	assert_true(read_word(mm, 0) == 100 && read_word(mm, 1) == 101);
	mm_exit(child);
	/* Alone it is given up. */
	advise(mm, 0, 2, MADV_FREE);
	assert_true(folio_test_lazyfree(folio_at(mm, 0)));
	assert_at_rest(mm);
	mm_exit(mm);
}

/* The lock ends with the other mm. */
static void a_page_that_another_has_locked_is_not_marked(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1), *child;

	(void)state;
	lock_in_memory(mm);
	assert_int_equal(sys_fork(mm, &child), 0);
	advise(child, 0, 1, MADV_FREE);
	assert_false(pte_dirty(pte_at(child, 0)) || folio_test_lazyfree(folio_at(child, 0)));
	mm_exit(mm);
	advise(child, 0, 1, MADV_PAGEOUT);
	assert_true(swapped(child, 0));
	assert_int_equal(read_word(child, 0), 100);
	mm_exit(child);
}

/* A write makes it an anonymous page again, pinned or not; a reference keeps it as it is. */
static void a_page_in_use_is_not_dropped(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct page *pinned, *got;

	(void)state;
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &pinned), 1);
	assert_int_equal(get_user_pages_fast(mm, page_addr(1), 1, 0, &got), 1);
	advise(mm, 0, 2, MADV_FREE);
	write_word(mm, 0, 500);
	advise(mm, 0, 2, MADV_PAGEOUT);
	assert_true(pte_present(pte_at(mm, 0)) && !folio_test_lazyfree(folio_at(mm, 0)));
	assert_true(pte_present(pte_at(mm, 1)) && folio_test_lazyfree(folio_at(mm, 1)));
	unpin_user_page(pinned);
	put_page(got);
	advise(mm, 0, 2, MADV_PAGEOUT);
	assert_true(swapped(mm, 0) && dropped(mm, 1));
	assert_int_equal(read_word(mm, 0), 500);
	mm_exit(mm);
}

/* Sixteen pages each. */
static void large_folios_as_a_whole_or_split(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=64k", 32);
	struct folio *folio = folio_at(mm, 16);

	(void)state;
	advise(mm, 2, 30, MADV_FREE);
	assert_false(folio_test_large(folio_at(mm, 0)));
	assert_false(folio_test_lazyfree(folio_at(mm, 1)));
	assert_true(folio_test_lazyfree(folio_at(mm, 2)));
	assert_ptr_equal(folio_at(mm, 31), folio);
	assert_true(folio_test_large(folio) && folio_test_lazyfree(folio));
	assert_at_rest(mm);
	write_word(mm, 3, 203);
	advise(mm, 0, 32, MADV_PAGEOUT);
	assert_true(swapped(mm, 0) && dropped(mm, 2) && dropped(mm, 16) && dropped(mm, 31));
	assert_int_equal(read_word(mm, 1), 101);
	assert_int_equal(read_word(mm, 3), 203);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* A part of a lazily freed folio is one; so is what it is moved to. */
static void the_mark_stays_with_the_pages(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=64k", 16);

	(void)state;
	advise(mm, 0, 16, MADV_FREE);
	advise(mm, 0, 1, MADV_COLD);
	assert_false(folio_test_large(folio_at(mm, 15)));
	assert_int_equal(sys_migrate_range(mm, AREA, 8 * PAGE_SIZE, 1), 8);
	for (unsigned long i = 0; i < 16; i++)
		assert_true(folio_test_lazyfree(folio_at(mm, i)) && !pte_dirty(pte_at(mm, i)));
	advise(mm, 0, 16, MADV_PAGEOUT);
	assert_true(dropped(mm, 0) && dropped(mm, 15));
	mm_exit(mm);
}

static void leaves(void **state)
{
	struct scene s;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	s = scene_of("linux-6.15,thp=always", PROT_READ | PROT_WRITE);
	assert_int_equal(do_user_addr_fault(s.mm, AREA, FAULT_FLAG_WRITE), 0);
	advise(s.mm, 0, HPAGE_PMD_NR, MADV_COLD);
	advise(s.mm, 0, HPAGE_PMD_NR, MADV_FREE);
	assert_at_rest(s.mm);
	advise(s.mm, 0, HPAGE_PMD_NR, MADV_PAGEOUT);
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(nr_swap_used(), 0);
	mm_exit(s.mm);
}

/* A huge page that was freed lazily, of an mm of its own. */
static struct folio *freed_leaf(struct mm_struct **mm)
{
	*mm = scene_of("linux-6.15,thp=always", PROT_READ | PROT_WRITE).mm;
	BUG_ON(do_user_addr_fault(*mm, AREA, FAULT_FLAG_WRITE));
	advise(*mm, 0, HPAGE_PMD_NR, MADV_FREE);
	assert_true(folio_test_lazyfree(page_folio(pmd_page(pmd_at(*mm, AREA)))));
	return page_folio(pmd_page(pmd_at(*mm, AREA)));
}

static void write_to_leaf(void *mm)
{
	BUG_ON(do_user_addr_fault(mm, AREA + 7 * PAGE_SIZE, FAULT_FLAG_WRITE));
}

static void get_folio(void *folio)
{
	folio_get(folio);
}

static void pin_leaf(void *mm)
{
	struct page *page;

	BUG_ON(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page) != 1);
}

/* As it was: a leaf, exclusive. */
static void stays(struct mm_struct *mm, struct folio *folio, bool lazyfree)
{
	advise(mm, 0, HPAGE_PMD_NR, MADV_PAGEOUT);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)) && pmd_present(pmd_at(mm, AREA)));
	assert_true(PageAnonExclusive(&folio->page));
	assert_int_equal(folio_test_lazyfree(folio), lazyfree);
}

/* Row: A9. */
static void a_leaf_goes_as_a_whole_or_stays(void **state)
{
	uint64_t splits;
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	if (!THP_POSSIBLE || !FAULTLINE_CHECK)
		skip();
	splits = events_total(EV_THP_SPLIT_PMD);
	folio = freed_leaf(&mm);
	meanwhile("reclaim.lazily_freed", write_to_leaf, mm);
	stays(mm, folio, false);
	advise(mm, 0, HPAGE_PMD_NR, MADV_FREE);
	meanwhile("reclaim.lazily_freed", get_folio, folio);
	stays(mm, folio, true);
	folio_put(folio);
	meanwhile("reclaim.lazily_freed", pin_leaf, mm);
	stays(mm, folio, true);
	unpin_user_page(&folio->page);
	advise(mm, 0, HPAGE_PMD_NR, MADV_FREE);
	assert_at_rest(mm);
	advise(mm, 0, HPAGE_PMD_NR, MADV_PAGEOUT);
	assert_true(pmd_none(pmd_at(mm, AREA)));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_int_equal(events_total(EV_THP_SPLIT_PMD), splits);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* What is written through the pin after MADV_FREE is kept, also once it is unpinned. */
static void pinned_pages_are_kept(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);
	struct page *page;

	(void)state;
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	advise(mm, 0, 2, MADV_FREE);
	advise(mm, 0, 2, MADV_PAGEOUT);
	assert_true(pte_write(pte_at(mm, 0)) && dropped(mm, 1));
	assert_true(folio_test_lazyfree(folio_at(mm, 0)) && !pte_dirty(pte_at(mm, 0)));
	*(uint64_t *)page_payload(page) = 300;
	unpin_user_pages_dirty_lock(&page, 1);
	advise(mm, 0, 1, MADV_PAGEOUT);
	advise(mm, 0, 1, MADV_PAGEOUT);
	assert_true(swapped(mm, 0));
	assert_int_equal(read_word(mm, 0), 300);
	mm_exit(mm);
}

static void write_400_and_unpin(void *arg)
{
	struct page *page = arg;

	*(uint64_t *)page_payload(page) = 400;
	unpin_user_pages_dirty_lock(&page, 1);
}

/* Its entry is clean, and there is no pin any more when it is cleared. */
static void a_pin_that_ends_meanwhile_counts(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct page *page;

	(void)state;
	needs_checks();
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	advise(mm, 0, 1, MADV_FREE);
	meanwhile("reclaim.lazily_freed", write_400_and_unpin, page);
	advise(mm, 0, 1, MADV_PAGEOUT);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(read_word(mm, 0), 400);
	mm_exit(mm);
}

static void cold_pages_are_old(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", PAGES);

	(void)state;
	advise(mm, 1, 2, MADV_COLD);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_true(pte_dirty(pte_at(mm, i)) && pte_young(pte_at(mm, i)) == (i != 1 && i != 2));
	lock_in_memory(mm);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_COLD), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_FREE), -EINVAL);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reclaim_drops_what_was_freed),
		cmocka_unit_test(swapped_pages_are_freed),
		cmocka_unit_test(shared_pages_are_kept_for_the_others),
		cmocka_unit_test(what_reclaim_could_not_unmap_is_given_up),
		cmocka_unit_test(what_was_swapped_out_is_kept_for_the_others),
		cmocka_unit_test(a_page_that_another_has_locked_is_not_marked),
		cmocka_unit_test(a_page_in_use_is_not_dropped),
		cmocka_unit_test(large_folios_as_a_whole_or_split),
		cmocka_unit_test(the_mark_stays_with_the_pages),
		cmocka_unit_test(leaves),
		cmocka_unit_test(a_leaf_goes_as_a_whole_or_stays),
		cmocka_unit_test(pinned_pages_are_kept),
		cmocka_unit_test(a_pin_that_ends_meanwhile_counts),
		cmocka_unit_test(cold_pages_are_old),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
