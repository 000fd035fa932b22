/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk: installing entries: where, by which caller, and the state after a failure. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/pagewalk.h"
#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/mmap.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/probe/syncpoint.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

/* Pages on either side of the highest boundary there is: every level has to be allocated, twice. */
#define HALF	(3 * PAGE_SIZE)
#define START	(2 * PGDIR_SIZE - HALF)
#define END	(2 * PGDIR_SIZE + HALF)
#define PATH_TABLES	(FAULTLINE_LEVELS - 1)

/* What the callbacks count, and when they stop. */
struct tally {
	unsigned int installs, entries, fail_at;
	int fail_with;
};

static int install(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	struct tally *tally = walk->private;

	assert_true(next == addr + PAGE_SIZE);
	if (++tally->installs == tally->fail_at)
		return tally->fail_with;
	*ptep = make_swapent(SWAPENT_GUARD, 0);
	return 0;
}

static int entry(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct tally *tally = walk->private;

	assert_true(next == addr + PAGE_SIZE);
	assert_false(pte_none(ptep_get(ptep)));
	tally->entries++;
	return 0;
}

static const struct mm_walk_ops install_only = { .install_pte = install };
static const struct mm_walk_ops install_and_look = { .install_pte = install, .pte_entry = entry };

static struct mm_struct *mm_with_vma(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	assert_true(sys_mmap(mm, START, END - START, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) ==
		    (long)START);
	return mm;
}

static int walk_all(struct mm_struct *mm, const struct mm_walk_ops *ops, struct tally *tally)
{
	int ret;

	mmap_read_lock(mm);
	ret = walk_page_range_mm(mm, START, END, ops, tally);
	mmap_read_unlock(mm);
	return ret;
}

static unsigned int markers(struct mm_struct *mm)
{
	return (unsigned int)tree_count(mm).guard;
}

/* Row: W7. */
static void every_slot_is_filled_once(void **state)
{
	struct mm_struct *mm = mm_with_vma();
	struct tally tally = { 0 };

	(void)state;
	assert_int_equal(walk_all(mm, &install_and_look, &tally), 0);
	assert_int_equal(tally.installs, (END - START) / PAGE_SIZE);
	assert_int_equal(tally.entries, 0);
	assert_int_equal(markers(mm), tally.installs);
	assert_int_equal(tree_count(mm).pte_tables + tree_count(mm).upper_tables, 2 * PATH_TABLES);
	assert_int_equal(walk_all(mm, &install_and_look, &tally), 0);
	assert_int_equal(tally.installs, (END - START) / PAGE_SIZE);
	assert_int_equal(tally.entries, (END - START) / PAGE_SIZE);
	assert_true(tree_counters_right(mm));
	mm_exit(mm);
}

/* Without callbacks for present entries none is called. */
/* Row: W7. */
static void what_is_there_stays(void **state)
{
	struct mm_struct *mm = mm_with_vma();
	struct tally tally = { 0 };
	pte_t pte;

	(void)state;
	tree_put_page(mm, START + PAGE_SIZE, false);
	pte = tree_pte(mm, START + PAGE_SIZE);
	assert_int_equal(walk_all(mm, &install_only, &tally), 0);
	assert_int_equal(tally.installs, (END - START) / PAGE_SIZE - 1);
	assert_true(pte_same(tree_pte(mm, START + PAGE_SIZE), pte));
	tree_clear(mm);
	mm_exit(mm);
}

static void a_callback_stops_it(int with)
{
	for (unsigned int at = 1; at <= (END - START) / PAGE_SIZE; at++) {
		struct mm_struct *mm = mm_with_vma();
		struct tally tally = { .fail_at = at, .fail_with = with };

		assert_int_equal(walk_all(mm, &install_only, &tally), with);
		assert_int_equal(tally.installs, at);
		assert_int_equal(markers(mm), at - 1);
		assert_true(pte_none(tree_pte(mm, START + (at - 1) * PAGE_SIZE)));
		assert_true(tree_counters_right(mm));
		mm_exit(mm);
	}
}

/* Row: W6. */
static void a_stop_or_an_error_installs_no_more(void **state)
{
	(void)state;
	a_callback_stops_it(5);
	a_callback_stops_it(-EBUSY);
}

/* Memory for 0, 1, 2 … tables: those are linked, what could be installed is, and the walk can be done again. */
/* Row: W7. */
static void memory_runs_out_at_every_table(void **state)
{
	(void)state;
	for (unsigned int have = 0; have < 2 * PATH_TABLES; have++) {
		struct mm_struct *mm = mm_with_vma();
		struct tally tally = { 0 };

		world_take_frames(have << TABLE_ORDER);
		assert_int_equal(walk_all(mm, &install_only, &tally), -ENOMEM);
		assert_int_equal(tally.installs, have < PATH_TABLES ? 0 : HALF / PAGE_SIZE);
		assert_int_equal(markers(mm), tally.installs);
		assert_int_equal(tree_count(mm).pte_tables + tree_count(mm).upper_tables, have);
		assert_true(tree_counters_right(mm));
		world_give_frames();
		assert_int_equal(walk_all(mm, &install_only, &tally), 0);
		assert_int_equal(tally.installs, (END - START) / PAGE_SIZE);
		assert_int_equal(markers(mm), tally.installs);
		assert_true(tree_counters_right(mm));
		mm_exit(mm);
	}
}

#if FAULTLINE_CHECK
/* One allocation that fails is not the end: pending frees are waited for, and it is tried again. */
static void one_failure_is_survived(void **state)
{
	for (unsigned int nth = 1; nth <= 2 * PATH_TABLES; nth++) {
		struct mm_struct *mm = mm_with_vma();
		uint64_t waited = events_total(EV_ALLOC_RECLAIM);
		struct tally tally = { 0 };

		inject_alloc_failure(nth);
		assert_int_equal(walk_all(mm, &install_only, &tally), 0);
		inject_alloc_failure(0);
		assert_int_equal(events_total(EV_ALLOC_RECLAIM) - waited, 1);
		assert_int_equal(markers(mm), (END - START) / PAGE_SIZE);
		mm_exit(mm);
	}
	(void)state;
}
#endif

/* Outside a VMA nothing is installed. */
static void gaps_stay_empty(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	struct tally tally = { 0 };

	(void)state;
	assert_int_equal(walk_all(mm, &install_only, &tally), 0);
	assert_int_equal(tally.installs, 0);
	assert_int_equal(tree_count(mm).pte_tables + tree_count(mm).upper_tables, 0);
	mm_exit(mm);
}

/* Row: W8. */
static void walks_open_to_everybody_refuse(void **state)
{
	struct mm_struct *mm = mm_with_vma();
	struct tally tally = { 0 };
	struct vm_area_struct *vma;

	(void)state;
	mmap_write_lock(mm);
	vma = find_vma(mm, START);
	assert_int_equal(walk_page_range(mm, START, END, &install_only, &tally), -EINVAL);
	assert_int_equal(walk_page_range_novma(mm, START, END, &install_only, NULL, &tally), -EINVAL);
	assert_int_equal(walk_page_range_vma(vma, START, END, &install_only, &tally), -EINVAL);
	assert_int_equal(walk_page_vma(vma, &install_only, &tally), -EINVAL);
	mmap_write_unlock(mm);
	assert_int_equal(tally.installs, 0);
	assert_int_equal(tree_count(mm).pte_tables, 0);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_slot_is_filled_once),
		cmocka_unit_test(what_is_there_stays),
		cmocka_unit_test(a_stop_or_an_error_installs_no_more),
		cmocka_unit_test(memory_runs_out_at_every_table),
#if FAULTLINE_CHECK
		cmocka_unit_test(one_failure_is_survived),
#endif
		cmocka_unit_test(gaps_stay_empty),
		cmocka_unit_test(walks_open_to_everybody_refuse),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
