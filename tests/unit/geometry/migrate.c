/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate: pages moved between nodes, shared, in use, out of memory; what others do to an entry while its page is on the way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/op/mincore.h"
#include "core/op/move_pages.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/dies.h"
#include "tests/lib/meanwhile.h"
#include "tests/lib/swap_scene.h"
#include "tests/lib/threads.h"

#define PAGES	4ul
#define ELSEWHERE	(AREA + 16 * PMD_SIZE)

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

static int up(void **state)
{
	(void)state;
	BUG_ON(faultline_start(&(struct machine_config){ 2, 4096, 64 }));
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	return swap_on(SLOTS);
}

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

		assert_int_equal(do_user_addr_fault(mm, page_addr(PAGES), 0), 0);	/* the page of zeroes stays */
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
	assert_int_equal(sys_mremap(child, AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE), ELSEWHERE);
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
	const unsigned long addrs[] = { page_addr(0), page_addr(1) + 5, page_addr(2), page_addr(3), page_addr(4), ELSEWHERE };
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
	/* Shared ones only for who may move everybody's. */
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

/* ---- while the page is on the way ---- */

/* What another thread did to the entry of page 0, and what it was then. */
struct visit {
	struct mm_struct *mm, *child;
	pte_t found, left;
	unsigned char in_core;
	long got;
	struct test_threads *waiter;
};

static void begin_visit(struct visit *visit)
{
	visit->found = pte_at(visit->mm, 0);
	BUG_ON(!pte_is_migration(visit->found) || swapent_type(visit->found) != SWAPENT_MIGRATION_WRITE);
}

/* One page, moved, and visited on the way. Returns what moved. */
static long move_and_visit(struct visit *visit, void (*fn)(void *visit))
{
	long moved;

	visit->mm = mm_with_words("linux-6.15", 1);
	meanwhile("migrate.unmapped", fn, visit);
	moved = sys_migrate_range(visit->mm, AREA, PAGE_SIZE, 1);
	assert_int_equal(meanwhile_ran(), 1);
	return moved;
}

static void look(void *arg)
{
	struct visit *visit = arg;
	struct vm_area_struct *vma;
	struct folio_walk fw;
	struct folio *folio;
	struct page *page;

	begin_visit(visit);
	BUG_ON(sys_mincore(visit->mm, AREA, PAGE_SIZE, &visit->in_core));
	visit->got = get_user_pages_fast(visit->mm, AREA, 1, FOLL_FAST_ONLY, &page);
	mmap_read_lock(visit->mm);
	vma = vma_lookup(visit->mm, AREA);
	BUG_ON(folio_walk_start(&fw, vma, AREA, 0));
	folio = folio_walk_start(&fw, vma, AREA, FW_MIGRATION);
	BUG_ON(!folio || folio_pfn(folio) != swapent_payload(visit->found) || !folio_test_locked(folio));
	folio_walk_end(&fw, vma);
	mmap_read_unlock(visit->mm);
	BUG_ON(mm_counter_sum(&visit->mm->pt, MM_ANONPAGES) != 1);
}

/* Row: G2. */
static void on_the_way_it_is_in_memory_and_nobody_gets_it(void **state)
{
	struct visit visit;

	(void)state;
	needs_checks();
	assert_int_equal(move_and_visit(&visit, look), 1);
	assert_int_equal(visit.in_core, 1);
	assert_int_equal(visit.got, 0);
	assert_at_rest(visit.mm);
	mm_exit(visit.mm);
}

static void fork_it(void *arg)
{
	struct visit *visit = arg;

	begin_visit(visit);
	BUG_ON(sys_fork(visit->mm, &visit->child));
	visit->left = pte_at(visit->mm, 0);
	BUG_ON(!pte_same(visit->left, pte_at(visit->child, 0)) || swapent_type(visit->left) != SWAPENT_MIGRATION_READ);
	BUG_ON(mm_counter_sum(&visit->child->pt, MM_ANONPAGES) != 1);
}

/* Row: L8. */
static void a_fork_on_the_way_shares_it(void **state)
{
	struct visit visit;

	(void)state;
	needs_checks();
	assert_int_equal(move_and_visit(&visit, fork_it), 1);
	assert_ptr_equal(folio_at(visit.mm, 0), folio_at(visit.child, 0));
	assert_int_equal(node_at(visit.mm, 0), 1);
	assert_false(pte_write(pte_at(visit.mm, 0)) || PageAnonExclusive(pte_page(pte_at(visit.mm, 0))));
	assert_at_rest(visit.mm, visit.child);
	write_word(visit.child, 0, 9);
	assert_int_equal(read_word(visit.mm, 0), 100);
	assert_at_rest(visit.mm, visit.child);
	mm_exit(visit.child);
	mm_exit(visit.mm);
}

static void protect_it(void *arg)
{
	struct visit *visit = arg;

	begin_visit(visit);
	BUG_ON(sys_mprotect(visit->mm, AREA, PAGE_SIZE, PROT_READ));
	visit->left = pte_at(visit->mm, 0);
}

static void a_protected_one_comes_back_as_the_vma_allows(void **state)
{
	struct visit visit;
	struct folio *folio;

	(void)state;
	needs_checks();
	assert_int_equal(move_and_visit(&visit, protect_it), 1);
	assert_int_equal(swapent_type(visit.left), SWAPENT_MIGRATION_READ_EXCLUSIVE);
	assert_true(!pte_write(pte_at(visit.mm, 0)) && PageAnonExclusive(pte_page(pte_at(visit.mm, 0))));
	assert_at_rest(visit.mm);
	folio = folio_at(visit.mm, 0);
	assert_int_equal(sys_mprotect(visit.mm, AREA, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	write_word(visit.mm, 0, 8);
	assert_ptr_equal(folio_at(visit.mm, 0), folio);
	mm_exit(visit.mm);
}

static void move_mapping(void *arg)
{
	struct visit *visit = arg;

	begin_visit(visit);
	BUG_ON(sys_mremap(visit->mm, AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE) != (long)ELSEWHERE);
	BUG_ON(!pte_same(tree_pte(visit->mm, ELSEWHERE), visit->found));
}

static void a_mapping_that_moves_is_found_again(void **state)
{
	struct visit visit;

	(void)state;
	needs_checks();
	assert_int_equal(move_and_visit(&visit, move_mapping), 1);
	assert_true(pte_write(tree_pte(visit.mm, ELSEWHERE)));
	assert_int_equal(page_to_nid(pte_page(tree_pte(visit.mm, ELSEWHERE))), 1);
	assert_int_equal(*(uint64_t *)page_payload(pte_page(tree_pte(visit.mm, ELSEWHERE))), 100);
	assert_at_rest(visit.mm);
	mm_exit(visit.mm);
}

static void drop_it(void *arg)
{
	struct visit *visit = arg;

	begin_visit(visit);
	BUG_ON(sys_madvise(visit->mm, AREA, PAGE_SIZE, MADV_DONTNEED));
	BUG_ON(mm_counter_sum(&visit->mm->pt, MM_ANONPAGES));
}

static void unmap_it(void *arg)
{
	struct visit *visit = arg;

	begin_visit(visit);
	BUG_ON(sys_munmap(visit->mm, AREA, LEN));
}

/* Nobody has it any more when it arrives: the new frame is given back. */
static void what_is_dropped_on_the_way_is_gone(void **state)
{
	struct visit visit;

	(void)state;
	needs_checks();
	for (unsigned int unmap = 0; unmap < 2; unmap++) {
		move_and_visit(&visit, unmap ? unmap_it : drop_it);
		assert_int_equal(mm_counter_sum(&visit.mm->pt, MM_ANONPAGES), 0);
		assert_at_rest(visit.mm);
		mm_exit(visit.mm);
	}
}

static struct folio *held;

/* Found by its frame, as who looks through physical memory does. */
static void take_a_reference(void *arg)
{
	struct visit *visit = arg;

	begin_visit(visit);
	held = page_folio(pfn_to_page(swapent_payload(visit->found)));
	folio_get(held);
}

static void who_gets_it_on_the_way_keeps_it_where_it_is(void **state)
{
	struct visit visit;

	(void)state;
	needs_checks();
	assert_int_equal(move_and_visit(&visit, take_a_reference), 0);
	assert_ptr_equal(folio_at(visit.mm, 0), held);
	assert_true(pte_write(pte_at(visit.mm, 0)) && PageAnonExclusive(&held->page));
	folio_put(held);
	assert_at_rest(visit.mm);
	mm_exit(visit.mm);
}

static void touch_it(void *arg, unsigned int index)
{
	struct visit *visit = arg;

	(void)index;
	BUG_ON(do_user_addr_fault(visit->mm, AREA, FAULT_FLAG_WRITE));
}

/* It stays until the fault waits. */
static void begin_a_fault(void *arg)
{
	struct visit *visit = arg;
	uint64_t waits = events_total(EV_MIGRATE_WAIT);

	begin_visit(visit);
	visit->waiter = threads_start(1, touch_it, visit);
	while (events_total(EV_MIGRATE_WAIT) == waits)
		cpu_relax();
	BUG_ON(!pte_is_migration(pte_at(visit->mm, 0)));
}

/* Row: L7. */
static void a_fault_waits_for_the_end(void **state)
{
	struct visit visit;

	(void)state;
	needs_checks();
	assert_int_equal(move_and_visit(&visit, begin_a_fault), 1);
	threads_join(visit.waiter);
	assert_true(pte_write(pte_at(visit.mm, 0)) && node_at(visit.mm, 0) == 1);
	assert_int_equal(read_word(visit.mm, 0), 100);
	assert_at_rest(visit.mm);
	mm_exit(visit.mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_range_moves_to_the_other_node_and_back, up, world_down),
		cmocka_unit_test_setup_teardown(arguments_that_are_refused, up, world_down),
		cmocka_unit_test_setup_teardown(shared_pages_move_for_everybody, up, world_down),
		cmocka_unit_test_setup_teardown(pages_in_use_stay, up, world_down),
		cmocka_unit_test_setup_teardown(a_node_that_is_full, up, world_down),
		cmocka_unit_test_setup_teardown(pages_moved_and_asked_for_one_by_one, up, world_down),
		cmocka_unit_test_setup_teardown(on_the_way_it_is_in_memory_and_nobody_gets_it, up, world_down),
		cmocka_unit_test_setup_teardown(a_fork_on_the_way_shares_it, up, world_down),
		cmocka_unit_test_setup_teardown(a_protected_one_comes_back_as_the_vma_allows, up, world_down),
		cmocka_unit_test_setup_teardown(a_mapping_that_moves_is_found_again, up, world_down),
		cmocka_unit_test_setup_teardown(what_is_dropped_on_the_way_is_gone, up, world_down),
		cmocka_unit_test_setup_teardown(who_gets_it_on_the_way_keeps_it_where_it_is, up, world_down),
		cmocka_unit_test_setup_teardown(a_fault_waits_for_the_end, up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
