/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate: other operations on an entry whose page is under migration. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/op/gup.h"
#include "core/op/migrate.h"
#include "core/op/mincore.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

#define WAITERS	3u	/* of one page: the first to wake wakes the next, and that one the last */
#define ELSEWHERE	(AREA + 16 * PMD_SIZE)

static int node_at(struct mm_struct *mm, unsigned long i)
{
	return (int)page_to_nid(&folio_at(mm, i)->page);
}

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

/* One page, migrated, and visited meanwhile. Returns the number moved. */
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
static void half_way_it_is_in_memory_and_out_of_reach(void **state)
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
static void a_fork_during_migration_shares_it(void **state)
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
	BUG_ON(sys_mremap(visit->mm, AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE) !=
	       (long)ELSEWHERE);
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

/* The page is unmapped before the migration ends: the new frame is freed. */
static void a_page_dropped_during_migration_is_gone(void **state)
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

/* Found by its frame, as a scan of physical memory does. */
static void take_a_reference(void *arg)
{
	struct visit *visit = arg;

	begin_visit(visit);
	held = page_folio(pfn_to_page(swapent_payload(visit->found)));
	folio_get(held);
}

static void a_reference_in_migration_keeps_it_in_place(void **state)
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

/*
 * They count before they sleep. It stays until all are about to: one wake-up has to be passed on from one to the next.
 */
static void begin_faults(void *arg)
{
	struct visit *visit = arg;
	uint64_t waits = events_total(EV_MIGRATE_WAIT);

	begin_visit(visit);
	visit->waiter = threads_start(WAITERS, touch_it, visit);
	while (events_total(EV_MIGRATE_WAIT) < waits + WAITERS)
		cpu_relax();
	BUG_ON(!pte_is_migration(pte_at(visit->mm, 0)));
}

/* Row: L7. */
static void faults_wait_for_the_end(void **state)
{
	struct visit visit;

	(void)state;
	needs_checks();
	assert_int_equal(move_and_visit(&visit, begin_faults), 1);
	threads_join(visit.waiter);
	assert_true(pte_write(pte_at(visit.mm, 0)) && node_at(visit.mm, 0) == 1);
	assert_int_equal(read_word(visit.mm, 0), 100);
	assert_at_rest(visit.mm);
	mm_exit(visit.mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(half_way_it_is_in_memory_and_out_of_reach, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_fork_during_migration_shares_it, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_protected_one_comes_back_as_the_vma_allows, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_mapping_that_moves_is_found_again, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_page_dropped_during_migration_is_gone, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(a_reference_in_migration_keeps_it_in_place, two_nodes_up, world_down),
		cmocka_unit_test_setup_teardown(faults_wait_for_the_end, two_nodes_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
