/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * split_folio: large folios split while shared, in use, half unmapped or mapped by leaves; and by reclaim and
 * migration.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/anon_vma.h"
#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/op/mremap.h"
#include "core/op/split_folio.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES		4ul	/* of anon=16k */
#define ELSEWHERE	(AREA + 16 * PMD_SIZE)

static struct mm_struct *mm_with_a_large_folio(void)
{
	struct mm_struct *mm = mm_with_words("linux-6.15,anon=16k", PAGES);

	assert_int_equal(folio_nr_pages(folio_at(mm, 0)), PAGES);
	return mm;
}

/* The folio of page 0, with a reference that goes with the lock. */
static int split(struct folio *folio)
{
	int err;

	folio_get(folio);
	folio_lock(folio);
	err = split_folio(folio);
	folio_unlock(folio);
	folio_put(folio);
	return err;
}

static void each_page_stands_for_itself(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio();
	struct folio *folio = folio_at(mm, 0);

	(void)state;
	assert_int_equal(split(folio), 0);
	for (unsigned long i = 0; i < PAGES; i++) {
		assert_ptr_equal(folio_at(mm, i), page_folio(folio_page(folio, i)));
		assert_int_equal(folio_nr_pages(folio_at(mm, i)), 1);
		assert_int_equal(folio_ref_count(folio_at(mm, i)), 1);
		assert_int_equal(folio_mapcount(folio_at(mm, i)), 1);
		assert_true(pte_write(pte_at(mm, i)) && PageAnonExclusive(pte_page(pte_at(mm, i))));
		assert_int_equal(read_word(mm, i), 100 + i);
	}
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), PAGES);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* In three mms, at two addresses. */
static void a_shared_folio_is_split_for_everybody(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio(), *child, *grandchild;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_mremap(child, page_addr(1), 2 * PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				    ELSEWHERE),
			 ELSEWHERE);
	assert_int_equal(sys_fork(child, &grandchild), 0);
	write_word(grandchild, 0, 1);
	assert_int_equal(split(folio_at(mm, 3)), 0);
	assert_int_equal(folio_mapcount(folio_at(mm, 0)), 2);
	assert_int_equal(folio_mapcount(folio_at(mm, 3)), 3);
	assert_int_equal(pte_pfn(tree_pte(grandchild, ELSEWHERE)), pte_pfn(pte_at(mm, 1)));
	assert_false(PageAnonExclusive(pte_page(pte_at(mm, 3))) || pte_write(pte_at(mm, 3)));
	assert_at_rest(mm, child, grandchild);
	mm_exit(child);
	write_word(mm, 3, 2);
	assert_int_equal(read_word(grandchild, 3), 103);
	assert_at_rest(mm, grandchild);
	mm_exit(grandchild);
	mm_exit(mm);
}

/* Pages that nothing maps any more go with the split. */
static void what_is_not_mapped_is_freed(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio();
	struct folio *folio = folio_at(mm, 0);
	unsigned long frames = machine_free_frames();

	(void)state;
	assert_int_equal(sys_madvise(mm, page_addr(1), 2 * PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(machine_free_frames(), frames);
	assert_int_equal(split(folio), 0);
	assert_int_equal(machine_free_frames(), frames + 2);
	assert_true(read_word(mm, 0) == 100 && read_word(mm, 1) == 0 && read_word(mm, 3) == 103);
	assert_at_rest(mm);
	assert_int_equal(sys_madvise(mm, AREA, LEN, MADV_DONTNEED), 0);
	assert_int_equal(machine_free_frames(), frames + PAGES);
	mm_exit(mm);
}

/* Pinned, or with an unknown reference: nothing changes. */
static void folios_in_use_stay_whole(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio();
	struct folio *folio = folio_at(mm, 0);
	struct page *pinned, *held = pte_page(pte_at(mm, 2));

	(void)state;
	assert_int_equal(pin_user_pages_fast(mm, page_addr(1), 1, FOLL_WRITE, &pinned), 1);
	assert_int_equal(split(folio), -EBUSY);
	unpin_user_page(pinned);
	get_page(held);
	assert_int_equal(split(folio), -EBUSY);
	put_page(held);
	for (unsigned long i = 0; i < PAGES; i++) {
		assert_ptr_equal(folio_at(mm, i), folio);
		assert_true(pte_write(pte_at(mm, i)) && PageAnonExclusive(pte_page(pte_at(mm, i))));
	}
	assert_int_equal(folio_mapcount(folio), PAGES);
	assert_int_equal(folio_ref_count(folio), PAGES);
	assert_at_rest(mm);
	assert_int_equal(split(folio), 0);
	mm_exit(mm);
}

/* ---- who needs small ones ---- */

/* Row: A9. */
static void large_folios_are_swapped_out_in_parts_and_moved_whole(void **state)
{
	struct mm_struct *mm = mm_with_a_large_folio(), *child;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_migrate_range(child, AREA, LEN, 1), PAGES);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_true(page_to_nid(pte_page(pte_at(mm, i))) == 1 && folio_at(mm, i) == folio_at(child, i));
	assert_int_equal(folio_nr_pages(folio_at(mm, PAGES - 1)), PAGES);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
	mm = mm_with_a_large_folio();
	assert_int_equal(sys_madvise(mm, page_addr(1), 2 * PAGE_SIZE, MADV_PAGEOUT), 0);
	assert_true(!swapped(mm, 0) && swapped(mm, 1) && swapped(mm, 2) && !swapped(mm, 3));
	for (unsigned long i = 0; i < PAGES; i++)
		assert_int_equal(read_word(mm, i), 100 + i);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. A leaf is split first (TTU_SPLIT_HUGE_PMD), in every mm; without that flag it becomes one entry. */
static void a_huge_page_is_split_with_its_leaves(void **state)
{
	struct mm_struct *mm, *child;
	struct folio *folio;
	struct page *page;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	mm = scene_of("linux-6.15,thp=always", PROT_READ | PROT_WRITE).mm;
	assert_int_equal(get_user_pages_fast(mm, page_addr(1), 1, FOLL_WRITE, &page), 1);
	*(uint64_t *)page_payload(page) = 101;
	folio = page_folio(page);
	put_page(page);
	assert_int_equal(folio_nr_pages(folio), HPAGE_PMD_NR);
	assert_int_equal(sys_fork(mm, &child), 0);
	folio_get(folio);
	folio_lock(folio);
	try_to_migrate(folio, 0);
	assert_int_equal(folio_mapcount(folio), 0);
	remove_migration_ptes(folio, folio);
	assert_int_equal(folio_mapcount(folio), 2);
	folio_unlock(folio);
	folio_put(folio);
	assert_at_rest(mm, child);
	assert_int_equal(split(folio), 0);
	assert_int_equal(folio_nr_pages(folio_at(mm, 1)), 1);
	assert_int_equal(folio_mapcount(folio_at(mm, HPAGE_PMD_NR - 1)), 2);
	assert_true(read_word(mm, 1) == 101 && read_word(child, 1) == 101 && read_word(child, 0) == 0);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* ---- undisturbed ---- */

static void leave_alone(struct mm_struct *mm, struct mm_struct **child)
{
	(void)mm;
	*child = NULL;
}

static void share_all(struct mm_struct *mm, struct mm_struct **child)
{
	BUG_ON(sys_fork(mm, child));
}

static void share_and_copy_one(struct mm_struct *mm, struct mm_struct **child)
{
	share_all(mm, child);
	write_word(*child, 1, 7);
}

static void pin_and_unpin(struct mm_struct *mm, struct mm_struct **child)
{
	struct page *page;

	*child = NULL;
	BUG_ON(pin_user_pages_fast(mm, page_addr(2), 1, FOLL_WRITE, &page) != 1);
	unpin_user_page(page);
}

/* Row: A9. Without other users nothing stays behind, and each folio moved is counted once. */
static void an_undisturbed_one_succeeds_and_counts_once(void **state)
{
	static void (*const befores[])(struct mm_struct *mm, struct mm_struct **child) = {
		leave_alone, share_all, share_and_copy_one, pin_and_unpin,
	};
	static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-6.15,anon=16k",
						"linux-6.15,anon=16k,pte_ptl=pmd" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies) * ARRAY_SIZE(befores); i++) {
		struct mm_struct *mm = mm_with_words(policies[i / ARRAY_SIZE(befores)], PAGES), *child;
		bool large = folio_test_large(folio_at(mm, 0));
		uint64_t folios = large ? 1 : PAGES;

		befores[i % ARRAY_SIZE(befores)](mm, &child);
		events_reset();
		assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), PAGES);
		assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 0);
		assert_int_equal(sys_migrate_range(mm, AREA, LEN, 0), PAGES);
		assert_int_equal(events_total(EV_MIGRATE), 2 * folios);
		assert_int_equal(events_total(EV_MIGRATE_LARGE), large ? 2 : 0);
		assert_int_equal(events_total(EV_FOLIO_SPLIT), 0);
		assert_int_equal(events_total(EV_MIGRATE_KEPT) + events_total(EV_FOLIO_SPLIT_KEPT), 0);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), PAGES);
		if (child) {
			assert_at_rest(mm, child);
			mm_exit(child);
		}
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

/* ---- in progress ---- */

/* A fork, and a fault that waits. */
struct visit {
	struct mm_struct *mm, *child;
	struct test_threads *waiter;
};

static void fork_it(void *arg)
{
	struct visit *visit = arg;

	BUG_ON(!pte_is_migration(pte_at(visit->mm, 2)));
	BUG_ON(sys_fork(visit->mm, &visit->child));
}

static void touch_it(void *arg, unsigned int index)
{
	(void)index;
	write_word(((struct visit *)arg)->mm, 2, 7);
}

/* Until the fault waits. */
static void begin_a_fault(void *arg)
{
	struct visit *visit = arg;
	uint64_t waits = events_total(EV_MIGRATE_WAIT);

	visit->waiter = threads_start(1, touch_it, visit);
	while (events_total(EV_MIGRATE_WAIT) == waits)
		cpu_relax();
}

static void others_come_half_way(void **state)
{
	static const char *const points[] = { "split_folio.unmapped", "split_folio.apart" };
	struct visit visit;

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		visit.mm = mm_with_a_large_folio();
		meanwhile(points[i], fork_it, &visit);
		assert_int_equal(split(folio_at(visit.mm, 0)), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(folio_mapcount(folio_at(visit.mm, 2)), 2);
		assert_false(PageAnonExclusive(pte_page(pte_at(visit.mm, 2))));
		assert_at_rest(visit.mm, visit.child);
		mm_exit(visit.child);
		mm_exit(visit.mm);
		/* It waits for the lock of the whole, or of its part. */
		visit.mm = mm_with_a_large_folio();
		meanwhile(points[i], begin_a_fault, &visit);
		assert_int_equal(split(folio_at(visit.mm, 0)), 0);
		assert_int_equal(meanwhile_ran(), 1);
		threads_join(visit.waiter);
		assert_int_equal(read_word(visit.mm, 2), 7);
		assert_at_rest(visit.mm);
		mm_exit(visit.mm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_page_stands_for_itself, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_shared_folio_is_split_for_everybody, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(what_is_not_mapped_is_freed, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(folios_in_use_stay_whole, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(large_folios_are_swapped_out_in_parts_and_moved_whole, two_nodes_up,
						world_down),
		cmocka_unit_test_setup_teardown(a_huge_page_is_split_with_its_leaves, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(an_undisturbed_one_succeeds_and_counts_once, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(others_come_half_way, two_nodes_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
