/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm.c - pages with equal contents become one folio: which pages, what undoes it, and walks that find all entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/ksm_scene.h"

/* ---- merging ---- */

/* Row: A9. */
static void equal_pages_of_an_mm_become_one(void **state)
{
	struct mm_struct *mm = mergeable_mm(3, 7);
	struct folio *folio;

	(void)state;
	write_word(mm, 2, 8);
	assert_int_equal(scan(mm), 2);
	folio = folio_at(mm, 0);
	assert_true(is_merged(mm, 0) && is_merged(mm, 1) && !is_merged(mm, 2));
	assert_ptr_equal(folio, folio_at(mm, 1));
	assert_int_equal(folio_ref_count(folio), 2);
	assert_int_equal(folio_mapcount(folio), 2);
	assert_false(pte_write(pte_at(mm, 0)) || pte_write(pte_at(mm, 1)) || PageAnonExclusive(&folio->page));
	assert_at_rest(mm);
	assert_int_equal(scan(mm), 0);
	mm_exit(mm);
}

/* What lies behind the contents of a frame does not count. Row: A9. */
static void contents_end_with_the_payload(void **state)
{
	struct mm_struct *mm = mergeable_mm(2, 7);
	const unsigned long end = machine.payload / sizeof(uint64_t);

	(void)state;
	for (unsigned long i = 0; i < 2; i++)
		((uint64_t *)page_payload(pte_page(pte_at(mm, i))))[end] = 20 + i;
	assert_int_equal(scan(mm), 2);
	mm_exit(mm);
}

/* The last entry's write copies, too: the stable tree still has the contents. Row: A9. */
static void a_write_always_copies(void **state)
{
	struct mm_struct *mm = mergeable_mm(3, 7);
	struct folio *folio;

	(void)state;
	assert_int_equal(scan(mm), 3);
	folio = folio_at(mm, 0);
	for (unsigned long i = 0; i < 3; i++) {
		write_word(mm, i, 20 + i);
		assert_ptr_not_equal(folio_at(mm, i), folio);
		assert_false(is_merged(mm, i));
		for (unsigned long k = i + 1; k < 3; k++)
			assert_int_equal(read_word(mm, k), 7);
		assert_at_rest(mm);
	}
	assert_int_equal(ksm_nr_nodes(), 1);
	scan(mm);
	assert_int_equal(ksm_nr_nodes(), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* A third mm's page is merged with theirs at the first visit. Row: A9. */
static void pages_of_mms_that_are_not_related(void **state)
{
	struct mm_struct *mms[3];

	(void)state;
	merge_two_mms(mms, 5);
	assert_at_rest(mms[0], mms[1]);
	mms[2] = mergeable_mm(1, 5);
	assert_int_equal(ksm_scan(mms[2], 1), 1);
	assert_ptr_equal(folio_at(mms[2], 0), folio_at(mms[0], 0));
	assert_at_rest(mms[0], mms[1], mms[2]);
	mm_exit(mms[0]);
	write_word(mms[1], 0, 6);
	assert_int_equal(read_word(mms[2], 0), 5);
	assert_at_rest(mms[1], mms[2]);
	mm_exit(mms[1]);
	mm_exit(mms[2]);
}

/* Row: A9. */
static void only_memory_that_asks_for_it(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 0);

	(void)state;
	write_word(mm, 0, 7);
	write_word(mm, 1, 7);
	assert_int_equal(scan(mm), 0);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_MERGEABLE), 0);
	assert_int_equal(scan(mm), 0);
	assert_int_equal(mm->map_count, 2);
	assert_int_equal(sys_madvise(mm, page_addr(1), PAGE_SIZE, MADV_MERGEABLE), 0);
	assert_int_equal(scan(mm), 2);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Contents that change between two visits are not compared with others'. Row: A9. */
static void a_page_that_changes_is_left_alone(void **state)
{
	struct mm_struct *mm = mergeable_mm(2, 0);

	(void)state;
	for (uint64_t word = 1; word < 5; word++) {
		write_word(mm, 0, word);
		write_word(mm, 1, word);
		assert_int_equal(ksm_scan(mm, ~0ul), 0);
	}
	mm_exit(mm);
}

/* ---- other references ---- */

/* Row: A6. */
static void a_page_in_use_stays(void **state)
{
	static const bool pins[] = { true, false };
	struct mm_struct *mm = mergeable_mm(2, 7);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(pins); i++) {
		struct page *page;

		assert_int_equal(pins[i] ? pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page) :
					   get_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
		assert_int_equal(scan(mm), 0);
		assert_true(pte_write(pte_at(mm, 0)) && PageAnonExclusive(page));
		if (pins[i])
			unpin_user_page(page);
		else
			put_page(page);
	}
	assert_int_equal(scan(mm), 2);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A6. */
static void a_read_pin_unshares_a_merged_page(void **state)
{
	struct mm_struct *mm = mergeable_mm(2, 7);
	struct page *page;

	(void)state;
	scan(mm);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_LONGTERM, &page), 1);
	assert_true(PageAnonExclusive(page) && !is_merged(mm, 0) && is_merged(mm, 1));
	unpin_user_page(page);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void write_first(void *mm)
{
	write_word(mm, 0, 9);
}

/* Row: A9. */
static void a_write_before_the_entry_is_replaced(void **state)
{
	struct mm_struct *mm = mergeable_mm(3, 7);

	(void)state;
	needs_checks();
	write_word(mm, 0, 6);
	assert_int_equal(scan(mm), 2);
	write_word(mm, 0, 7);
	meanwhile("ksm.before_replace", write_first, mm);
	assert_int_equal(ksm_scan(mm, ~0ul), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(read_word(mm, 0), 9);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- walks find all entries ---- */

/* Row: A8. */
static void forks_since_the_merge_are_found(void **state)
{
	struct mm_struct *mms[3];

	(void)state;
	merge_two_mms(mms, 5);
	BUG_ON(sys_fork(mms[0], &mms[2]));
	page_out(mms[1], 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_true(swapped(mms[i], 0));
	assert_at_rest(mms[0], mms[1], mms[2]);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(read_word(mms[i], 0), 5);
	/* The mms that are not related do not share what was read. */
	assert_ptr_not_equal(folio_at(mms[0], 0), folio_at(mms[1], 0));
	assert_ptr_equal(folio_at(mms[0], 0), folio_at(mms[2], 0));
	assert_at_rest(mms[0], mms[1], mms[2]);
	for (unsigned int i = 0; i < 3; i++)
		mm_exit(mms[i]);
}

/* An mm that is not related may map it next, by the slot. Row: A8. */
static void a_page_in_a_slot_is_not_merged(void **state)
{
	struct mm_struct *mms[3];

	(void)state;
	merge_two_mms(mms, 5);
	page_out(mms[0], 0);
	mms[2] = mergeable_mm(1, 5);
	assert_int_equal(read_word(mms[0], 0), 5);
	assert_int_equal(scan_all((struct mm_struct *[]){ mms[2], mms[0] }, 2), 0);
	assert_int_equal(read_word(mms[1], 0), 5);
	assert_at_rest(mms[0], mms[1], mms[2]);
	assert_int_equal(scan_all(mms, 3), 3);
	assert_at_rest(mms[0], mms[1], mms[2]);
	for (unsigned int i = 0; i < 3; i++)
		mm_exit(mms[i]);
}

/* Row: A9. */
static void a_merged_folio_is_moved_with_its_node(void **state)
{
	struct mm_struct *mms[4];
	struct folio *before;

	(void)state;
	merge_two_mms(mms, 5);
	BUG_ON(sys_fork(mms[0], &mms[2]));
	before = folio_at(mms[0], 0);
	assert_int_equal(move_first(mms[1]), 0);
	assert_ptr_not_equal(folio_at(mms[0], 0), before);
	for (unsigned int i = 0; i < 3; i++) {
		assert_ptr_equal(folio_at(mms[i], 0), folio_at(mms[0], 0));
		assert_true(is_merged(mms[i], 0));
	}
	assert_at_rest(mms[0], mms[1], mms[2]);
	mms[3] = mergeable_mm(1, 5);
	assert_int_equal(ksm_scan(mms[3], 1), 1);
	assert_ptr_equal(folio_at(mms[3], 0), folio_at(mms[0], 0));
	assert_at_rest(mms[0], mms[1], mms[2], mms[3]);
	for (unsigned int i = 0; i < 4; i++)
		mm_exit(mms[i]);
}

/* What KSM knows of an mm that has its own page now, or exits, leads to its child's entry. Row: A8. */
static void a_child_is_found_without_its_parent(void **state)
{
	static const bool exits[] = { false, true };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(exits); i++) {
		struct mm_struct *mms[3], *child;

		merge_two_mms(mms, 5);
		BUG_ON(sys_fork(mms[0], &child));
		write_word(mms[0], 0, 6);
		if (exits[i])
			mm_exit(mms[0]);
		else
			scan(mms[0]);
		mms[2] = child;
		assert_true(rests(mms + exits[i], 3 - exits[i]));
		assert_int_equal(move_first(child), 0);
		assert_true(is_merged(child, 0) && folio_at(child, 0) == folio_at(mms[1], 0));
		scan(child);
		mm_exit(child);
		if (!exits[i])
			mm_exit(mms[0]);
		assert_at_rest(mms[1]);
		mm_exit(mms[1]);
		/* The next merge with that checksum finds the node stale. */
		child = mergeable_mm(1, 5);
		scan(child);
		assert_int_equal(ksm_nr_nodes(), 0);
		mm_exit(child);
	}
}

/* Fork has shared a page before it is merged: the copy is found through the page's own anon_vma. Row: A8. */
static void a_shared_page_is_merged_for_all(void **state)
{
	struct mm_struct *mms[2] = { mergeable_mm(1, 5), mergeable_mm(1, 5) }, *child;

	(void)state;
	BUG_ON(sys_fork(mms[0], &child));
	assert_int_equal(scan_all((struct mm_struct *[]){ mms[1], child }, 2), 2);
	assert_true(is_merged(child, 0) && is_merged(mms[0], 0) && is_merged(mms[1], 0));
	assert_at_rest(mms[0], mms[1], child);
	mm_exit(child);
	assert_int_equal(move_first(mms[1]), 0);
	assert_at_rest(mms[0], mms[1]);
	mm_exit(mms[0]);
	mm_exit(mms[1]);
}

/* Row: A8. */
static void a_page_that_mremap_moved_is_found(void **state)
{
	const unsigned long to = AREA + 4 * PMD_SIZE;
	struct mm_struct *mms[2];

	(void)state;
	merge_two_mms(mms, 5);
	assert_int_equal(sys_mremap(mms[0], AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	assert_int_equal(move_first(mms[1]), 0);
	assert_ptr_equal(page_folio(pte_page(tree_pte(mms[0], to))), folio_at(mms[1], 0));
	assert_at_rest(mms[0], mms[1]);
	scan(mms[0]);
	assert_at_rest(mms[0], mms[1]);
	mm_exit(mms[0]);
	mm_exit(mms[1]);
}

/* ---- unmerging ---- */

/* Row: A9. */
static void unmergeable_pages_are_copied(void **state)
{
	struct mm_struct *mms[2];

	(void)state;
	merge_two_mms(mms, 5);
	assert_int_equal(sys_madvise(mms[0], AREA, LEN, MADV_UNMERGEABLE), 0);
	assert_false(is_merged(mms[0], 0));
	assert_true(is_merged(mms[1], 0) && PageAnonExclusive(pte_page(pte_at(mms[0], 0))));
	assert_int_equal(*(uint64_t *)page_payload(pte_page(pte_at(mms[0], 0))), 5);
	assert_int_equal(scan_all(mms, 2), 0);
	assert_at_rest(mms[0], mms[1]);
	assert_int_equal(sys_munmap(mms[1], AREA, LEN), 0);
	assert_at_rest(mms[0], mms[1]);
	scan(mms[1]);
	mm_exit(mms[0]);
	mm_exit(mms[1]);
}

/* Row: A9. */
static void errors_of_the_advice(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	(void)state;
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_UNMERGEABLE), 0);
	assert_int_equal(sys_madvise(mm, AREA + 1, LEN, MADV_MERGEABLE), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, 2 * LEN, MADV_MERGEABLE), -ENOMEM);
	assert_int_equal(sys_munmap(mm, AREA + PAGE_SIZE, LEN - PAGE_SIZE), 0);
	assert_int_equal(scan(mm), 0);
	mm_exit(mm);
}

#define WITH_SWAP(test)	cmocka_unit_test_setup_teardown(test, swap_world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SWAP(equal_pages_of_an_mm_become_one),
		WITH_SWAP(contents_end_with_the_payload),
		WITH_SWAP(a_write_always_copies),
		WITH_SWAP(pages_of_mms_that_are_not_related),
		WITH_SWAP(only_memory_that_asks_for_it),
		WITH_SWAP(a_page_that_changes_is_left_alone),
		WITH_SWAP(a_page_in_use_stays),
		WITH_SWAP(a_read_pin_unshares_a_merged_page),
		WITH_SWAP(a_write_before_the_entry_is_replaced),
		WITH_SWAP(forks_since_the_merge_are_found),
		WITH_SWAP(a_page_in_a_slot_is_not_merged),
		WITH_SWAP(a_merged_folio_is_moved_with_its_node),
		WITH_SWAP(a_child_is_found_without_its_parent),
		WITH_SWAP(a_shared_page_is_merged_for_all),
		WITH_SWAP(a_page_that_mremap_moved_is_found),
		WITH_SWAP(unmergeable_pages_are_copied),
		WITH_SWAP(errors_of_the_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
