/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pgtable, swapent: what the bits of an entry mean, and the way down the levels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/pgtable/pgalloc.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define READABLE	(ENTRY_PRESENT | ENTRY_ACCESSED)

static void no_bits_is_none(void **state)
{
	pte_t none = { 0 };

	(void)state;
	assert_true(pte_none(none));
	assert_false(pte_present(none) || pte_is_swapent(none) || pte_is_guard(none));
	assert_true(pmd_none((pmd_t){ 0 }) && pud_none((pud_t){ 0 }) && p4d_none((p4d_t){ 0 }) &&
		    pgd_none((pgd_t){ 0 }));
	assert_false(pmd_present((pmd_t){ 0 }) || pud_present((pud_t){ 0 }));
}

static void a_page_has_its_number_and_its_rights(void **state)
{
	struct page *page = alloc_page(PAGE_ANON);
	pte_t pte = mk_pte(page, READABLE);

	(void)state;
	assert_true(pte_present(pte) && pte_accessible(pte) && pte_young(pte));
	assert_false(pte_none(pte) || pte_write(pte) || pte_dirty(pte) || pte_special(pte) || pte_is_swapent(pte));
	assert_true(pte_page(pte) == page);
	assert_int_equal(pte_pfn(pte), page_to_pfn(page));
	assert_true(pte_write(pte_mkwrite(pte)) && pte_same(pte_wrprotect(pte_mkwrite(pte)), pte));
	assert_true(pte_dirty(pte_mkdirty(pte)) && pte_special(pte_mkspecial(pte)));
	assert_true(pte_young(pte_mkyoung(mk_pte(page, ENTRY_PRESENT))));
	assert_false(pte_young(mk_pte(page, ENTRY_PRESENT)));
	assert_false(pte_same(pte, pte_mkdirty(pte)));
	free_page(page);
}

static void protnone_is_present_and_not_accessible(void **state)
{
	pte_t pte = pfn_pte(42, ENTRY_PROTNONE | ENTRY_ACCESSED);

	(void)state;
	assert_true(pte_present(pte));
	assert_false(pte_accessible(pte) || pte_is_swapent(pte) || pte_none(pte));
	assert_int_equal(pte_pfn(pte), 42);
}

/* What the page went through stays, what the VMA allows comes new, and the right to write is lost. */
static void modify_keeps_the_page(void **state)
{
	pte_t pte = pte_mkspecial(pte_mkdirty(pte_mkwrite(pfn_pte(77, READABLE))));
	pte_t none = pte_modify(pte, ENTRY_PROTNONE | ENTRY_ACCESSED), back = pte_modify(none, READABLE);

	(void)state;
	assert_int_equal(pte_pfn(none), 77);
	assert_true(pte_dirty(none) && pte_young(none) && pte_special(none) && pte_present(none));
	assert_false(pte_accessible(none) || pte_write(none));
	assert_true(pte_accessible(back) && pte_dirty(back));
	assert_false(pte_write(back) || (back.val & ENTRY_PROTNONE));
}

/* The largest page frame number that an entry can hold meets no other bit. */
static void the_largest_page_frame_number_fits(void **state)
{
	unsigned long pfn = ENTRY_PFN_MASK >> PAGE_SHIFT;
	pte_t pte = pfn_pte(pfn, 0);

	(void)state;
	assert_false(pte.val &
		     (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_HUGE | ENTRY_PROTNONE | ENTRY_SPECIAL | ENTRY_DIRTY |
		      ENTRY_SOFT_DIRTY));
	assert_int_equal(pte_pfn(pte), pfn);
	assert_false(ENTRY_PFN_MASK >> SWAPENT_TYPE_SHIFT);
}

static void a_guard_marker_is_neither(void **state)
{
	pte_t guard = make_swapent(SWAPENT_GUARD, 0), other = make_swapent(SWAPENT_GUARD + 1, 5);

	(void)state;
	assert_true(pte_is_swapent(guard) && pte_is_guard(guard));
	assert_false(pte_none(guard) || pte_present(guard) || pte_accessible(guard));
	assert_int_equal(swapent_type(guard), SWAPENT_GUARD);
	assert_true(pte_is_swapent(other));
	assert_false(pte_is_guard(other));
	assert_true(pte_is_guard(make_swapent(SWAPENT_GUARD, 12345)));
}

static void reading_and_changing_one_entry(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	pte_t *ptep = tree_make(mm, 0), pte = pfn_pte(9, READABLE);

	(void)state;
	spin_lock(&table_page(ptep)->ptl);
	set_pte(ptep, pte);
	assert_true(pte_same(ptep_get(ptep), pte) && pte_same(ptep_get_lockless(ptep), pte));
	assert_true(pte_same(ptep_get_and_clear(ptep), pte));
	assert_true(pte_none(ptep_get(ptep)));
	spin_unlock(&table_page(ptep)->ptl);
	tree_clear(mm);
	mm_free(mm);
}

static void present_entries_of_a_table_are_counted(void **state)
{
	static pte_t table[PTRS_PER_PTE];
	unsigned int present = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, test_seed());
	assert_int_equal(pte_table_count_present(table), 0);
	for (unsigned int i = 0; i < PTRS_PER_PTE; i++) {
		static const uint64_t kinds[] = { 0, READABLE, ENTRY_PROTNONE, 1ul << SWAPENT_TYPE_SHIFT,
						  ENTRY_PRESENT };
		unsigned int kind = (unsigned int)rng_below(&rng, ARRAY_SIZE(kinds));

		pte_init(&table[i], __pte(kinds[kind]));
		present += kind == 1 || kind == 2 || kind == 4;
	}
	assert_int_equal(pte_table_count_present(table), present);
}

/* The core's way down arrives where division by spans does, on both sides of every boundary. */
static void the_way_down_ends_at_the_entry(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct rng rng;

	(void)state;
	rng_init(&rng, test_seed());
	for (unsigned int i = 0; i < 200; i++) {
		enum pgtable_level level = rng_below(&rng, LEVEL_PTE);
		unsigned long border = (1 + rng_below(&rng, 3)) << level_shift(level);
		unsigned long addr = min(border, TASK_SIZE - PAGE_SIZE) - (i & 1 ? PAGE_SIZE : 0);
		pte_t *ptep = tree_make(mm, addr);
		pgd_t *pgdp = pgd_offset(mm->pt.pgd, addr);
		p4d_t *p4dp = p4d_offset(pgdp, addr);
		pud_t *pudp = pud_offset(p4dp, addr);
		pmd_t *pmdp = pmd_offset(pudp, addr);

		assert_ptr_equal(pgdp, tree_entry(mm->pt.pgd, LEVEL_PGD, addr));
		if (level_real(LEVEL_P4D))
			assert_ptr_equal(p4dp, tree_entry(mm->pt.pgd, LEVEL_P4D, addr));
		else
			assert_ptr_equal(p4dp, pgdp);
		if (level_real(LEVEL_PUD))
			assert_ptr_equal(pudp, tree_entry(mm->pt.pgd, LEVEL_PUD, addr));
		else
			assert_ptr_equal(pudp, p4dp);
		assert_ptr_equal(pte_offset(pmdp_get(pmdp), addr), ptep);
		assert_ptr_equal(table_page(ptep), pmd_table_page(pmdp_get(pmdp)));
		assert_int_equal(table_page(ptep)->level, LEVEL_PTE);
		assert_true(table_page(ptep)->pt_mm == &mm->pt);
		assert_true(pmd_present(pmdp_get(pmdp)) && !pmd_leaf(pmdp_get(pmdp)));
		assert_true(pud_present(pudp_get(pudp)) && !pud_leaf(pudp_get(pudp)));
	}
	tree_clear(mm);
	mm_free(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_bits_is_none),
		cmocka_unit_test(a_page_has_its_number_and_its_rights),
		cmocka_unit_test(protnone_is_present_and_not_accessible),
		cmocka_unit_test(modify_keeps_the_page),
		cmocka_unit_test(the_largest_page_frame_number_fits),
		cmocka_unit_test(a_guard_marker_is_neither),
		cmocka_unit_test(reading_and_changing_one_entry),
		cmocka_unit_test(present_entries_of_a_table_are_counted),
		cmocka_unit_test(the_way_down_ends_at_the_entry),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
