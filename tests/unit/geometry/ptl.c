/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ptl: which lock guards which entries, and the way into a PTE table that may be unlinked, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "core/mm/mmap_lock.h"
#include "core/op/exit.h"
#include "core/op/fault.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/op/zap.h"
#include "core/pgtable/pgalloc.h"
#include "core/probe/knockout.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

/* Table reclaim is on in all of them, so that a table can vanish under mmap_lock for read. */
static const char *const granularities[] = {
	"linux-6.15,pte_ptl=mm,pmd_ptl=mm", "linux-6.15,pte_ptl=pmd,pmd_ptl=mm", "linux-6.15,pte_ptl=pte,pmd_ptl=mm",
	"linux-6.15,pte_ptl=mm,pmd_ptl=pmd", "linux-6.15,pte_ptl=pmd,pmd_ptl=pmd", "linux-6.15,pte_ptl=pte,pmd_ptl=pmd",
};

static pmd_t *pmd_of(struct mm_struct *mm, unsigned long addr)
{
	return pmd_alloc_path(&mm->pt, addr);
}

static spinlock_t *lock_of(struct mm_struct *mm, unsigned long addr)
{
	return pte_lockptr(&mm->pt, pmd_of(mm, addr), pmdp_get(pmd_of(mm, addr)));
}

/* Two PTE tables side by side, and one far away, whose PMD entry is in another table unless all are in the root. */
/* Row: L1. */
static void each_granularity_has_its_locks(void **state)
{
	const unsigned long far = PGDIR_SIZE * 5;

	(void)state;
	for (unsigned int g = 0; g < ARRAY_SIZE(granularities); g++) {
		struct mm_struct *mm = world_mm(granularities[g]);
		struct mm_policy *policy = &mm->pt.policy;
		bool one_pmd_table = !level_real(LEVEL_PMD);

		tree_make(mm, 0);
		tree_make(mm, PMD_SIZE);
		tree_make(mm, far);
		assert_int_equal(lock_of(mm, 0) == lock_of(mm, PMD_SIZE), policy->pte_ptl != PTL_PTE_TABLE);
		assert_int_equal(lock_of(mm, 0) == lock_of(mm, far),
				 policy->pte_ptl == PTL_MM || (policy->pte_ptl == PTL_PMD_TABLE && one_pmd_table));
		assert_int_equal(lock_of(mm, 0) == &mm->pt.page_table_lock, policy->pte_ptl == PTL_MM);
		assert_int_equal(lock_of(mm, 0) == &table_page(pmd_of(mm, 0))->ptl, policy->pte_ptl == PTL_PMD_TABLE);
		assert_int_equal(lock_of(mm, 0) == &table_page(tree_make(mm, 0))->ptl,
				 policy->pte_ptl == PTL_PTE_TABLE);
		assert_ptr_equal(pmd_lockptr(&mm->pt, pmd_of(mm, 0)), pmd_lockptr(&mm->pt, pmd_of(mm, PMD_SIZE)));
		assert_int_equal(pmd_lockptr(&mm->pt, pmd_of(mm, 0)) == pmd_lockptr(&mm->pt, pmd_of(mm, far)),
				 policy->pmd_ptl == PTL_MM || one_pmd_table);
		assert_int_equal(pmd_lockptr(&mm->pt, pmd_of(mm, 0)) == &mm->pt.page_table_lock,
				 policy->pmd_ptl == PTL_MM);
		tree_clear(mm);
		mm_free(mm);
	}
}

static void the_lock_is_held_from_map_to_unmap(void **state)
{
	(void)state;
	for (unsigned int g = 0; g < ARRAY_SIZE(granularities); g++) {
		struct mm_struct *mm = world_mm(granularities[g]);
		pte_t *want = tree_make(mm, 3 * PAGE_SIZE);
		spinlock_t *ptl = NULL, *pml;

		assert_ptr_equal(pte_offset_map_lock(&mm->pt, pmd_of(mm, 0), 3 * PAGE_SIZE, &ptl), want);
		assert_ptr_equal(ptl, lock_of(mm, 0));
		assert_true(spin_is_locked(ptl));
		pte_unmap_unlock(&mm->pt, ptl);
		assert_false(spin_is_locked(ptl));
		pml = pmd_lock(&mm->pt, pmd_of(mm, 0));
		assert_ptr_equal(pml, pmd_lockptr(&mm->pt, pmd_of(mm, 0)));
		assert_true(spin_is_locked(pml));
		spin_unlock(pml);
		tree_clear(mm);
		mm_free(mm);
	}
}

/* Row: L1. With one lock per PMD table the entry does not name its lock, and nothing is said. */
static void an_entry_is_changed_under_its_own_lock_alone(void **state)
{
	const unsigned long far = PGDIR_SIZE * 5;

	(void)state;
	for (unsigned int g = 0; g < ARRAY_SIZE(granularities); g++) {
		struct mm_struct *mm = world_mm(granularities[g]);
		bool named = mm->pt.policy.pte_ptl != PTL_PMD_TABLE;
		pte_t *ptep = tree_make(mm, 0), *other = tree_make(mm, far), pte = pfn_pte(9, ENTRY_PRESENT);
		spinlock_t *ptl;

		assert_ptr_equal(pte_offset_map_lock(&mm->pt, pmd_of(mm, 0), 0, &ptl), ptep);
		set_pte(ptep, pte);
		assert_true(pte_same(ptep_get_and_clear(ptep), pte));
		if (lock_of(mm, far) != ptl && named)
			assert_dies("without its lock", set_pte(other, pte));
		pte_unmap_unlock(&mm->pt, ptl);
		if (named) {
			assert_dies("without its lock", set_pte(ptep, pte));
			assert_dies("without its lock", ptep_get_and_clear(ptep));
			assert_dies("without its lock", ptep_set_wrprotect(ptep));
		}
		assert_dies("without its lock", set_pmd_at(pmd_of(mm, 0), __pmd(0)));
		assert_true(pte_none(ptep_get(ptep)) && pmd_present(pmdp_get(pmd_of(mm, 0))));
		tree_clear(mm);
		mm_free(mm);
	}
}

static void no_table_no_lock(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	pmd_t *pmdp = pmd_of(mm, 0), pmd, table;
	spinlock_t *ptl = NULL;

	(void)state;
	assert_null(pte_offset_map_lock(&mm->pt, pmdp, 0, &ptl));
	assert_null(pte_offset_map(&mm->pt, pmdp, 0, &pmd));
	assert_true(pmd_none(pmd));
	tree_make(mm, 0);
	table = pmdp_get(pmdp);
	store_release(&pmdp->val, table.val | ENTRY_HUGE);	/* a leaf leads to no table */
	assert_null(pte_offset_map_lock(&mm->pt, pmdp, 0, &ptl));
	assert_null(pte_offset_map(&mm->pt, pmdp, 0, &pmd));
	store_release(&pmdp->val, table.val & ~ENTRY_PRESENT);	/* neither none nor present */
	assert_null(pte_offset_map_lock(&mm->pt, pmdp, 0, &ptl));
	assert_null(ptl);
	store_release(&pmdp->val, table.val);
	assert_non_null(pte_offset_map(&mm->pt, pmdp, 0, &pmd));
	assert_true(pmd_same(pmd, table));
	pte_unmap(&mm->pt);
	tree_clear(mm);
	mm_free(mm);
}

#if FAULTLINE_CHECK
#define AREA	(4 * PGDIR_SIZE)

static struct mm_struct *mm_with_page(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	BUG_ON(sys_mmap(mm, AREA, PMD_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) < 0);
	BUG_ON(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE));
	return mm;
}

static void drop(void *arg)
{
	BUG_ON(sys_madvise(arg, AREA, PMD_SIZE, MADV_DONTNEED));
}

static void drop_and_fault(void *arg)
{
	drop(arg);
	BUG_ON(do_user_addr_fault(arg, AREA, FAULT_FLAG_WRITE));
}

/* (A1) reads the PMD entry (B1) unlinks the table (A2) locks what it read, sees the entry changed, and unlocks. */
static void vanish_before_lock(const char *policy, void (*fn)(void *arg))
{
	struct mm_struct *mm = mm_with_page(policy);
	uint64_t retries = events_total(EV_PTE_MAP_RETRY), reclaimed = events_total(EV_PTE_TABLE_RECLAIM);
	spinlock_t *ptl = NULL;
	pte_t *ptep;

	meanwhile("ptl.map.read_pmd", fn, mm);
	ptep = pte_offset_map_lock(&mm->pt, pmd_of(mm, AREA), AREA, &ptl);
	assert_int_equal(meanwhile_ran(), 1);
	assert_null(ptep);
	assert_int_equal(events_total(EV_PTE_MAP_RETRY) - retries, 1);
	assert_int_equal(events_total(EV_PTE_TABLE_RECLAIM) - reclaimed, 1);
	assert_int_equal(lockrank_held_count(), 0);
	assert_false(spin_is_locked(&mm->pt.page_table_lock));
	assert_true(tree_counters_right(mm));
	ptep = pte_offset_map_lock(&mm->pt, pmd_of(mm, AREA), AREA, &ptl);
	assert_int_equal(ptep != NULL, fn == drop_and_fault);
	if (ptep)
		pte_unmap_unlock(&mm->pt, ptl);
	mm_exit(mm);
}

/* Row: L1. */
static void a_table_that_vanishes_is_noticed_under_its_lock(void **state)
{
	(void)state;
	for (unsigned int g = 0; g < ARRAY_SIZE(granularities); g++) {
		vanish_before_lock(granularities[g], drop);
		vanish_before_lock(granularities[g], drop_and_fault);
	}
}

/* Without the re-check it is not: the check of the check. */
/* Row: L1. */
static void without_the_recheck_it_is_not(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15");
	spinlock_t *ptl = NULL;
	pte_t *ptep;

	(void)state;
	assert_int_equal(knockout_enable("pte-map:recheck"), 0);
	meanwhile("ptl.map.read_pmd", drop, mm);
	ptep = pte_offset_map_lock(&mm->pt, pmd_of(mm, AREA), AREA, &ptl);
	knockout_clear();
	assert_int_equal(meanwhile_ran(), 1);
	assert_non_null(ptep);
	assert_true(pmd_none(pmdp_get(pmd_of(mm, AREA))));
	pte_unmap_unlock(&mm->pt, ptl);
	mm_exit(mm);
}

/* A table that is unlinked while a reader is in it stays a table until the reader's section ends, and is then freed. */
/* Row: L2. */
static void rcu_keeps_a_table_for_its_readers(void **state)
{
	const struct timespec long_enough = { 0, 20000000 };	/* for a grace period, if one could end */
	struct mm_struct *mm = mm_with_page("linux-6.15");
	struct page *table;
	pmd_t pmd;

	(void)state;
	meanwhile("ptl.map.read_pmd", drop, mm);
	assert_non_null(pte_offset_map(&mm->pt, pmd_of(mm, AREA), AREA, &pmd));
	assert_int_equal(meanwhile_ran(), 1);
	table = pmd_table_page(pmd);
	assert_true(pmd_none(pmdp_get(pmd_of(mm, AREA))));
	nanosleep(&long_enough, NULL);
	assert_int_equal(page_type(table), PAGE_TABLE);
	assert_true(pte_none(ptep_get(pte_offset(pmd, AREA))));
	pte_unmap(&mm->pt);
	rcu_barrier();
	assert_int_not_equal(page_type(table), PAGE_TABLE);
	mm_exit(mm);
}

struct shooting {
	struct mm_struct *mm;
	unsigned int step;	/* 1: the table is unlinked and freed */
};

static void drop_and_tell(void *arg, unsigned int index)
{
	struct shooting *shooting = arg;

	(void)index;
	drop(shooting->mm);
	step_reach(&shooting->step, 1);
}

/* Freeing a table by shootdown waits while a walker is inside, and no longer. */
static void a_shootdown_waits_for_the_walker(void **state)
{
	struct shooting shooting = { .mm = mm_with_page("linux-6.15,tables=shootdown") };
	struct mm_struct *mm = shooting.mm;
	struct test_threads *freer;
	struct page *table;
	pmd_t pmd;

	(void)state;
	assert_non_null(pte_offset_map(&mm->pt, pmd_of(mm, AREA), AREA, &pmd));
	table = pmd_table_page(pmd);
	freer = threads_start(1, drop_and_tell, &shooting);
	assert_false(step_within(&shooting.step, 1, 50));
	assert_int_equal(page_type(table), PAGE_TABLE);
	pte_unmap(&mm->pt);
	step_await(&shooting.step, 1);
	threads_join(freer);
	assert_true(pmd_none(pmdp_get(pmd_of(mm, AREA))));
	assert_int_not_equal(page_type(table), PAGE_TABLE);
	mm_exit(mm);
}

static void a_table_that_is_none_is_noticed(void **state)
{
	struct mm_struct *mm = mm_with_page("linux-6.15");
	pmd_t *pmdp = pmd_of(mm, AREA);
	spinlock_t *ptl;

	(void)state;
	page_set_type(pmd_table_page(pmdp_get(pmdp)), PAGE_ANON);
	assert_dies("entry_points_to_table", pte_offset_map_lock(&mm->pt, pmdp, AREA, &ptl));
	rcu_read_unlock();
	page_set_type(pmd_table_page(pmdp_get(pmdp)), PAGE_TABLE);
	mm_exit(mm);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_granularity_has_its_locks),
		cmocka_unit_test(the_lock_is_held_from_map_to_unmap),
		cmocka_unit_test(an_entry_is_changed_under_its_own_lock_alone),
		cmocka_unit_test(no_table_no_lock),
#if FAULTLINE_CHECK
		cmocka_unit_test(a_table_that_vanishes_is_noticed_under_its_lock),
		cmocka_unit_test(without_the_recheck_it_is_not),
		cmocka_unit_test(rcu_keeps_a_table_for_its_readers),
		cmocka_unit_test(a_shootdown_waits_for_the_walker),
		cmocka_unit_test(a_table_that_is_none_is_noticed),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
