/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged.c - which address spaces are scanned, and what a pass collapses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/gup.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/khugepaged_scene.h"

/* ---- slots ---- */

/* Row: K1 */
static void an_mm_enters_where_it_may_have_huge_pages(void **state)
{
	struct mm_struct *mm, *always, *child;

	(void)state;
	needs_leaves();
	mm = small_mm();
	always = world_mm("linux-6.15,thp=always");
	advise_huge(mm);
	assert_int_equal(khugepaged_nr_slots(), 0);	/* khugepaged is disabled */
	enable();
	BUG_ON(sys_mmap(always, AREA, PAGE_SIZE, READ_WRITE, ANON | MAP_FIXED, 0) < 0);
	assert_int_equal(khugepaged_nr_slots(), 0);	/* too small */
	BUG_ON(sys_mmap(always, AREA, PMD_SIZE, READ_WRITE, ANON | MAP_FIXED, 0) < 0);
	assert_int_equal(khugepaged_nr_slots(), 1);
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_NOHUGEPAGE));
	BUG_ON(sys_mmap(mm, AREA + PGDIR_SIZE, LEN, READ_WRITE, ANON | MAP_FIXED, 0) < 0);
	assert_int_equal(khugepaged_nr_slots(), 1);	/* not advised */
	advise_huge(mm);
	assert_int_equal(khugepaged_nr_slots(), 2);
	advise_huge(mm);				/* once */
	assert_int_equal(khugepaged_nr_slots(), 2);
	BUG_ON(sys_fork(mm, &child));
	assert_int_equal(khugepaged_nr_slots(), 3);
	mm_exit(child);
	assert_int_equal(khugepaged_nr_slots(), 2);
	mm_exit(always);
	end(mm);
}

/* Row: K1 */
static void a_first_fault_lets_an_older_mm_enter(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = mm_with_area("linux-6.15,thp=always");
	enable();
	write_at(mm, AREA);
	assert_int_equal(khugepaged_nr_slots(), 1);
	end(mm);
}

/* The reference of the slot keeps the struct, the cursor keeps the slot. Row: K2 */
static void an_exit_leaves_the_slot_of_the_cursor(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = small_mm();
	enable_with(HPAGE_PMD_NR, (struct khugepaged_limits){ HPAGE_PMD_NR - 1, 0, 0 });
	advise_huge(mm);
	assert_int_equal(khugepaged_do_scan(), 1);
	assert_int_equal(khugepaged_scan.address, AREA + PMD_SIZE);
	mm_exit(mm);
	assert_int_equal(khugepaged_nr_slots(), 1);
	assert_int_equal(load_relaxed(&mm->mm_count), 1);
	assert_int_equal(khugepaged_do_scan(), 0);
	assert_int_equal(khugepaged_nr_slots(), 0);
	khugepaged_disable();
}

/* ---- passes ---- */

/* Row: K3 */
static void a_pass_collapses_what_is_worth_it(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	mm = scanned_mm();
	assert_int_equal(khugepaged_do_scan(), 1);
	assert_true(has_leaf(mm, AREA) && pmd_write(pmd_at(mm, AREA)));
	for (unsigned long i = 0; i < NR; i++)
		assert_int_equal(*(uint64_t *)page_payload(pmd_page(pmd_at(mm, AREA)) + i), 100 + i);
	assert_at_rest(mm);
	assert_int_equal(khugepaged_do_scan(), 0);
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_NOHUGEPAGE));
	split_leaf(mm, AREA);
	assert_int_equal(khugepaged_do_scan(), 0);
	end(mm);
}

/* Row: K3 */
static void a_pass_goes_on_where_the_last_one_stopped(void **state)
{
	struct mm_struct *first, *second;
	uint64_t full = events_total(EV_KHUGEPAGED_FULL_SCAN);

	(void)state;
	needs_leaves();
	enable_with(1, (struct khugepaged_limits){ HPAGE_PMD_NR - 1, 0, 0 });
	first = small_mm();
	second = small_mm();
	next_range(first);
	next_range(second);
	assert_int_equal(khugepaged_do_scan(), 1);
	assert_true(has_leaf(first, AREA) && !has_leaf(first, AREA + PMD_SIZE) && !has_leaf(second, AREA));
	assert_int_equal(khugepaged_do_scan(), 1);
	assert_true(has_leaf(first, AREA + PMD_SIZE) && !has_leaf(second, AREA));
	for (unsigned int i = 0; i < 4; i++)
		khugepaged_do_scan();
	assert_true(has_leaf(second, AREA) && has_leaf(second, AREA + PMD_SIZE));
	assert_int_equal(events_total(EV_KHUGEPAGED_FULL_SCAN) - full, 1);
	assert_at_rest(first, second);
	mm_exit(first);
	end(second);
}

#define EMPTY		(HPAGE_PMD_NR - NR)	/* entries */

/* Each limit is the last number that is accepted. Row: K3 */
static void limits_are_obeyed(void **state)
{
	struct mm_struct *mm, *child;

	(void)state;
	needs_leaves();
	mm = scanned_mm();
	assert_int_equal(result_of(mm, LIMITS(EMPTY - 1, 0, 0)), SCAN_EXCEED_NONE_PTE);
	BUG_ON(sys_fork(mm, &child));
	BUG_ON(sys_madvise(child, AREA, LEN, MADV_DONTNEED));
	mm_exit(child);
	BUG_ON(sys_fork(mm, &child));
	for (unsigned long i = 0; i < NR - 2; i++)
		write_word(child, i, 7);
	mm_exit(child);
	page_out(mm, 3);
	page_out(mm, 4);
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 1, 0)), SCAN_EXCEED_SWAP_PTE);
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 2, 0)), SCAN_LACK_REFERENCED_PAGE);
	BUG_ON(read_word(mm, 3) != 103 || read_word(mm, 4) != 104);
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 0, 0)), SCAN_SUCCEED);
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 0, 0)), SCAN_PMD_MAPPED);
	end(mm);
}

/* By Linux's defaults. Ends @mm. */
static bool is_collapsed(struct mm_struct *mm)
{
	unsigned long collapsed;

	enable();
	advise_huge(mm);
	collapsed = khugepaged_do_scan();
	assert_at_rest(mm);
	end(mm);
	return collapsed;
}

static bool shared_is_collapsed(unsigned long shared)
{
	struct mm_struct *mm = mm_with_words(POLICY, HPAGE_PMD_NR), *child;
	bool collapsed;

	BUG_ON(sys_fork(mm, &child));
	for (unsigned long i = shared; i < HPAGE_PMD_NR; i++)
		write_at(child, page_addr(i));
	enable();
	advise_huge(mm);
	collapsed = khugepaged_do_scan();
	assert_at_rest(mm, child);
	mm_exit(child);
	end(mm);
	return collapsed;
}

static struct mm_struct *mm_with_zero_pages(unsigned long nr)
{
	struct mm_struct *mm = mm_with_area(POLICY);

	for (unsigned long i = 0; i < nr; i++)
		read_at(mm, page_addr(i));
	return mm;
}

/* A process that asked Linux 6.18, and waited for its khugepaged, found the same. Row: K3 */
static void defaults_decide_as_linux_does(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_leaves();
	assert_true(is_collapsed(mm_with_page(POLICY)));
	assert_true(shared_is_collapsed(HPAGE_PMD_NR / 2));
	assert_false(shared_is_collapsed(HPAGE_PMD_NR / 2 + 1));
	assert_false(is_collapsed(mm_with_zero_pages(HPAGE_PMD_NR)));
	mm = mm_with_zero_pages(HPAGE_PMD_NR - 1);
	write_at(mm, page_addr(HPAGE_PMD_NR - 1));
	assert_true(is_collapsed(mm));
	mm = mm_with_page(POLICY);
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_COLD));
	assert_false(is_collapsed(mm));
}

static void forget_uses(struct mm_struct *mm)
{
	for (unsigned long i = 0; i < NR; i++) {
		pte_t *ptep = tree_make(mm, page_addr(i));

		store_relaxed(&ptep->val, ptep->val & ~ENTRY_ACCESSED);
		fetch_and_relaxed(&folio_at(mm, i)->page.flags, ~PG_REFERENCED);
	}
}

/* Row: K3 */
static void other_users_of_pages_are_respected(void **state)
{
	struct mm_struct *mm, *child;
	struct page *page;

	(void)state;
	needs_leaves();
	mm = scanned_mm();
	forget_uses(mm);
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 0, 0)), SCAN_LACK_REFERENCED_PAGE);
	assert_int_equal(pin_user_pages_fast(mm, page_addr(7), 1, FOLL_WRITE, &page), 1);
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 0, 0)), SCAN_PAGE_COUNT);
	unpin_user_page(page);
	folio_lock(folio_at(mm, 5));
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 0, 0)), SCAN_PAGE_LOCK);
	folio_unlock(folio_at(mm, 5));
	khugepaged_disable();
	BUG_ON(sys_fork(mm, &child));
	write_word(child, 0, 7);
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 0, NR - 2)), SCAN_EXCEED_SHARED_PTE);
	assert_int_equal(result_of(mm, LIMITS(EMPTY, 0, NR - 1)), SCAN_SUCCEED);
	assert_int_equal(*(uint64_t *)page_payload(pte_page(pte_at(child, 1))), 101);
	assert_at_rest(mm, child);
	mm_exit(child);
	end(mm);
}

/* A fault maps the leaf. Row: K3 */
static void tables_of_files_are_retracted(void **state)
{
	struct file *file;
	struct mm_struct *mm;
	uint64_t word;

	(void)state;
	needs_leaves();
	file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, HPAGE_PMD_ORDER, FILE_SEED);
	mm = world_mm(POLICY);
	enable();
	map_file_at(mm, AREA, HPAGE_PMD_NR, RW, MAP_SHARED, file, 0);
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_NOHUGEPAGE));
	BUG_ON(access_word(mm, AREA, &word, false));
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_HUGEPAGE));
	assert_true(pmd_is_table(pmd_at(mm, AREA)));
	assert_int_equal(khugepaged_do_scan(), 1);
	assert_true(pmd_none(pmd_at(mm, AREA)));
	BUG_ON(do_user_addr_fault(mm, AREA, 0));
	assert_true(has_leaf(mm, AREA));
	assert_int_equal(khugepaged_do_scan(), 0);
	assert_at_rest(mm);
	end(mm);
	file_put(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_mm_enters_where_it_may_have_huge_pages),
		cmocka_unit_test(a_first_fault_lets_an_older_mm_enter),
		cmocka_unit_test(an_exit_leaves_the_slot_of_the_cursor),
		cmocka_unit_test(a_pass_collapses_what_is_worth_it),
		cmocka_unit_test(a_pass_goes_on_where_the_last_one_stopped),
		cmocka_unit_test(limits_are_obeyed),
		cmocka_unit_test(defaults_decide_as_linux_does),
		cmocka_unit_test(other_users_of_pages_are_respected),
		cmocka_unit_test(tables_of_files_are_retracted),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
