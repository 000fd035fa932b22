/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_pool: huge pages of two nodes, set aside, reserved, allocated, and returned with their last reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/cpu.h"
#include "core/mm/mm.h"
#include "core/phys/hugetlb_pool.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/world.h"

#define ORDER	4

static bool pool_has(unsigned long nr, unsigned long free, unsigned long reserved)
{
	struct hugetlb_counts counts = hugetlb_pool_counts(ORDER);

	return counts.nr == nr && counts.free == free && counts.reserved == reserved;
}

static void nodes_take_turns(void **state)
{
	unsigned long before = machine_free_frames();
	uint64_t astray = events_total(EV_FRAME_WRONG_NODE);
	struct folio *folio[5];

	(void)state;
	assert_int_equal(hugetlb_pool_resize(ORDER, 4), 4);
	assert_int_equal(machine_free_frames(), before - (4ul << ORDER));
	for (unsigned int i = 0; i < 5; i++)
		folio[i] = hugetlb_pool_take(ORDER, false);
	/* The cpu is of node 0: that node's come first. */
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(page_to_nid(&folio[i]->page), i / 2);
	assert_null(folio[4]);
	assert_int_equal(events_total(EV_FRAME_WRONG_NODE) - astray, 2ul << ORDER);
	for (unsigned int i = 0; i < 4; i++)
		folio_put(folio[i]);
	assert_true(pool_has(4, 4, 0));
	assert_int_equal(hugetlb_pool_resize(ORDER, 1), 1);
	assert_int_equal(machine_free_frames(), before - (1ul << ORDER));
	assert_int_equal(hugetlb_pool_resize(ORDER, 0), 0);
	assert_int_equal(machine_free_frames(), before);
}

static void a_reservation_gets_one(void **state)
{
	struct folio *folio, *other;

	(void)state;
	assert_int_equal(hugetlb_pool_resize(ORDER, 2), 2);
	assert_false(hugetlb_pool_reserve(ORDER, 3));
	assert_true(hugetlb_pool_reserve(ORDER, 1) && pool_has(2, 2, 1));
	other = hugetlb_pool_take(ORDER, false);
	assert_non_null(other);
	assert_null(hugetlb_pool_take(ORDER, false));
	assert_false(hugetlb_pool_reserve(ORDER, 1));
	assert_int_equal(hugetlb_pool_resize(ORDER, 0), 2);	/* one is in use, one is reserved */
	folio = hugetlb_pool_take(ORDER, true);
	assert_true(folio && pool_has(2, 0, 0));
	/* Returned with a reservation, it goes to no other user. */
	assert_true(page_ref_sub_and_test(&folio->page, 1));
	hugetlb_pool_give(folio, true);
	assert_null(hugetlb_pool_take(ORDER, false));
	assert_true(pool_has(2, 1, 1));
	hugetlb_pool_unreserve(ORDER, 1);
	folio_put(other);
	assert_int_equal(hugetlb_pool_resize(ORDER, 0), 0);
}

/* It comes from the pool as it would from its node, and what it was used for shows no more. */
static void a_huge_page_begins_anew(void **state)
{
	struct folio *folio;
	unsigned long life;

	(void)state;
	assert_int_equal(hugetlb_pool_resize(ORDER, 1), 1);
	folio = hugetlb_pool_take(ORDER, false);
	assert_true(folio_test_hugetlb(folio) && folio_order(folio) == ORDER && folio_ref_count(folio) == 1);
	assert_true(page_type(&folio->page) == PAGE_ANON && page_type(&folio->page + 5) == PAGE_ANON &&
		    !folio_mapped(folio));
	life = page_life(&folio->page);
	SetPageAnonExclusive(&folio->page);
	folio->page.index = 7;
	get_page(&folio->page + 3);
	folio_put(folio);
	assert_true(pool_has(1, 0, 0));
	put_page(&folio->page + 3);
	assert_true(pool_has(1, 1, 0));
	assert_false(folio_try_get(folio));
	assert_true(!FAULTLINE_CHECK || page_life(&folio->page) != life);
	assert_ptr_equal(hugetlb_pool_take(ORDER, false), folio);
	assert_true(!PageAnonExclusive(&folio->page) && folio->page.index == 0 && folio_test_hugetlb(folio));
	folio_put(folio);
#if FAULTLINE_CHECK
	inject_alloc_failure(1);
	assert_null(hugetlb_pool_take(ORDER, false));
	assert_true(pool_has(1, 1, 0));
	inject_alloc_failure(0);
#endif
	assert_int_equal(hugetlb_pool_resize(ORDER, 0), 0);
}

static int up(void **state)
{
	(void)state;
	assert_int_equal(faultline_start(&(struct machine_config){ 2, 4096, 64 }), 0);
	return cpu_register(0, MEM_LOCAL, 1);
}

static int down(void **state)
{
	struct leaks leaks;

	(void)state;
	frame_drain_cpu();
	leaks = faultline_stop();
	cpu_unregister();
	return teardown(!leaks.frames && !leaks.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_take_turns),
		cmocka_unit_test(a_reservation_gets_one),
		cmocka_unit_test(a_huge_page_begins_anew),
	};

	return cmocka_run_group_tests(tests, up, down);
}
