/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collapse.c - MADV_COLLAPSE of anonymous memory: what becomes one huge page, what does not, and what is as before. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/gup.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define NR	20ul	/* pages with words: the rest of the huge page is empty, or zeroes */

static int collapse(struct mm_struct *mm)
{
	return sys_madvise(mm, AREA, PMD_SIZE, MADV_COLLAPSE);
}

/* Page @i's word without a fault: it is there. */
static uint64_t word_at(struct mm_struct *mm, unsigned long i)
{
	pmd_t pmd = pmd_at(mm, page_addr(i));

	return *(uint64_t *)page_payload(pmd_trans_huge(pmd) ? pmd_page(pmd) + i % HPAGE_PMD_NR :
							       pte_page(pte_at(mm, i)));
}

static void words_are_there(struct mm_struct *mm)
{
	for (unsigned long i = 0; i < NR; i++)
		assert_int_equal(word_at(mm, i), 100 + i);
}

/* Row: G2 */
static void pages_become_one_huge_page(void **state)
{
	(void)state;
	needs_leaves();
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_words(world_policies[i], NR);
		struct folio *folio;

		BUG_ON(do_user_addr_fault(mm, page_addr(NR), 0));	/* the zero page */
		assert_int_equal(collapse(mm), 0);
		assert_true(pmd_trans_huge(pmd_at(mm, AREA)) && pmd_write(pmd_at(mm, AREA)));
		folio = page_folio(pmd_page(pmd_at(mm, AREA)));
		assert_int_equal(folio_ref_count(folio), 1);
		assert_int_equal(folio_entire_mapcount(folio), 1);
		assert_true(PageAnonExclusive(&folio->page));
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), HPAGE_PMD_NR);
		words_are_there(mm);
		for (unsigned long n = NR; n < HPAGE_PMD_NR; n++)
			assert_int_equal(word_at(mm, n), 0);
		assert_int_equal(collapse(mm), 0);	/* it is done */
		assert_ptr_equal(page_folio(pmd_page(pmd_at(mm, AREA))), folio);
		assert_at_rest(mm);
		split_leaf(mm, AREA);
		words_are_there(mm);
		assert_at_rest(mm);
		assert_int_equal(collapse(mm), 0);	/* and once more, from a huge page that is mapped by PTEs */
		words_are_there(mm);
		assert_ptr_not_equal(page_folio(pmd_page(pmd_at(mm, AREA))), folio);
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

/* Row: G2 */
static void pages_of_several_sizes_and_from_swap_are_put_together(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15,anon=16k", NR);
	assert_int_equal(collapse(mm), 0);
	words_are_there(mm);
	assert_at_rest(mm);
	mm_exit(mm);
	mm = mm_with_words("linux-6.15", NR);
	page_out(mm, 3);
	assert_true(swapped(mm, 3));
	assert_int_equal(collapse(mm), 0);
	words_are_there(mm);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Both go on seeing what was there, and each only its own later. Rows: G2, A5 */
static void shared_pages_are_copied_for_the_collapsing_mm(void **state)
{
	struct mm_struct *mm, *child;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", NR);
	BUG_ON(sys_fork(mm, &child));
	page_out(child, 4);		/* both lose it; then a folio in a slot, mapped by one */
	BUG_ON(read_word(mm, 4) != 104);
	assert_int_equal(collapse(child), 0);
	words_are_there(child);
	assert_false(pmd_trans_huge(pmd_at(mm, AREA)));
	write_word(mm, 0, 7);
	assert_int_equal(word_at(child, 0), 100);
	assert_at_rest(mm, child);
	assert_int_equal(collapse(mm), 0);
	assert_int_equal(word_at(mm, 0), 7);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* What the VMA allows is what the leaf allows. Row: G2 */
static void a_leaf_allows_what_its_vma_does(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", NR);
	BUG_ON(sys_mprotect(mm, AREA, LEN, PROT_READ));
	assert_int_equal(collapse(mm), 0);
	assert_false(pmd_write(pmd_at(mm, AREA)));
	BUG_ON(sys_mprotect(mm, AREA, LEN, PROT_READ | PROT_WRITE));
	split_leaf(mm, AREA);
	BUG_ON(sys_mprotect(mm, AREA, LEN, PROT_NONE));
	assert_int_equal(collapse(mm), 0);
	assert_true(pmd_protnone(pmd_at(mm, AREA)) && !pmd_accessible(pmd_at(mm, AREA)));
	assert_int_equal(do_user_addr_fault(mm, AREA, 0) & VM_FAULT_SIGSEGV, VM_FAULT_SIGSEGV);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Rows: G2, L6 */
static void pages_with_another_reference_stay(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;
	struct page *page;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", NR);
	assert_int_equal(pin_user_pages_fast(mm, page_addr(7), 1, FOLL_WRITE, &page), 1);
	assert_int_equal(collapse(mm), -EAGAIN);
	assert_ptr_equal(pte_page(pte_at(mm, 7)), page);
	unpin_user_page(page);
	folio = folio_at(mm, 7);
	fetch_or_relaxed(&folio->page.flags, PG_LOCKED);	/* by another thread, which holds nothing else */
	assert_int_equal(collapse(mm), -EAGAIN);
	fetch_and_relaxed(&folio->page.flags, ~PG_LOCKED);
	words_are_there(mm);
	assert_at_rest(mm);
	assert_int_equal(collapse(mm), 0);
	mm_exit(mm);
}

/* Row: G2 */
static void what_cannot_be_a_huge_page_is_refused(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 0);

	(void)state;
	if (!THP_POSSIBLE) {
		assert_int_equal(collapse(mm), -EINVAL);
		mm_exit(mm);
		return;
	}
	assert_int_equal(collapse(mm), -EINVAL);			/* nothing was ever there */
	write_word(mm, 0, 100);
	assert_int_equal(sys_madvise(mm, AREA + PMD_SIZE, PMD_SIZE, MADV_COLLAPSE), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA + PAGE_SIZE, PMD_SIZE, MADV_COLLAPSE), 0);	/* no whole one in it */
	assert_int_equal(sys_madvise(mm, AREA + PAGE_SIZE, PAGE_SIZE, MADV_COLLAPSE), -EINVAL);
	assert_int_equal(sys_madvise(mm, AREA, LEN + PMD_SIZE, MADV_COLLAPSE), -EINVAL);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));
	split_leaf(mm, AREA);
	write_word(mm, HPAGE_PMD_NR, 1);
	assert_int_equal(sys_madvise(mm, AREA, LEN + PMD_SIZE, MADV_COLLAPSE), -ENOMEM);	/* a gap at its end */
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)) && pmd_trans_huge(pmd_at(mm, AREA + PMD_SIZE)));
	split_leaf(mm, AREA);
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_INSTALL));
	assert_int_equal(collapse(mm), -EINVAL);
	BUG_ON(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_REMOVE));
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_NOHUGEPAGE));
	assert_int_equal(collapse(mm), -EINVAL);
	BUG_ON(sys_munmap(mm, AREA, LEN));
	assert_int_equal(collapse(mm), -ENOMEM);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: G2 */
static void without_memory_nothing_changes(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", NR);
	world_take_frames(64);
	assert_int_equal(collapse(mm), -ENOMEM);
	world_give_frames();
	words_are_there(mm);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- step by step ---- */

static struct page *pinned;

static void pin(void *mm)
{
	assert_int_equal(pin_user_pages_fast(mm, page_addr(2), 1, FOLL_WRITE, &pinned), 1);
}

static void try_to_pin(void *mm)
{
	assert_int_equal(pin_user_pages_fast(mm, page_addr(2), 1, FOLL_WRITE | FOLL_FAST_ONLY, &pinned), 0);
}

static void collapse_it(void *mm)
{
	assert_int_equal(collapse(mm), 0);
}

/* Rows: L6, G2 */
static void a_pin_before_the_last_look_wins(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = mm_with_words("linux-6.15", NR);
	meanwhile("collapse.allocated", pin, mm);
	assert_int_equal(collapse(mm), -EAGAIN);
	assert_int_equal(meanwhile_ran(), 1);
	assert_ptr_equal(pte_page(pte_at(mm, 2)), pinned);
	unpin_user_page(pinned);
	meanwhile("collapse.unlinked", try_to_pin, mm);
	assert_int_equal(collapse(mm), 0);
	assert_int_equal(meanwhile_ran(), 1);
	words_are_there(mm);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* GUP-fast has read the PMD entry and goes on to the PTE. The page it gets is no longer mapped at the address. */
static long pin_across_collapse(const char *point, struct mm_struct **mm)
{
	long got;

	*mm = mm_with_words("linux-6.15", NR);
	meanwhile(point, collapse_it, *mm);
	got = pin_user_pages_fast(*mm, page_addr(2), 1, FOLL_WRITE | FOLL_FAST_ONLY, &pinned);
	assert_int_equal(meanwhile_ran(), 1);
	return got;
}

/* Rows: L6, L2 */
static void gup_fast_finds_the_table_gone(void **state)
{
	static const char *const points[] = { "gup.read_pmd", "gup.read_pte" };
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	needs_leaves();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		assert_int_equal(pin_across_collapse(points[i], &mm), 0);
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

/*
 * The leaf is split, in the table that GUP-fast was on its way into: what it finds there is mapped there. Rows: L6, L2
 */
static void collapse_and_split(void *mm)
{
	collapse_it(mm);
	split_leaf(mm, AREA);
}

static void gup_fast_finds_the_table_in_use_again(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = mm_with_words("linux-6.15", NR);
	meanwhile("gup.read_pmd", collapse_and_split, mm);
	assert_int_equal(pin_user_pages_fast(mm, page_addr(2), 1, FOLL_WRITE | FOLL_FAST_ONLY, &pinned), 1);
	assert_int_equal(meanwhile_ran(), 1);
	assert_ptr_equal(pinned, pte_page(pte_at(mm, 2)));
	unpin_user_page(pinned);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void page_out_three(void *mm)
{
	page_out(mm, 3);
}

static void protect(void *mm)
{
	BUG_ON(sys_mprotect(mm, page_addr(3), PAGE_SIZE, PROT_READ));
}

static void unmap(void *mm)
{
	BUG_ON(sys_munmap(mm, AREA, LEN));
}

static void leaf_first(void *mm)
{
	collapse_it(mm);
}

/* Between the looks under mmap_lock anything may happen. Row: G2 */
static void it_is_all_looked_at_again_under_the_lock(void **state)
{
	static const struct {
		void (*fn)(void *mm);
		int err;
	} cases[] = { { page_out_three, -EAGAIN }, { protect, -EINVAL }, { unmap, -EINVAL }, { leaf_first, 0 } };

	(void)state;
	needs_checks();
	needs_leaves();
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mm_struct *mm = mm_with_words("linux-6.15", NR);

		meanwhile("collapse.allocated", cases[i].fn, mm);
		assert_int_equal(collapse(mm), cases[i].err);
		meanwhile_ran();
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_become_one_huge_page),
		cmocka_unit_test(pages_of_several_sizes_and_from_swap_are_put_together),
		cmocka_unit_test(shared_pages_are_copied_for_the_collapsing_mm),
		cmocka_unit_test(a_leaf_allows_what_its_vma_does),
		cmocka_unit_test(pages_with_another_reference_stay),
		cmocka_unit_test(what_cannot_be_a_huge_page_is_refused),
		cmocka_unit_test(without_memory_nothing_changes),
		cmocka_unit_test(a_pin_before_the_last_look_wins),
		cmocka_unit_test(gup_fast_finds_the_table_gone),
		cmocka_unit_test(gup_fast_finds_the_table_in_use_again),
		cmocka_unit_test(it_is_all_looked_at_again_under_the_lock),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
