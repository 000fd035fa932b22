/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pgalloc: tables allocated once, counted, placed right; memory that runs out; the search for the next PMD entry. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/host/arena.h"
#include "core/host/rcu.h"
#include "core/pgtable/pgalloc.h"
#include "core/phys/folio.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

/* Tables between the root and one page. */
#define PATH_TABLES	(FAULTLINE_LEVELS - 1)

static void a_new_tree_is_a_root(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15,spin=ticket");
	struct page *root = table_page(mm->pt.pgd);

	(void)state;
	assert_int_equal(page_type(root), PAGE_TABLE);
	assert_int_equal(root->level, LEVEL_PGD);
	assert_ptr_equal(page_address(root), mm->pt.pgd);
	assert_int_equal(mm->pt.page_table_lock.kind, SPIN_TICKET);
	assert_int_equal(root->ptl.kind, SPIN_TICKET);
	assert_true(tree_counters_right(mm));
	assert_int_equal(tree_count(mm).pte_tables + tree_count(mm).upper_tables, 0);
	mm_free(mm);
}

static void a_path_is_made_once(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	uint64_t allocs = events_total(EV_TABLE_ALLOC);
	pte_t *ptep = tree_make(mm, 5 * PAGE_SIZE);

	(void)state;
	assert_int_equal(events_total(EV_TABLE_ALLOC) - allocs, PATH_TABLES);
	assert_ptr_equal(tree_make(mm, 5 * PAGE_SIZE), ptep);
	assert_ptr_equal(tree_make(mm, 4 * PAGE_SIZE), ptep - 1);
	assert_int_equal(events_total(EV_TABLE_ALLOC) - allocs, PATH_TABLES);
	assert_int_equal(tree_count(mm).pte_tables, 1);
	assert_int_equal(tree_count(mm).upper_tables, PATH_TABLES - 1);
	assert_int_equal(tree_count(mm).none, PTRS_PER_PTE);
	assert_true(tree_counters_right(mm));
	tree_clear(mm);
	assert_true(tree_counters_right(mm));
	mm_free(mm);
}

static void check_page(enum pgtable_level level, unsigned long addr, void *arg)
{
	struct mm_struct *mm = arg;
	struct page *page = table_page(tree_entry(mm->pt.pgd, level, addr));

	assert_int_equal(page_type(page), PAGE_TABLE);
	assert_int_equal(page->level, level);
	assert_int_equal(page_ref_count(page), 1);
	assert_true(page->pt_mm == &mm->pt);
	assert_int_equal(page->ptl.kind, mm->pt.policy.spin);
	assert_int_equal(page->ptl.rank, level == LEVEL_PTE ? RANK_PTE_PTL : RANK_PMD_PTL);
	assert_false(spin_is_locked(&page->ptl));
}

static void every_table_knows_its_level_and_lock(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = world_mm(world_policies[p]);

		tree_make(mm, 0);
		tree_make(mm, PMD_SIZE);
		tree_make(mm, PGDIR_SIZE);
		tree_make(mm, TASK_SIZE - PAGE_SIZE);
		tree_tables(mm, check_page, mm);
		assert_true(tree_counters_right(mm));
		tree_clear(mm);
		mm_free(mm);
	}
}

#if FAULTLINE_CHECK
static void make_the_same(void *arg)
{
	tree_make(arg, 7 * PAGE_SIZE);
}

/* Another thread makes all of the path after this one has allocated its table number @nth, and before it links it. */
static void lose_race(const char *policy, unsigned int nth)
{
	struct mm_struct *mm = world_mm(policy);
	uint64_t lost = events_total(EV_PTE_TABLE_RACE), allocs = events_total(EV_TABLE_ALLOC);
	uint64_t frees = events_total(EV_TABLE_FREE);

	pte_t *ptep;

	meanwhile_at("pgalloc.populate", nth, make_the_same, mm);
	ptep = tree_make(mm, 7 * PAGE_SIZE);
	assert_ptr_equal(ptep, tree_entry(mm->pt.pgd, LEVEL_PTE, 7 * PAGE_SIZE));
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(events_total(EV_PTE_TABLE_RACE) - lost, 1);
	assert_int_equal(events_total(EV_TABLE_ALLOC) - allocs, PATH_TABLES + 1);
	assert_int_equal(events_total(EV_TABLE_FREE) - frees, 1);
	assert_int_equal(tree_count(mm).pte_tables + tree_count(mm).upper_tables, PATH_TABLES);
	assert_true(tree_counters_right(mm));
	tree_clear(mm);
	mm_free(mm);
}

static void of_two_tables_for_one_entry_the_first_stays(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++)
		for (unsigned int nth = 1; nth <= PATH_TABLES; nth++)
			lose_race(world_policies[p], nth);
}

static void an_mm_that_memory_does_not_suffice_for_leaves_nothing(void **state)
{
	struct mm_policy policy = world_policy("linux-6.15");
	struct mm_struct *mm = NULL;
	unsigned long frames;
	unsigned int nth = 0;
	size_t bytes;

	(void)state;
	rcu_barrier();
	bytes = arena_live_bytes();
	frames = machine_free_frames();
	while (!mm) {
		inject_alloc_failure(++nth);
		mm = mm_create(&policy);
		if (mm)
			break;
		assert_true(arena_live_bytes() == bytes);
		assert_int_equal(machine_free_frames(), frames);
	}
	inject_alloc_failure(0);
	assert_in_range(nth, 3, 10);	/* the mm and its counters at least; a table is asked for twice */
	mm_free(mm);
	assert_int_equal(machine_free_frames(), frames);
}
#endif

/* Memory for one table less than the path needs, two less, and so on: what was linked stays, and the tree is right. */
static void a_path_that_memory_does_not_suffice_for(void **state)
{
	(void)state;
	for (unsigned int have = 0; have < PATH_TABLES; have++) {
		struct mm_struct *mm = world_mm("linux-6.15");
		uint64_t waited = events_total(EV_ALLOC_RECLAIM);
		pmd_t *pmdp;

		world_take_frames(have << TABLE_ORDER);
		pmdp = pmd_alloc_path(&mm->pt, 0);
		if (have == PATH_TABLES - 1)
			assert_int_equal(pte_alloc(&mm->pt, pmdp), -ENOMEM);
		else
			assert_null(pmdp);
		assert_int_equal(events_total(EV_ALLOC_RECLAIM) - waited, 1);
		assert_int_equal(tree_count(mm).upper_tables, have);
		assert_true(tree_counters_right(mm));
		world_give_frames();
		tree_make(mm, 0);
		assert_true(tree_counters_right(mm));
		tree_clear(mm);
		mm_free(mm);
	}
}

static void no_root_no_mm(void **state)
{
	struct mm_policy policy = world_policy("linux-6.15");
	size_t bytes = arena_live_bytes();

	(void)state;
	world_take_frames(0);
	assert_null(mm_create(&policy));
	assert_true(arena_live_bytes() == bytes);
	world_give_frames();
}

/* All memory is in tables that wait for a grace period: the next table waits with them, and gets one. */
static void pending_frees_are_waited_for(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned long i = 0; i < 8; i++)
			tree_make(mm, i * PMD_SIZE);
		world_take_frames(0);
		tree_clear(mm);
		tree_make(mm, TASK_SIZE / 2);
		world_give_frames();
		tree_clear(mm);
	}
	mm_free(mm);
}

/* The next PMD entry whose upper tables exist, by trying every one. */
static pmd_t *naive_find_next(struct mm_struct *mm, unsigned long *addr, unsigned long end)
{
	unsigned long at = *addr;

	while (at < end) {
		pmd_t *pmdp =
			(pmd_t *)(void *)tree_entry(mm->pt.pgd, level_real(LEVEL_PMD) ? LEVEL_PMD : LEVEL_PGD, at);

		/* A folded PMD is the root's entry, which is always there: it counts when it is populated. */
		if (pmdp && (level_real(LEVEL_PMD) || !pmd_none(*pmdp))) {
			*addr = at;
			return pmdp;
		}
		at = ALIGN_DOWN(at, PMD_SIZE) + PMD_SIZE;
	}
	return NULL;
}

static void the_next_pmd_entry_is_the_one_that_trying_finds(void **state)
{
	const unsigned long span = level_real(LEVEL_PMD) ? 3 * PUD_SIZE : 64 * PMD_SIZE;
	unsigned int found = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, test_seed());
	for (unsigned int round = 0; round < test_rounds(100); round++) {
		struct mm_struct *mm = world_mm("linux-6.15");

		for (unsigned int i = 0; i < 3; i++)
			tree_make(mm, rng_below(&rng, span) & PAGE_MASK);
		for (unsigned int i = 0; i < 20; i++) {
			unsigned long start = rng_below(&rng, span) & PAGE_MASK,
				      end = rng_below(&rng, span) & PAGE_MASK;
			unsigned long got = start, want = start;
			pmd_t *pmdp = naive_find_next(mm, &want, end);

			assert_ptr_equal(pmd_find_next(&mm->pt, &got, end), pmdp);
			if (pmdp)
				assert_true(got == want);
			found += pmdp != NULL;
		}
		tree_clear(mm);
		mm_free(mm);
	}
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_tree_is_a_root),
		cmocka_unit_test(a_path_is_made_once),
		cmocka_unit_test(every_table_knows_its_level_and_lock),
#if FAULTLINE_CHECK
		cmocka_unit_test(of_two_tables_for_one_entry_the_first_stays),
		cmocka_unit_test(an_mm_that_memory_does_not_suffice_for_leaves_nothing),
#endif
		cmocka_unit_test(a_path_that_memory_does_not_suffice_for),
		cmocka_unit_test(no_root_no_mm),
		cmocka_unit_test(pending_frees_are_waited_for),
		cmocka_unit_test(the_next_pmd_entry_is_the_one_that_trying_finds),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
