/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_walk.c - the folio at an address: found with its lock, and only if it is mapped there and counted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/guard.h"
#include "core/op/pfnmap.h"
#include "core/op/protect.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define ANY	(FW_MIGRATION | FW_ZEROPAGE)

static struct vm_area_struct *vma_at(struct mm_struct *mm, unsigned long addr)
{
	return vma_tree_find(&mm->tree, addr);
}

/*
 * The page found at @addr by an entry of @level, of the folio found; NULL when no folio is. The walk is over when it
 * returns.
 */
static struct page *walk_to(enum pgtable_level level, struct mm_struct *mm, unsigned long addr, unsigned int flags,
			    struct folio **folio)
{
	struct vm_area_struct *vma = vma_at(mm, addr);
	struct folio_walk fw = { 0 };

	mmap_read_lock(mm);
	*folio = folio_walk_start(&fw, vma, addr, flags);
	if (*folio) {
		assert_true(spin_is_locked(fw.ptl));
		assert_int_equal(fw.level, level);
		assert_ptr_equal(fw.ptep, tree_entry(mm->pt.pgd, level, addr));
		assert_int_equal(fw.pte.val, tree_value(mm->pt.pgd, level, addr));
		folio_walk_end(&fw, vma);
	}
	mmap_read_unlock(mm);
	if (FAULTLINE_CHECK)
		lockrank_assert_none_held();
	return *folio ? fw.page : NULL;
}

static struct page *walk(struct mm_struct *mm, unsigned long addr, unsigned int flags, struct folio **folio)
{
	return walk_to(LEVEL_PTE, mm, addr, flags, folio);
}

static void not_found(struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	struct folio *folio;

	assert_null(walk(mm, addr, flags, &folio));
	assert_null(folio);
}

/* Row: W12 */
static void a_page_is_found_under_its_lock(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_words(world_policies[i], 1);
		struct folio *folio;

		assert_ptr_equal(walk(mm, AREA, 0, &folio), pte_page(pte_at(mm, 0)));
		assert_ptr_equal(folio, folio_at(mm, 0));
		assert_ptr_equal(walk(mm, AREA + PAGE_SIZE - 1, ANY, &folio), pte_page(pte_at(mm, 0)));
		not_found(mm, AREA + PAGE_SIZE, ANY);	/* an empty entry */
		not_found(mm, AREA + PMD_SIZE, ANY);	/* no table */
		BUG_ON(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_NONE));
		assert_ptr_equal(walk(mm, AREA, 0, &folio), pte_page(pte_at(mm, 0)));	/* not readable, but present */
		mm_exit(mm);
	}
}

/* Row: W12 */
static void a_page_of_a_large_folio_is_found_with_its_folio(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", 1);
	struct folio *folio;

	(void)state;
	for (unsigned long i = 0; i < 4; i++) {
		assert_ptr_equal(walk(mm, page_addr(i), 0, &folio), folio_page(folio_at(mm, 0), i));
		assert_ptr_equal(folio, folio_at(mm, 0));
	}
	mm_exit(mm);
}

/* Row: W12 */
static void the_zero_page_is_found_on_request(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 0);
	struct folio *folio;

	(void)state;
	BUG_ON(do_user_addr_fault(mm, AREA, 0));
	not_found(mm, AREA, 0);
	not_found(mm, AREA, FW_MIGRATION);
	assert_null(walk(mm, AREA, FW_ZEROPAGE, &folio));
	assert_ptr_equal(folio, page_folio(zero_page));
	mm_exit(mm);
}

/* Row: W12 */
static void a_migration_entry_is_found_on_request(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	pte_t *ptep = (pte_t *)(void *)tree_entry(mm->pt.pgd, LEVEL_PTE, AREA);
	struct folio *folio, *there = folio_at(mm, 0);
	pte_t pte = ptep_get(ptep);

	(void)state;
	pte_init(ptep, make_migration_pte(pte_pfn(pte), true, true));
	not_found(mm, AREA, 0);
	not_found(mm, AREA, FW_ZEROPAGE);
	assert_null(walk(mm, AREA, FW_MIGRATION, &folio));
	assert_ptr_equal(folio, there);
	pte_init(ptep, pte);
	mm_exit(mm);
}

/* Row: W12 */
static void what_is_no_page_is_not_found(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2);

	(void)state;
	page_out(mm, 0);
	assert_true(swapped(mm, 0));
	not_found(mm, AREA, ANY);
	BUG_ON(sys_madvise(mm, page_addr(1), PAGE_SIZE, MADV_GUARD_INSTALL));
	not_found(mm, page_addr(1), ANY);
	mm_exit(mm);
}

/* Raw frames have no page, a private copy of one has. Row: W12 */
static void raw_frames_are_not_found(void **state)
{
	struct page *frames = alloc_raw_frames(1);
	struct mm_struct *mm = world_mm("linux-6.15");
	struct folio *folio;

	(void)state;
	assert_non_null(frames);
	assert_int_equal(sys_mmap_pfn(mm, AREA, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
				      page_to_pfn(frames)), AREA);
	not_found(mm, AREA, ANY);
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	assert_ptr_equal(walk(mm, AREA, 0, &folio), pte_page(pte_at(mm, 0)));
	not_found(mm, AREA + PAGE_SIZE, ANY);
	mm_exit(mm);
	free_raw_frames(frames, 1);
}

/* ---- step by step: the table goes between looking at the PMD entry and locking it ---- */

static void drop_table(void *mm)
{
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED));
}

static void another_table(void *mm)
{
	drop_table(mm);
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
}

/* Row: W12 */
static void a_table_that_goes_under_way_is_left(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,reclaim=on", 1);
	struct folio *folio;

	(void)state;
	needs_checks();
	meanwhile("ptl.map.read_pmd", drop_table, mm);
	not_found(mm, AREA, ANY);
	assert_int_equal(meanwhile_ran(), 1);
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	meanwhile("ptl.map.read_pmd", another_table, mm);
	assert_ptr_equal(walk(mm, AREA, 0, &folio), pte_page(pte_at(mm, 0)));	/* in the table that is there now */
	assert_int_equal(meanwhile_ran(), 1);
	mm_exit(mm);
}

/* ---- leaves ---- */

/* Row: W12 */
static void a_page_of_a_leaf_is_found_under_its_lock(void **state)
{
	(void)state;
	needs_leaves();
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_words(world_policies[i], 0);
		struct folio *folio, *huge = put_leaf(mm, AREA);

		assert_ptr_equal(walk_to(LEVEL_PMD, mm, AREA + 5 * PAGE_SIZE, 0, &folio), folio_page(huge, 5));
		assert_ptr_equal(folio, huge);
		assert_ptr_equal(walk_to(LEVEL_PMD, mm, AREA + PMD_SIZE - 1, ANY, &folio),
				 folio_page(huge, HPAGE_PMD_NR - 1));
		not_found(mm, AREA + PMD_SIZE, ANY);
		split_leaf(mm, AREA);
		assert_ptr_equal(walk(mm, AREA + 5 * PAGE_SIZE, 0, &folio), folio_page(huge, 5));
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

static pmd_t swap_pmd(struct mm_struct *mm, pmd_t pmd)
{
	pmd_t was = pmd_at(mm, AREA);

	pmd_put(mm, AREA, pmd);
	return was;
}

/* Row: W12 */
static void the_huge_zero_page_is_found_on_request(void **state)
{
	struct folio *folio, *zeroes;
	struct mm_struct *mm;
	pmd_t was;

	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", 0);
	put_leaf(mm, AREA);
	zeroes = get_huge_zero_folio();
	assert_non_null(zeroes);
	was = swap_pmd(mm, pmd_mkspecial(mk_huge_pmd(&zeroes->page, vma_at(mm, AREA)->vm_page_prot)));
	not_found(mm, AREA + PAGE_SIZE, FW_MIGRATION);
	assert_null(walk_to(LEVEL_PMD, mm, AREA + PAGE_SIZE, FW_ZEROPAGE, &folio));
	assert_ptr_equal(folio, zeroes);
	swap_pmd(mm, was);
	split_leaf(mm, AREA);
	mm_exit(mm);
}

static void split(void *mm)
{
	split_leaf(mm, AREA);
}

static bool found_across_split(struct mm_struct *mm)
{
	struct vm_area_struct *vma = vma_at(mm, AREA);
	struct folio_walk fw;
	bool right;

	meanwhile("folio_walk.before_pmd_lock", split, mm);
	mmap_read_lock(mm);
	BUG_ON(!folio_walk_start(&fw, vma, AREA, 0));
	right = fw.level == LEVEL_PTE && fw.ptl == &pmd_table_page(pmd_at(mm, AREA))->ptl;
	folio_walk_end(&fw, vma);
	mmap_read_unlock(mm);
	BUG_ON(meanwhile_ran() != 1);
	return right;
}

/* Split between the look and the lock, a leaf is gone down from. Row: W12 */
static void a_leaf_is_looked_at_again_under_its_lock(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	needs_leaves();
	mm = mm_with_words("linux-6.15", 0);
	put_leaf(mm, AREA);
	assert_true(found_across_split(mm));
	mm_exit(mm);
	mm = mm_with_words("linux-6.15", 0);
	put_leaf(mm, AREA);
	assert_int_equal(knockout_enable("folio-walk:recheck"), 0);
	assert_false(found_across_split(mm));	/* the leaf that was, under a lock that keeps nothing any more */
	knockout_clear();
	mm_exit(mm);
}

/*
 * A leaf of a PUD table, over the first frames of the machine: among them, at its place, that of a folio. Row: W12
 */
static void a_page_of_a_pud_leaf_is_found_under_its_lock(void **state)
{
	struct folio *folio, *there;
	unsigned long addr, from;
	struct mm_struct *mm;
	uint64_t *entry;

	(void)state;
	needs_leaves();
	there = folio_alloc(0, PAGE_ANON);
	assert_non_null(there);
	mm = world_mm("linux-6.15");
	from = ALIGN_UP(AREA, PUD_SIZE);
	addr = from + (folio_pfn(there) << PAGE_SHIFT);
	BUG_ON(sys_mmap(mm, from, PUD_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != (long)from);
	BUG_ON(do_user_addr_fault(mm, from + PUD_SIZE - PAGE_SIZE, 0));
	entry = tree_entry(mm->pt.pgd, LEVEL_PUD, from);
	for (unsigned int special = 0; special < 2; special++) {
		uint64_t was = *entry;

		store_release(entry, ENTRY_PRESENT | ENTRY_HUGE | (special ? ENTRY_SPECIAL : 0));
		if (special) {
			not_found(mm, addr, ANY);
		} else {
			assert_ptr_equal(walk_to(LEVEL_PUD, mm, addr, 0, &folio), &there->page);
			assert_ptr_equal(folio, there);
		}
		store_release(entry, was);
	}
	not_found(mm, addr, ANY);
	folio_put(there);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_found_under_its_lock),
		cmocka_unit_test(a_page_of_a_large_folio_is_found_with_its_folio),
		cmocka_unit_test(the_zero_page_is_found_on_request),
		cmocka_unit_test(a_migration_entry_is_found_on_request),
		cmocka_unit_test(what_is_no_page_is_not_found),
		cmocka_unit_test(raw_frames_are_not_found),
		cmocka_unit_test(a_table_that_goes_under_way_is_left),
		cmocka_unit_test(a_page_of_a_leaf_is_found_under_its_lock),
		cmocka_unit_test(the_huge_zero_page_is_found_on_request),
		cmocka_unit_test(a_leaf_is_looked_at_again_under_its_lock),
		cmocka_unit_test(a_page_of_a_pud_leaf_is_found_under_its_lock),
	};

	return cmocka_run_group_tests(tests, swap_world_up, world_down);
}
