/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deferred_split: large folios that are queued when a part of them is unmapped, and split under memory pressure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/deferred_split_scan.h"
#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/phys/deferred_split.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/swap_scene.h"
#include "tests/lib/scene/thp_scene.h"

#define PAGES	4ul	/* of anon=16k */

static struct mm_struct *mm_with_a_large_folio(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", PAGES);

	assert_int_equal(folio_nr_pages(folio_at(mm, 0)), PAGES);
	assert_int_equal(deferred_split_count(0), 0);
	return mm;
}

static void zap(struct mm_struct *mm, unsigned long page, unsigned long nr)
{
	BUG_ON(sys_madvise(mm, page_addr(page), nr * PAGE_SIZE, MADV_DONTNEED));
}

/* The queue of @folio has it, or not, and no other folio. */
static bool queued_is(struct folio *folio, bool queued)
{
	return folio_test_partially_mapped(folio) == queued &&
	       deferred_split_count(page_to_nid(&folio->page)) == queued;
}

/* Row: A3. */
static void a_part_unmapped_queues_it_once_and_a_scan_frees_that(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio();
	unsigned long frames = machine_free_frames();
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	assert_int_equal(deferred_split_scan(0, SHRINK_BATCH), 0);
	zap(mm, 1, 1);
	assert_true(folio_partially_mapped(folio) && queued_is(folio, true));
	zap(mm, 3, 1);
	assert_true(queued_is(folio, true));
	assert_at_rest(mm);
	assert_int_equal(machine_free_frames(), frames);
	assert_int_equal(deferred_split_scan(0, SHRINK_BATCH), 1);
	assert_int_equal(machine_free_frames(), frames + 2);
	assert_int_equal(deferred_split_count(0), 0);
	assert_int_equal(folio_nr_pages(folio_at(mm, 0)), 1);
	assert_true(read_word(mm, 0) == 100 && read_word(mm, 2) == 102);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* All pages at once, or the rest of them: no page is left that could be freed by a split. */
static void a_freed_folio_is_in_no_queue(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio();

	(void)state;
	zap(mm, 0, 2);
	assert_int_equal(deferred_split_count(0), 1);
	zap(mm, 2, 2);
	assert_int_equal(deferred_split_count(0), 0);
	write_word(mm, 0, 1);
	zap(mm, 0, PAGES);
	assert_int_equal(deferred_split_count(0), 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A3. A page is unmapped with its last entry, whichever mm has that. */
static void pages_of_relatives_count(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio(), *child;
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	BUG_ON(sys_fork(mm, &child));
	zap(mm, 1, 1);
	assert_true(queued_is(folio, false));
	write_word(child, 2, 1);	/* a copy: the parent maps the page still */
	assert_true(queued_is(folio, false));
	zap(child, 0, 2);
	assert_true(queued_is(folio, true));
	assert_int_equal(deferred_split_scan(0, SHRINK_BATCH), 1);
	assert_true(read_word(mm, 2) == 102 && read_word(child, 3) == 103 && read_word(child, 1) == 0);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Two pages have no room for the queue. What was in swap slots is left to reclaim. */
static void some_are_not_queued(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=8k", 2);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	zap(mm, 1, 1);
	assert_true(folio_partially_mapped(folio) && queued_is(folio, false));
	mm_exit(mm);
	mm = mm_with_a_large_folio();
	folio = folio_at(mm, 0);
	folio_lock(folio);
	BUG_ON(!folio_alloc_swap(folio));
	folio_unlock(folio);
	zap(mm, 1, 1);
	assert_true(queued_is(folio, false));
	for (unsigned long slot = 1; slot <= nr_swap_slots(); slot++) {
		unsigned int count;
		struct folio *in;

		if (swap_slot_at_rest(slot, &count, &in) && in == folio)
			swap_free(slot);
	}
	assert_at_rest(mm);
	mm_exit(mm);
}

/* The leaf goes, and another mm maps some pages by PTEs. */
static void a_leaf_unmapped_queues_it(void **state)
{
	struct scene s = thp_scene(THP_POLICY);
	struct folio *folio = huge_folio(s.mm, AREA);
	struct mm_struct *child;

	(void)state;
	BUG_ON(sys_fork(s.mm, &child));
	zap(child, 0, 9);		/* splits its leaf */
	assert_true(queued_is(folio, false));
	zap(s.mm, 0, HPAGE_PMD_NR);
	assert_true(queued_is(folio, true));
	assert_int_equal(deferred_split_scan(0, SHRINK_BATCH), 1);
	assert_int_equal(folio_nr_pages(folio_at(child, 9)), 1);
	assert_at_rest(s.mm, child);
	mm_exit(child);
	end(&s);
}

/* It is queued again, until it is not in use. */
static void one_in_use_stays_queued(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio();
	struct folio *folio = folio_at(mm, 0);
	struct page *pinned;

	(void)state;
	zap(mm, 1, 1);
	BUG_ON(pin_user_pages_fast(mm, page_addr(0), 1, FOLL_WRITE, &pinned) != 1);
	assert_int_equal(deferred_split_scan(0, SHRINK_BATCH), 0);
	assert_true(queued_is(folio, true));
	unpin_user_page(pinned);
	folio_lock(folio);
	assert_int_equal(deferred_split_scan(0, SHRINK_BATCH), 0);
	folio_unlock(folio);
	assert_true(queued_is(folio, true));
	assert_at_rest(mm);
	assert_int_equal(deferred_split_scan(0, SHRINK_BATCH), 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. Of the range of another folio. */
static void reclaim_scans(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", 2 * PAGES);
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	zap(mm, 1, 1);
	assert_true(queued_is(folio, true));
	BUG_ON(sys_madvise(mm, page_addr(PAGES), PAGES * PAGE_SIZE, MADV_PAGEOUT));
	assert_int_equal(deferred_split_count(0), 0);
	assert_int_equal(folio_nr_pages(folio_at(mm, 0)), 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- races, step by step ---- */

static void scan(void *arg)
{
	*(unsigned long *)arg = deferred_split_scan(0, SHRINK_BATCH);
}

/* The last reference is gone (A1) when the scan comes to it (B1). */
static void a_scan_leaves_a_folio_that_is_being_freed(void **state)
{
	uint64_t lost = events_total(EV_DEFERRED_LOST);
	unsigned long frames, split = 1;
	struct mm_struct *mm;

	(void)state;
	needs_checks();
	mm = mm_with_a_large_folio();
	frames = machine_free_frames();
	zap(mm, 1, 1);
	meanwhile("deferred_split.unqueue", scan, &split);
	zap(mm, 0, PAGES);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(split, 0);
	assert_int_equal(events_total(EV_DEFERRED_LOST) - lost, 1);
	assert_int_equal(deferred_split_count(0), 0);
	assert_int_equal(machine_free_frames(), frames + PAGES);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void zap_all(void *arg)
{
	zap(arg, 0, PAGES);
}

/* The scan's reference is the last. */
static void a_scan_frees_what_is_unmapped_meanwhile(void **state)
{
	struct mm_struct *mm;
	unsigned long frames;

	(void)state;
	needs_checks();
	mm = mm_with_a_large_folio();
	frames = machine_free_frames();
	zap(mm, 1, 1);
	meanwhile("deferred_split.taken", zap_all, mm);
	assert_int_equal(deferred_split_scan(0, SHRINK_BATCH), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(deferred_split_count(0), 0);
	frame_drain_cpu();
	assert_int_equal(machine_free_frames(), frames + PAGES);
	assert_at_rest(mm);
	mm_exit(mm);
}

static void zap_one(void *arg)
{
	zap(arg, 1, 1);
}

/* Nothing maps it then, so no removal queues it: the end of the migration does, where the new folio is. */
static void a_part_zapped_under_migration_queues_it(void **state)
{
	struct mm_struct *mm;
	struct folio *folio;

	(void)state;
	needs_checks();
	mm = mm_with_a_large_folio();
	meanwhile("migrate.unmapped", zap_one, mm);
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), PAGES);
	assert_int_equal(meanwhile_ran(), 1);
	folio = folio_at(mm, 0);
	assert_true(page_to_nid(&folio->page) == 1 && queued_is(folio, true));
	assert_int_equal(deferred_split_count(0), 0);
	assert_at_rest(mm);
	assert_int_equal(deferred_split_scan(1, SHRINK_BATCH), 1);
	assert_int_equal(read_word(mm, 3), 103);
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_part_unmapped_queues_it_once_and_a_scan_frees_that, two_nodes_up,
						world_down),
		cmocka_unit_test_setup_teardown(a_freed_folio_is_in_no_queue, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(pages_of_relatives_count, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(some_are_not_queued, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_leaf_unmapped_queues_it, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(one_in_use_stays_queued, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(reclaim_scans, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_scan_leaves_a_folio_that_is_being_freed, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_scan_frees_what_is_unmapped_meanwhile, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_part_zapped_under_migration_queues_it, two_nodes_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
