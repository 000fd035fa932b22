/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_referenced.c - accessed bits of all mappings of a folio: counted, cleared, left alone where a lock is held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/mm/anon_vma.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/folio_referenced.h"
#include "core/op/fork.h"
#include "core/op/madvise.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(2 * PGDIR_SIZE)
#define LEN	(64 * PAGE_SIZE)

/* As a processor does that uses the page, or, without @young, as one that has not for long. */
static void set_young(struct mm_struct *mm, unsigned long addr, bool young)
{
	pte_t *ptep = (pte_t *)tree_entry(mm->pt.pgd, LEVEL_PTE, addr);

	pte_init(ptep, young ? pte_mkyoung(ptep_get(ptep)) : pte_mkold(ptep_get(ptep)));
}

static bool young(struct mm_struct *mm, unsigned long addr)
{
	return pte_young(tree_pte(mm, addr));
}

static struct folio *folio_at(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pte_page(tree_pte(mm, addr)));
}

static struct mm_struct *mm_with_page(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	map_at(mm, AREA, LEN, READ_WRITE);
	write_at(mm, AREA);
	return mm;
}

/* Row: A9. */
static void each_use_counts_once(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < nr_world_policies; i++) {
		struct mm_struct *mm = mm_with_page(world_policies[i]);
		struct folio *folio = folio_at(mm, AREA);
		pte_t before = tree_pte(mm, AREA);
		unsigned long flags;

		assert_true(young(mm, AREA));
		assert_int_equal(folio_referenced(folio, false, &flags), 1);
		assert_int_equal(flags, VM_READ | VM_WRITE | VM_ACCOUNT);
		assert_true(pte_same(tree_pte(mm, AREA), pte_mkold(before)));	/* nothing else changed */
		assert_int_equal(folio_referenced(folio, false, &flags), 0);
		assert_int_equal(flags, 0);
		read_at(mm, AREA);
		assert_true(young(mm, AREA));
		folio_lock(folio);
		assert_int_equal(folio_referenced(folio, true, &flags), 1);
		folio_unlock(folio);
		assert_false(folio_test_locked(folio));
		mm_exit(mm);
	}
}

static void every_mapping_counts(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15"), *child, *second;
	struct folio *folio = folio_at(mm, AREA);
	unsigned long flags;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_fork(child, &second), 0);
	BUG_ON(sys_mprotect(second, AREA, PAGE_SIZE, PROT_READ));
	for (unsigned int used = 0; used < 8; used++) {
		set_young(mm, AREA, used & 1);
		set_young(child, AREA, used & 2);
		set_young(second, AREA, used & 4);
		assert_int_equal(folio_referenced(folio, false, &flags), __builtin_popcount(used));
		assert_int_equal(flags, used ? VM_READ | VM_ACCOUNT | (used & 3 ? VM_WRITE : 0) : 0);
		assert_false(young(mm, AREA) || young(child, AREA) || young(second, AREA));
	}
	mm_exit(second);
	mm_exit(child);
	mm_exit(mm);
}

/* Neither is the bit cleared. */
static void uses_by_vmas_without_recency_do_not_count(void **state)
{
	static const int advice[] = { MADV_SEQUENTIAL, MADV_RANDOM };
	struct mm_struct *mm = mm_with_page("linux-6.15"), *child;
	struct folio *folio = folio_at(mm, AREA);
	unsigned long flags;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(advice); i++) {
		assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, advice[i]), 0);
		set_young(mm, AREA, true);
		set_young(child, AREA, true);
		assert_int_equal(folio_referenced(folio, false, &flags), 1);
		assert_true(young(mm, AREA) && !young(child, AREA));
	}
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_NORMAL), 0);
	assert_int_equal(folio_referenced(folio, false, &flags), 1);
	assert_false(young(mm, AREA));
	mm_exit(child);
	mm_exit(mm);
}

/* Sixteen entries in one VMA: used is used. */
static void a_large_folio_is_one(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15,anon=64k"), *child;
	struct folio *folio = folio_at(mm, AREA);
	unsigned long flags;

	(void)state;
	assert_int_equal(folio_nr_pages(folio), 16);
	for (unsigned long i = 0; i < 16; i++)
		set_young(mm, AREA + i * PAGE_SIZE, i == 7 || i == 15);
	assert_int_equal(folio_referenced(folio, false, &flags), 1);
	for (unsigned long i = 0; i < 16; i++)
		assert_false(young(mm, AREA + i * PAGE_SIZE));
	assert_int_equal(folio_referenced(folio, false, &flags), 0);
	assert_int_equal(sys_fork(mm, &child), 0);
	set_young(child, AREA + 3 * PAGE_SIZE, true);
	set_young(mm, AREA + 3 * PAGE_SIZE, true);
	assert_int_equal(folio_referenced(folio, false, &flags), 2);
	mm_exit(child);
	mm_exit(mm);
}

static void an_unmapped_page_has_no_user(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15");
	struct folio *folio = folio_at(mm, AREA);
	unsigned long flags = 1;

	(void)state;
	folio_get(folio);
	BUG_ON(sys_munmap(mm, AREA, PAGE_SIZE));
	assert_int_equal(folio_referenced(folio, false, &flags), 0);
	assert_int_equal(flags, 0);
	folio_put(folio);
	mm_exit(mm);
}

struct asked {
	struct folio *folio;
	int answer;
};

static void ask(void *arg, unsigned int index)
{
	struct asked *asked = arg;
	unsigned long flags;

	(void)index;
	asked->answer = folio_referenced(asked->folio, false, &flags);
}

static void it_waits_for_no_lock(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15");
	struct asked asked = { .folio = folio_at(mm, AREA) };
	struct anon_vma *anon_vma = folio_anon_vma(asked.folio);

	(void)state;
	folio_lock(asked.folio);
	threads_run(1, ask, &asked);
	folio_unlock(asked.folio);
	assert_int_equal(asked.answer, 1);
	assert_true(young(mm, AREA));
	anon_vma_lock_write(anon_vma);
	threads_run(1, ask, &asked);
	anon_vma_unlock_write(anon_vma);
	assert_int_equal(asked.answer, -1);
	assert_true(young(mm, AREA));
	assert_false(folio_test_locked(asked.folio));
	threads_run(1, ask, &asked);
	assert_int_equal(asked.answer, 1);
	assert_false(young(mm, AREA));
	mm_exit(mm);
}

/* ---- folios by their frames ---- */

static void frames_lead_to_anonymous_folios_only(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15,anon=64k");
	struct folio *folio = folio_at(mm, AREA);
	struct page *used = alloc_page(PAGE_USED);
	unsigned long pfn = folio_pfn(folio);

	(void)state;
	for (unsigned long i = 0; i < 16; i++) {
		assert_ptr_equal(folio_get_anon_by_pfn(pfn + i), folio);
		assert_int_equal(folio_ref_count(folio), 17);
		folio_put(folio);
	}
	assert_null(folio_get_anon_by_pfn(0));
	assert_null(folio_get_anon_by_pfn(machine.max_pfn));
	assert_null(folio_get_anon_by_pfn(page_to_pfn(zero_page)));
	assert_null(folio_get_anon_by_pfn(page_to_pfn(table_page(mm->pt.pgd))));
	assert_null(folio_get_anon_by_pfn(page_to_pfn(used)));
	assert_int_equal(page_ref_count(used), 1);
	put_page(used);
	assert_null(folio_get_anon_by_pfn(page_to_pfn(used)));
	mm_exit(mm);
}

/* The frame becomes something else at the last moment. */
static void becomes_a_table(void *arg)
{
	page_set_type(arg, PAGE_TABLE);
}

static struct folio *got_while_it_changed(struct page *page)
{
	struct folio *folio;

	meanwhile("folio_by_pfn.before_get", becomes_a_table, page);
	folio = folio_get_anon_by_pfn(page_to_pfn(page));
	assert_int_equal(meanwhile_ran(), 1);
	page_set_type(page, PAGE_ANON);
	return folio;
}

static void a_frame_is_looked_at_again(void **state)
{
	struct page *page = alloc_page(PAGE_ANON);

	(void)state;
	needs_checks();
	assert_null(got_while_it_changed(page));
	assert_int_equal(page_ref_count(page), 1);
	assert_int_equal(knockout_enable("folio-pfn:recheck"), 0);
	assert_non_null(got_while_it_changed(page));
	assert_int_equal(page_ref_count(page), 2);
	knockout_clear();
	put_page(page);
	put_page(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_use_counts_once),
		cmocka_unit_test(every_mapping_counts),
		cmocka_unit_test(uses_by_vmas_without_recency_do_not_count),
		cmocka_unit_test(a_large_folio_is_one),
		cmocka_unit_test(an_unmapped_page_has_no_user),
		cmocka_unit_test(it_waits_for_no_lock),
		cmocka_unit_test(frames_lead_to_anonymous_folios_only),
		cmocka_unit_test(a_frame_is_looked_at_again),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
