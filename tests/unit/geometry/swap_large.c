/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap_large: large anonymous folios swapped out as a whole, and mapped as a whole by a fault that finds them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/huge_memory.h"
#include "core/mm/swap_slots.h"
#include "core/op/gup.h"
#include "core/op/mincore.h"
#include "core/op/reclaim.h"
#include "core/op/split_folio.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	4ul	/* of anon=16k */
#define ROWS	2047	/* the last row of four ends with the device */

static struct mm_struct *mm;
static struct folio *folio;	/* the first of mm */

static int up(void **state)
{
	(void)state;
	world_start(16384, CACHE_LINE);
	return swap_on(ROWS);
}

static void begin(void)
{
	mm = mm_with_words("linux-6.15,anon=16k", PAGES);
	folio = folio_at(mm, 0);
	assert_int_equal(folio_nr_pages(folio), PAGES);
	events_reset();
}

static void finish(void)
{
	assert_at_rest(mm);
	mm_exit(mm);
}

static unsigned long slot_at(struct mm_struct *of, unsigned long i)
{
	return swapent_payload(pte_at(of, i));
}

static void check_words(struct mm_struct *of)
{
	for (unsigned long i = 0; i < PAGES; i++)
		assert_int_equal(read_word(of, i), 100 + i);
}

/* Row: A9. Into a row of slots; pages come back one by one. */
static void a_large_folio_goes_whole_and_comes_back_by_page(void **state)
{
	unsigned long frames;

	(void)state;
	begin();
	frames = machine_free_frames();
	reclaim_at(mm, AREA, LEN);
	for (unsigned long i = 0; i < PAGES; i++) {
		assert_true(swapped(mm, i) && pte_swp_exclusive(pte_at(mm, i)));
		assert_int_equal(slot_at(mm, i), slot_at(mm, 0) + i);
	}
	assert_int_equal(slot_at(mm, 0) % PAGES, 0);
	assert_int_equal(machine_free_frames(), frames + PAGES);
	assert_int_equal(events_total(EV_SWAP_OUT_LARGE), 1);
	assert_int_equal(events_total(EV_SWAP_OUT), PAGES);
	assert_int_equal(events_total(EV_FOLIO_SPLIT) + events_total(EV_RECLAIM_KEPT), 0);
	assert_at_rest(mm);
	check_words(mm);
	assert_int_equal(folio_nr_pages(folio_at(mm, 0)), 1);
	assert_int_equal(nr_swap_used(), 0);
	finish();
}

/* Row: A9. For all mms that share it. */
static void a_shared_one_goes_for_everybody(void **state)
{
	struct mm_struct *child;

	(void)state;
	begin();
	assert_int_equal(sys_fork(mm, &child), 0);
	reclaim_at(child, AREA, LEN);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_true(swapped(mm, i) && pte_same(pte_at(mm, i), pte_at(child, i)));
	assert_at_rest(mm, child);
	write_word(child, 1, 7);
	check_words(mm);
	assert_int_equal(read_word(child, 1), 7);
	mm_exit(child);
	finish();
}

/* Rows: A9, W11. Its leaf is split, into entries of the folio as it is. */
static void a_huge_page_goes_whole(void **state)
{
	struct page *page;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	mm = scene_of("linux-6.15,thp=always", PROT_READ | PROT_WRITE).mm;
	assert_int_equal(get_user_pages_fast(mm, page_addr(300), 1, FOLL_WRITE, &page), 1);
	*(uint64_t *)page_payload(page) = 300;
	put_page(page);
	events_reset();
	reclaim_at(mm, AREA, PMD_SIZE);
	assert_int_equal(events_total(EV_SWAP_OUT_LARGE), 1);
	assert_int_equal(events_total(EV_FOLIO_SPLIT), 0);
	assert_int_equal(events_total(EV_THP_SPLIT_PMD), 1);
	assert_int_equal(nr_swap_used(), HPAGE_PMD_NR);
	assert_at_rest(mm);
	assert_true(read_word(mm, 300) == 300 && read_word(mm, 0) == 0);
	finish();
}

/* Row: A9. Without a row its pages go to single slots. */
static void without_a_row_it_is_split(void **state)
{
	unsigned long slot = 0;

	(void)state;
	begin();
	for (unsigned int i = 0; i < ROWS; i++)
		slot = swap_slots_alloc(0);
	assert_int_equal(slot, ROWS);
	for (slot = 1; slot <= ROWS; slot += 2)
		swap_slots_free(slot);
	reclaim_at(mm, AREA, LEN);
	assert_int_equal(events_total(EV_SWAP_FALLBACK), 1);
	assert_int_equal(events_total(EV_FOLIO_SPLIT), 1);
	assert_int_equal(events_total(EV_SWAP_OUT), PAGES);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_int_equal(slot_at(mm, i), 2 * i + 1);
	check_words(mm);
	for (slot = 2; slot <= ROWS; slot += 2)
		swap_slots_free(slot);
	finish();
}

/* Row: A9. What is not mapped is freed by a split, and not written. */
static void a_half_unmapped_one_is_split(void **state)
{
	(void)state;
	begin();
	BUG_ON(sys_madvise(mm, page_addr(1), 2 * PAGE_SIZE, MADV_DONTNEED));
	folio_get(folio);
	assert_int_equal(reclaim_folio(folio), 0);
	assert_int_equal(events_total(EV_SWAP_OUT), 2);
	assert_int_equal(events_total(EV_SWAP_OUT_LARGE), 0);
	assert_true(read_word(mm, 0) == 100 && read_word(mm, 1) == 0 && read_word(mm, 3) == 103);
	finish();
}

/* Row: A9. One in use is left alone: its entries stay. */
static void one_in_use_keeps_its_entries(void **state)
{
	struct page *page;

	(void)state;
	begin();
	assert_int_equal(pin_user_pages_fast(mm, page_addr(1), 1, FOLL_WRITE, &page), 1);
	reclaim_at(mm, AREA, LEN);
	assert_true(pte_present(pte_at(mm, 0)) && folio_at(mm, 3) == folio);
	assert_int_equal(nr_swap_used(), 0);
	unpin_user_page(page);
	folio_get(folio);
	reclaim_at(mm, AREA, LEN);
	assert_true(pte_present(pte_at(mm, 0)) && folio_at(mm, 3) == folio);
	folio_put(folio);
	finish();
}

/* ---- in the swap cache still ---- */

static void hold_it(void *arg)
{
	(void)arg;
	folio_get(folio);
}

/* The folio is referenced when it is unmapped already: it stays in its slots, and entries name them. */
static void keep_in_cache(void)
{
	meanwhile("reclaim.unmapped", hold_it, NULL);
	reclaim_at(mm, AREA, LEN);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(swapped(mm, 0) && events_total(EV_SWAP_OUT) == 0);
	assert_int_equal(folio_swap_refs(folio), PAGES);
	assert_int_equal(folio_ref_count(folio), PAGES + 1);
	folio_put(folio);
}

/* Rows: A9, L7. One fault maps all of it, and frees its slots. */
static void one_fault_maps_what_is_in_the_cache(void **state)
{
	(void)state;
	needs_checks();
	begin();
	keep_in_cache();
	assert_at_rest(mm);
	write_word(mm, 2, 102);
	assert_int_equal(events_total(EV_FAULT_SWAP_LARGE), 1);
	assert_int_equal(nr_swap_used(), 0);
	assert_int_equal(folio_ref_count(folio), PAGES);
	assert_int_equal(folio_mapcount(folio), PAGES);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_true(folio_at(mm, i) == folio && pte_write(pte_at(mm, i)) &&
			    PageAnonExclusive(folio_page(folio, i)));
	check_words(mm);
	finish();
}

/* Rows: A9, L7. Another kind of entry among them: one page at a time. */
static void pages_whose_neighbours_are_gone_come_alone(void **state)
{
	(void)state;
	needs_checks();
	begin();
	keep_in_cache();
	BUG_ON(sys_madvise(mm, page_addr(1), PAGE_SIZE, MADV_DONTNEED));
	assert_int_equal(folio_swap_refs(folio), PAGES - 1);
	assert_int_equal(read_word(mm, 2), 102);
	assert_int_equal(folio_swap_refs(folio), PAGES - 2);
	assert_true(swapped(mm, 0) && swapped(mm, 3) && folio_at(mm, 2) == folio);
	assert_int_equal(events_total(EV_FAULT_SWAP_LARGE), 0);
	assert_at_rest(mm);
	/* Partly in its slots it is neither swapped out nor split. */
	reclaim_at(mm, AREA, LEN);
	assert_true(folio_at(mm, 2) == folio && folio_nr_pages(folio) == PAGES);
	assert_true(read_word(mm, 0) == 100 && read_word(mm, 1) == 0 && read_word(mm, 3) == 103);
	assert_int_equal(folio_swap_refs(folio), 0);
	finish();
}

/* Rows: A9, L7. An entry is gone, but the folio is in all of its slots for another mm: the same. */
static void pages_whose_neighbours_another_mm_has_come_alone(void **state)
{
	struct mm_struct *child;

	(void)state;
	needs_checks();
	begin();
	assert_int_equal(sys_fork(mm, &child), 0);
	keep_in_cache();
	BUG_ON(sys_madvise(child, page_addr(1), PAGE_SIZE, MADV_DONTNEED));
	assert_int_equal(read_word(child, 2), 102);
	assert_int_equal(events_total(EV_FAULT_SWAP_LARGE), 0);
	assert_true(swapped(child, 0) && !swapped(child, 1) && swapped(child, 3) && folio_at(child, 2) == folio);
	assert_int_equal(folio_swap_refs(folio), PAGES);
	assert_at_rest(mm, child);
	mm_exit(child);
	finish();
}

/* All single slots are taken but @kept, until free_other_slots(). */
static void take_other_slots(unsigned long kept)
{
	while (swap_slots_alloc(0))
		;
	swap_slots_free(kept);
}

/* Those outside the row that begins with @first. */
static void free_other_slots(unsigned long first)
{
	for (unsigned long slot = 1; slot <= ROWS; slot++)
		if (slot < first || slot >= first + PAGES)
			swap_slots_free(slot);
}

/* Rows: A9, L7. A slot of its row was freed, and has another page of the same address: one page at a time. */
static void pages_whose_slot_was_reused_come_alone(void **state)
{
	unsigned long first;

	(void)state;
	needs_checks();
	begin();
	keep_in_cache();
	first = slot_at(mm, 0);
	BUG_ON(sys_madvise(mm, page_addr(1), PAGE_SIZE, MADV_DONTNEED));
	take_other_slots(first + 1);
	write_word(mm, 1, 7);
	BUG_ON(sys_madvise(mm, page_addr(1), PAGE_SIZE, MADV_PAGEOUT));
	for (unsigned long i = 0; i < PAGES; i++)
		assert_true(swapped(mm, i) && slot_at(mm, i) == first + i && pte_swp_exclusive(pte_at(mm, i)));
	assert_int_equal(read_word(mm, 2), 102);
	assert_int_equal(events_total(EV_FAULT_SWAP_LARGE), 0);
	assert_true(swapped(mm, 0) && swapped(mm, 1) && swapped(mm, 3) && folio_at(mm, 2) == folio);
	assert_true(read_word(mm, 0) == 100 && read_word(mm, 1) == 7 && read_word(mm, 3) == 103);
	free_other_slots(first);
	finish();
}

/* Row: A9. Found in all of its slots, it goes there again. */
static void a_shared_one_keeps_its_row(void **state)
{
	struct mm_struct *child;
	unsigned long slot;

	(void)state;
	needs_checks();
	begin();
	assert_int_equal(sys_fork(mm, &child), 0);
	keep_in_cache();
	slot = slot_at(child, 0);
	check_words(mm);
	assert_int_equal(events_total(EV_FAULT_SWAP_LARGE), 1);
	assert_true(folio_swap_refs(folio) == PAGES && !PageAnonExclusive(&folio->page));
	assert_at_rest(mm, child);
	reclaim_at(mm, AREA, LEN);
	assert_int_equal(events_total(EV_SWAP_OUT_LARGE), 1);
	assert_true(slot_at(mm, 0) == slot && slot_at(child, 3) == slot + 3);
	check_words(child);
	mm_exit(child);
	finish();
}

/* ---- on its way out ---- */

static struct test_threads *waiter;

static void read_it(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(do_user_addr_fault(mm, page_addr(3), 0));
	frame_drain_cpu();
}

/* Until it has found the folio without references. */
static void begin_fault(void *arg)
{
	(void)arg;
	waiter = threads_start(1, read_it, NULL);
	while (!events_total(EV_SWAP_FROZEN))
		cpu_relax();
}

/* Rows: A9, L7. A fault waits until the folio has left its slots, and reads the page from there. */
static void a_fault_waits_for_a_frozen_one(void **state)
{
	(void)state;
	needs_checks();
	begin();
	meanwhile("swap.large_frozen", begin_fault, NULL);
	reclaim_at(mm, AREA, LEN);
	assert_int_equal(meanwhile_ran(), 1);
	threads_join(waiter);
	assert_int_equal(events_total(EV_SWAP_OUT_LARGE), 1);
	assert_true(!swapped(mm, 3) && folio_nr_pages(folio_at(mm, 3)) == 1);
	check_words(mm);
	finish();
}

#define up_and_down(test)	cmocka_unit_test_setup_teardown(test, up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		up_and_down(a_large_folio_goes_whole_and_comes_back_by_page),
		up_and_down(a_shared_one_goes_for_everybody),
		up_and_down(a_huge_page_goes_whole),
		up_and_down(without_a_row_it_is_split),
		up_and_down(a_half_unmapped_one_is_split),
		up_and_down(one_in_use_keeps_its_entries),
		up_and_down(one_fault_maps_what_is_in_the_cache),
		up_and_down(pages_whose_neighbours_are_gone_come_alone),
		up_and_down(pages_whose_neighbours_another_mm_has_come_alone),
		up_and_down(pages_whose_slot_was_reused_come_alone),
		up_and_down(a_shared_one_keeps_its_row),
		up_and_down(a_fault_waits_for_a_frozen_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
