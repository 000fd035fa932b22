/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate: pages moved between nodes, by ranges and one by one; shared, in use, out of memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/migrate.h"
#include "core/op/move_pages.h"
#include "core/op/mremap.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	4ul
#define ELSEWHERE	(AREA + 16 * PMD_SIZE)

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

static int node_at(struct mm_struct *mm, unsigned long i)
{
	return (int)page_to_nid(&folio_at(mm, i)->page);
}

/* ---- what moves, and what does not ---- */

/* Row: A9. */
static void a_range_moves_to_the_other_node_and_back(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct mm_struct *mm = mm_with_words(policies[p], PAGES);
		uint64_t moved = events_total(EV_MIGRATE);

		assert_int_equal(do_user_addr_fault(mm, page_addr(PAGES), 0), 0);	/* the zero page stays */
		assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), PAGES);
		assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 0);
		for (unsigned long i = 0; i < PAGES; i++) {
			assert_int_equal(node_at(mm, i), 1);
			assert_true(pte_write(pte_at(mm, i)) && PageAnonExclusive(pte_page(pte_at(mm, i))));
			assert_int_equal(read_word(mm, i), 100 + i);
		}
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), PAGES);
		assert_at_rest(mm);
		assert_int_equal(sys_migrate_range(mm, page_addr(1), 2 * PAGE_SIZE, 0), 2);
		assert_true(node_at(mm, 0) == 1 && node_at(mm, 1) == 0 && node_at(mm, 2) == 0 && node_at(mm, 3) == 1);
		assert_int_equal(events_total(EV_MIGRATE) - moved, PAGES + 2);
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

static void arguments_that_are_refused(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);

	(void)state;
	assert_int_equal(sys_migrate_range(mm, AREA + 1, PAGE_SIZE, 0), -EINVAL);
	assert_int_equal(sys_migrate_range(mm, AREA, -PAGE_SIZE, 0), -EINVAL);
	assert_int_equal(sys_migrate_range(mm, AREA, PAGE_SIZE, 2), -EINVAL);
	assert_int_equal(sys_migrate_range(mm, 0, AREA, 1), 0);	/* nothing is mapped there */
	mm_exit(mm);
}

/* All entries follow, wherever they are, and none becomes writable. */
static void shared_pages_move_for_everybody(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 2), *child, *grandchild;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_mremap(child, AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
			 ELSEWHERE);
	assert_int_equal(sys_fork(child, &grandchild), 0);
	assert_int_equal(sys_migrate_range(grandchild, ELSEWHERE, PAGE_SIZE, 1), 1);
	assert_int_equal(node_at(mm, 0), 1);
	assert_int_equal(pte_pfn(pte_at(mm, 0)), pte_pfn(tree_pte(child, ELSEWHERE)));
	assert_int_equal(pte_pfn(pte_at(mm, 0)), pte_pfn(tree_pte(grandchild, ELSEWHERE)));
	assert_int_equal(folio_mapcount(folio_at(mm, 0)), 3);
	assert_false(pte_write(pte_at(mm, 0)) || PageAnonExclusive(pte_page(pte_at(mm, 0))));
	assert_at_rest(mm, child, grandchild);
	write_word(mm, 0, 7);
	mm_exit(grandchild);
	assert_int_equal(read_word(mm, 0), 7);
	assert_int_equal(*(uint64_t *)page_payload(pte_page(tree_pte(child, ELSEWHERE))), 100);
	mm_exit(child);
	mm_exit(mm);
}

/* Pinned, referenced, in a slot, or of no mm at all. */
static void pages_in_use_stay(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 3);
	struct folio *pinned = folio_at(mm, 0), *held = folio_at(mm, 1), *cached = folio_at(mm, 2), *unmapped;
	uint64_t left_mapped = events_total(EV_UNMAP_PINNED), kept = events_total(EV_MIGRATE_KEPT);
	unsigned long slot;

	(void)state;
	folio_ref_add(pinned, GUP_PIN_COUNTING_BIAS);
	folio_get(held);
	folio_lock(cached);
	slot = folio_alloc_swap(cached);
	folio_unlock(cached);
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 0);
	assert_true(folio_at(mm, 0) == pinned && folio_at(mm, 1) == held && folio_at(mm, 2) == cached);
	assert_true(pte_write(pte_at(mm, 0)) && pte_write(pte_at(mm, 1)) && PageAnonExclusive(&held->page));
	assert_int_equal(events_total(EV_UNMAP_PINNED) - left_mapped, 1);
	assert_true(events_total(EV_MIGRATE_KEPT) - kept == 3);
	folio_put_refs(pinned, GUP_PIN_COUNTING_BIAS);
	folio_put(held);
	swap_free(slot);
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 3);
	unmapped = folio_alloc(0, PAGE_ANON);
	folio_get(unmapped);
	assert_int_equal(migrate_folio(unmapped, 1), -EBUSY);
	folio_put(unmapped);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* A node without frames: none of another's is taken for it. */
static void a_node_that_is_full(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 1);
	struct page *page, *taken = NULL;

	(void)state;
	while ((page = alloc_pages_node(1, 0, PAGE_ANON | ALLOC_THISNODE))) {
		page->mapping = taken;
		taken = page;
	}
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 0);
	assert_int_equal(read_word(mm, 0), 100);
	for (; taken; taken = page) {
		page = taken->mapping;
		taken->mapping = NULL;
		put_page(taken);
	}
	assert_int_equal(sys_migrate_range(mm, AREA, LEN, 1), 1);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- pages one by one ---- */

static void pages_moved_and_asked_for_one_by_one(void **state)
{
	struct mm_struct *mm = mm_with_words("linux-6.15", 3), *child;
	const unsigned long addrs[] = { page_addr(0), page_addr(1) + 5, page_addr(2),
					page_addr(3), page_addr(4),	ELSEWHERE };
	const int nodes[] = { 1, 0, 1, 1, 1, 1 };
	const int there[] = { 1, 0, -EBUSY, -ENOENT, -EFAULT, -EFAULT };
	struct folio *held = folio_at(mm, 2);
	int status[ARRAY_SIZE(addrs)];

	(void)state;
	assert_int_equal(do_user_addr_fault(mm, page_addr(4), 0), 0);
	folio_get(held);
	assert_int_equal(sys_move_pages(mm, ARRAY_SIZE(addrs), addrs, nodes, status, MPOL_MF_MOVE), 1);
	assert_memory_equal(status, there, sizeof(there));
	folio_put(held);
	assert_int_equal(sys_move_pages(mm, ARRAY_SIZE(addrs), addrs, NULL, status, 0), 0);
	assert_true(status[0] == 1 && status[1] == 0 && status[2] == 0 && status[3] == -ENOENT && status[4] == -EFAULT);
	/* Shared ones only with MPOL_MF_MOVE_ALL. */
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_move_pages(mm, 1, &addrs[2], &nodes[2], status, MPOL_MF_MOVE), 0);
	assert_int_equal(status[0], -EACCES);
	assert_int_equal(sys_move_pages(mm, 1, &addrs[2], &nodes[2], status, MPOL_MF_MOVE_ALL), 0);
	assert_true(status[0] == 1 && node_at(mm, 2) == 1 && node_at(child, 2) == 1);
	assert_at_rest(mm, child);
	mm_exit(child);
	assert_int_equal(sys_move_pages(mm, 1, addrs, (int[]){ 2 }, status, MPOL_MF_MOVE), -ENODEV);
	assert_int_equal(sys_move_pages(mm, 1, addrs, (int[]){ -1 }, status, MPOL_MF_MOVE), -ENODEV);
	assert_int_equal(sys_move_pages(mm, 1, addrs, nodes, status, 8), -EINVAL);
	assert_int_equal(sys_move_pages(mm, 0, addrs, nodes, status, MPOL_MF_MOVE), 0);
	if (FAULTLINE_CHECK) {
		inject_alloc_failure(1);
		assert_int_equal(sys_move_pages(mm, 1, addrs, (int[]){ 0 }, status, MPOL_MF_MOVE), 1);
		inject_alloc_failure(0);
		assert_int_equal(status[0], -ENOMEM);
	}
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_range_moves_to_the_other_node_and_back, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(arguments_that_are_refused, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(shared_pages_move_for_everybody, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(pages_in_use_stay, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_node_that_is_full, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(pages_moved_and_asked_for_one_by_one, two_nodes_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
