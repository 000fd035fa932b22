/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_gather: pages and tables collected, freed after one flush, and by the way the policy says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/pgalloc.h"
#include "core/phys/folio.h"
#include "core/probe/detector.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

static struct page *new_page(void)
{
	struct page *page = alloc_page(PAGE_ANON);

	assert_non_null(page);
	return page;
}

static void nothing_gathered_nothing_flushed(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	uint64_t flushes = events_total(EV_TLB_FLUSH);
	struct mmu_gather tlb;

	(void)state;
	tlb_gather_mmu(&tlb, &mm->pt);
	tlb_finish_mmu(&tlb);
	assert_int_equal(events_total(EV_TLB_FLUSH), flushes);
	tlb_flush_mmu(&tlb);
	assert_int_equal(events_total(EV_TLB_FLUSH), flushes + 1);
	mm_free(mm);
}

/* Row: L8. */
static void pages_go_at_the_flush_and_not_before(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct page *page = new_page(), *shared = new_page();
	uint64_t freed = events_total(EV_PAGE_FREE), flushes = events_total(EV_TLB_FLUSH);
	struct mmu_gather tlb;

	(void)state;
	get_page(shared);
	tlb_gather_mmu(&tlb, &mm->pt);
	tlb_remove_folio_pages(&tlb, page_folio(page), 1);
	tlb_remove_folio_pages(&tlb, page_folio(shared), 1);
	assert_int_equal(tlb_room(&tlb), GATHER_PAGES - 2);
	assert_int_equal(page_ref_count(page), 1);
	assert_int_equal(page_ref_count(shared), 2);
	tlb_finish_mmu(&tlb);
	assert_int_equal(page_type(page), PAGE_PCP);
	assert_int_equal(page_ref_count(shared), 1);
	assert_int_equal(page_type(shared), PAGE_ANON);
	assert_int_equal(events_total(EV_PAGE_FREE) - freed, 2);
	assert_int_equal(events_total(EV_TLB_FLUSH) - flushes, 1);
	put_page(shared);
	mm_free(mm);
}

/* A large folio loses all its references at once, but only those that were gathered. */
static void pages_of_one_folio_go_together(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct folio *folio = folio_alloc(4, PAGE_ANON), *other = folio_alloc(2, PAGE_ANON);
	unsigned long before = machine_free_frames();
	struct mmu_gather tlb;

	(void)state;
	assert_true(folio && other);
	folio_ref_add(folio, 15);
	folio_ref_add(other, 3);
	tlb_gather_mmu(&tlb, &mm->pt);
	tlb_remove_folio_pages(&tlb, folio, 7);
	tlb_remove_folio_pages(&tlb, other, 4);
	tlb_remove_folio_pages(&tlb, folio, 8);
	tlb_finish_mmu(&tlb);
	assert_int_equal(folio_ref_count(folio), 1);
	assert_int_equal(machine_free_frames(), before + 4);
	tlb_gather_mmu(&tlb, &mm->pt);
	tlb_remove_folio_pages(&tlb, folio, 1);
	tlb_finish_mmu(&tlb);
	assert_int_equal(machine_free_frames(), before + 20);
	mm_free(mm);
}

/* A gather says when it is full, and a flush makes room for as many again. */
static void a_full_gather_says_so(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned long before = machine_free_frames();
	struct mmu_gather tlb;

	(void)state;
	tlb_gather_mmu(&tlb, &mm->pt);
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < GATHER_PAGES; i++) {
			assert_int_equal(tlb_room(&tlb), GATHER_PAGES - i);
			tlb_remove_folio_pages(&tlb, page_folio(new_page()), 1);
		}
		assert_int_equal(tlb_room(&tlb), 0);
		assert_int_equal(machine_free_frames(), before - GATHER_PAGES);
		tlb_flush_mmu(&tlb);
		assert_int_equal(machine_free_frames(), before);
	}
	tlb_finish_mmu(&tlb);
	mm_free(mm);
}

/* Many tables in one gather: all are counted out at once, and all are freed. */
static void a_chain_of_tables(const char *policy, bool at_once)
{
	struct mm_struct *mm = world_mm(policy);
	struct page *tables[10];
	unsigned int left = 0;
	struct mmu_gather tlb;

	for (unsigned long i = 0; i < ARRAY_SIZE(tables); i++)
		tables[i] = table_page(tree_make(mm, i * PMD_SIZE));
	rcu_read_lock();	/* no grace period ends in here */
	tlb_gather_mmu(&tlb, &mm->pt);
	free_pgtables(&tlb, 0, ARRAY_SIZE(tables) * PMD_SIZE, 0, 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_PTE_TABLES), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_UPPER_TABLES), 0);
	assert_true(tree_counters_right(mm));
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		assert_int_equal(page_type(tables[i]), PAGE_TABLE);
	tlb_finish_mmu(&tlb);
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		left += page_type(tables[i]) == PAGE_TABLE;
	rcu_read_unlock();
	assert_int_equal(left, at_once ? 0 : ARRAY_SIZE(tables));
	rcu_barrier();
	for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++)
		assert_int_not_equal(page_type(tables[i]), PAGE_TABLE);
	mm_free(mm);
}

static void tables_go_after_a_grace_period(void **state)
{
	(void)state;
	a_chain_of_tables("linux-6.15", false);
}

static void tables_go_when_every_cpu_has_answered(void **state)
{
	(void)state;
	a_chain_of_tables("linux-2.6.15", true);
}

#if FAULTLINE_CHECK
/* Without the wait a table goes at once: what the oracles must see elsewhere. */
static void the_wait_can_be_disabled(void **state)
{
	(void)state;
	assert_int_equal(knockout_enable("table-free:A"), 0);
	assert_int_equal(detector_switch("ages", false), 0);
	a_chain_of_tables("linux-6.15", true);
	detector_switch("ages", true);
	knockout_clear();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_gathered_nothing_flushed),
		cmocka_unit_test(pages_go_at_the_flush_and_not_before),
		cmocka_unit_test(pages_of_one_folio_go_together),
		cmocka_unit_test(a_full_gather_says_so),
		cmocka_unit_test(tables_go_after_a_grace_period),
		cmocka_unit_test(tables_go_when_every_cpu_has_answered),
#if FAULTLINE_CHECK
		cmocka_unit_test(the_wait_can_be_disabled),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
