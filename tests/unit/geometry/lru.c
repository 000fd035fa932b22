/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lru.c - folios that are listed for reclaim: order, isolation, what a scan takes, where moved and split ones go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/op/reclaim.h"
#include "core/op/shrink_lruvec.h"
#include "core/op/split_folio.h"
#include "core/phys/folio_lock.h"
#include "core/phys/lru.h"
#include "tests/lib/scene/swap_scene.h"

#define LISTS	"linux-6.15,lru=on"
#define PAGES	3ul

static struct mm_struct *mm;
static struct folio *folios[16];

static void begin(const char *policy)
{
	mm = mm_with_words(policy, PAGES);
}

/* Every folio is on the list that its flags say. */
static void end(void)
{
	assert_at_rest(mm);
	mm_exit(mm);
	assert_int_equal(lru_count(0, LRU_INACTIVE) + lru_count(1, LRU_INACTIVE), 0);
	assert_int_equal(lru_count(0, LRU_ACTIVE) + lru_count(1, LRU_ACTIVE), 0);
}

static void cool_down(void)
{
	assert_int_equal(sys_madvise(mm, AREA, PAGES * PAGE_SIZE, MADV_COLD), 0);
}

/* Back on its list, without the reference. */
static void put_back(struct folio *folio)
{
	folio_putback_lru(folio);
	folio_put(folio);
}

/* The folio of page 0 goes to the active list. Returns it, with a reference. */
static struct folio *activated(void)
{
	struct folio *folio = folio_at(mm, 0);

	folio_get(folio);
	assert_true(folio_isolate_lru(folio));
	folio_set_active(folio);
	folio_putback_lru(folio);
	assert_int_equal(lru_count(0, LRU_ACTIVE), 1);
	return folio;
}

/* ---- lists ---- */

/* Row: K5. */
static void new_folios_are_listed_the_oldest_first(void **state)
{
	(void)state;
	begin(LISTS);
	assert_int_equal(lru_count(0, LRU_INACTIVE), PAGES);
	assert_int_equal(isolate_lru_folios(0, LRU_ACTIVE, folios, 16), 0);
	assert_int_equal(isolate_lru_folios(0, LRU_INACTIVE, folios, 2), 2);
	assert_ptr_equal(folios[0], folio_at(mm, 0));
	assert_ptr_equal(folios[1], folio_at(mm, 1));
	assert_int_equal(lru_count(0, LRU_INACTIVE), PAGES - 2);
	put_back(folios[1]);
	put_back(folios[0]);
	assert_int_equal(isolate_lru_folios(0, LRU_INACTIVE, folios, 16), PAGES);
	assert_ptr_equal(folios[0], folio_at(mm, 2));
	assert_ptr_equal(folios[1], folio_at(mm, 1));
	assert_ptr_equal(folios[2], folio_at(mm, 0));
	for (unsigned long i = 0; i < PAGES; i++)
		put_back(folios[i]);
	end();
}

/* Row: K5. */
static void without_the_policy_none_is_listed(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(lru_count(0, LRU_INACTIVE), 0);
	assert_true(folio_isolate_lru(folio_at(mm, 0)) && folio_isolate_lru(folio_at(mm, 0)));
	folio_putback_lru(folio_at(mm, 0));
	assert_int_equal(lru_count(0, LRU_INACTIVE), 0);
	end();
}

/* From the middle, the end and the begin of the list. Row: K5. */
static void freed_folios_leave_their_list(void **state)
{
	static const unsigned long order[PAGES] = { 1, 2, 0 };

	(void)state;
	begin(LISTS);
	for (unsigned long i = 0; i < PAGES; i++) {
		BUG_ON(sys_madvise(mm, page_addr(order[i]), PAGE_SIZE, MADV_DONTNEED));
		frame_drain_cpu();
		assert_int_equal(lru_count(0, LRU_INACTIVE), PAGES - 1 - i);
		assert_int_equal(lru_length(0, LRU_INACTIVE), PAGES - 1 - i);
	}
	end();
}

/* Row: K5. */
static void what_is_isolated_is_left_alone(void **state)
{
	struct folio *folio;

	(void)state;
	begin(LISTS);
	folio = folio_at(mm, 0);
	folio_get(folio);
	assert_true(folio_isolate_lru(folio));
	assert_false(folio_isolate_lru(folio));
	cool_down();
	folio_get(folio);
	assert_int_equal(migrate_folio(folio, 1), -EBUSY);
	folio_get(folio);
	assert_int_equal(reclaim_folio(folio), -EBUSY);
	page_out(mm, 0);
	assert_int_equal(shrink_lruvec(0, 16), PAGES - 1);
	assert_ptr_equal(folio_at(mm, 0), folio);
	assert_true(swapped(mm, 1) && swapped(mm, 2) && lru_count(0, LRU_INACTIVE) == 0);
	put_back(folio);
	assert_int_equal(lru_count(0, LRU_INACTIVE), 1);
	end();
}

/* ---- what a scan does ---- */

/* Row: K5. */
static void what_is_not_used_is_reclaimed_from_the_oldest_on(void **state)
{
	(void)state;
	begin(LISTS);
	cool_down();
	assert_int_equal(shrink_lruvec(0, 2), 2);
	assert_true(swapped(mm, 0) && swapped(mm, 1) && !swapped(mm, 2));
	assert_int_equal(read_word(mm, 1), 101);	/* and listed when it is back */
	assert_int_equal(lru_count(0, LRU_INACTIVE), 2);
	assert_int_equal(shrink_lruvec(1, 16), 0);
	end();
}

/* Used once it stays, twice it is active; what is not used then goes. Row: K5. */
static void what_is_used_stays(void **state)
{
	(void)state;
	begin(LISTS);
	assert_int_equal(shrink_lruvec(0, 16), 0);
	assert_int_equal(lru_count(0, LRU_INACTIVE), PAGES);
	write_word(mm, 1, 201);
	assert_int_equal(shrink_lruvec(0, 16), PAGES - 1);
	assert_true(swapped(mm, 0) && swapped(mm, 2));
	assert_true(folio_test_active(folio_at(mm, 1)) && lru_count(0, LRU_ACTIVE) == 1);
	assert_int_equal(shrink_lruvec(0, 16), 1);	/* by way of the inactive list */
	assert_true(swapped(mm, 1) && lru_count(0, LRU_ACTIVE) == 0);
	assert_int_equal(read_word(mm, 1), 201);
	end();
}

/* Row: K5. */
static void cold_folios_become_inactive(void **state)
{
	(void)state;
	begin(LISTS);
	folio_put(activated());
	assert_at_rest(mm);
	cool_down();
	assert_int_equal(lru_count(0, LRU_ACTIVE), 0);
	assert_int_equal(lru_count(0, LRU_INACTIVE), PAGES);
	end();
}

/* Row: K5. */
static void what_cannot_be_reclaimed_is_put_back(void **state)
{
	struct page *page;

	(void)state;
	begin(LISTS);
	assert_int_equal(pin_user_pages_fast(mm, page_addr(0), 1, FOLL_WRITE, &page), 1);
	BUG_ON(sys_mlock(mm, page_addr(1), PAGE_SIZE));
	assert_int_equal(sys_madvise(mm, page_addr(0), PAGE_SIZE, MADV_COLD), 0);
	assert_int_equal(sys_madvise(mm, page_addr(2), PAGE_SIZE, MADV_COLD), 0);
	assert_int_equal(shrink_lruvec(0, 16), 1);
	assert_true(!swapped(mm, 0) && !swapped(mm, 1) && swapped(mm, 2));
	assert_true(!folio_test_active(folio_at(mm, 0)) && folio_test_active(folio_at(mm, 1)));
	assert_int_equal(lru_count(0, LRU_INACTIVE) + lru_count(0, LRU_ACTIVE), 2);
	unpin_user_page(page);
	end();
}

/* ---- other folios of the same pages ---- */

/* It goes on at the same list of its node. Row: K5. */
static void a_moved_folio_is_listed_in_place_of_the_old_one(void **state)
{
	(void)state;
	begin(LISTS);
	assert_int_equal(migrate_folio(activated(), 1), 0);
	frame_drain_cpu();
	assert_true(lru_count(0, LRU_ACTIVE) == 0 && lru_count(1, LRU_ACTIVE) == 1);
	assert_true(folio_test_lru(folio_at(mm, 0)));
	end();
}

/* One that cannot be moved goes back. Row: K5. */
static void a_folio_that_stays_is_put_back(void **state)
{
	struct folio *folio;

	(void)state;
	begin(LISTS);
	folio = folio_at(mm, 0);
	folio_get(folio);
	folio_get(folio);
	assert_int_equal(migrate_folio(folio, 1), -EBUSY);
	assert_true(folio_test_lru(folio) && lru_count(0, LRU_INACTIVE) == PAGES);
	folio_put(folio);
	end();
}

/* Row: K5. */
static void the_parts_of_a_split_folio_are_listed(void **state)
{
	struct folio *folio;

	(void)state;
	mm = mm_with_words(LISTS ",anon=16k", 4);
	folio = folio_at(mm, 0);
	assert_int_equal(lru_count(0, LRU_INACTIVE), 1);
	folio_get(folio);
	BUG_ON(!folio_trylock(folio));
	assert_int_equal(split_folio(folio), 0);
	folio_unlock(folio);
	folio_put(folio);
	assert_int_equal(lru_count(0, LRU_INACTIVE), 4);
	end();
}

/* As a whole, or, if some of it is not mapped, by parts. Row: K5. */
static void large_folios_are_reclaimed(void **state)
{
	(void)state;
	for (unsigned int partial = 0; partial < 2; partial++) {
		mm = mm_with_words(LISTS ",anon=16k", 4);
		if (partial)
			BUG_ON(sys_munmap(mm, page_addr(3), PAGE_SIZE));
		BUG_ON(sys_madvise(mm, AREA, 4 * PAGE_SIZE, MADV_COLD) && !partial);
		while (shrink_lruvec(0, 16) == 0)
			;	/* its accessed bits are looked at first */
		assert_true(swapped(mm, 0) && swapped(mm, 2));
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_folios_are_listed_the_oldest_first),
		cmocka_unit_test(without_the_policy_none_is_listed),
		cmocka_unit_test(freed_folios_leave_their_list),
		cmocka_unit_test(what_is_isolated_is_left_alone),
		cmocka_unit_test(what_is_not_used_is_reclaimed_from_the_oldest_on),
		cmocka_unit_test(what_is_used_stays),
		cmocka_unit_test(cold_folios_become_inactive),
		cmocka_unit_test(what_cannot_be_reclaimed_is_put_back),
		cmocka_unit_test(a_moved_folio_is_listed_in_place_of_the_old_one),
		cmocka_unit_test(a_folio_that_stays_is_put_back),
		cmocka_unit_test(the_parts_of_a_split_folio_are_listed),
		cmocka_unit_test(large_folios_are_reclaimed),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
