/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap, step by step: out of memory half way, and concurrent operations in the middle of a move. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/vma.h"
#include "core/op/exit.h"
#include "core/op/move_page_tables.h"
#include "core/op/mremap.h"
#include "tests/lib/harness/chance.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(3 * PGDIR_SIZE)
#define FAR	(40 * PGDIR_SIZE)
#define FROM	(AREA + PMD_SIZE - PAGE_SIZE)
#define TO	(FAR + PMD_SIZE - PAGE_SIZE)
#define LEN	(2 * PMD_SIZE + 2 * PAGE_SIZE)
#define MOVE_TO	(MREMAP_MAYMOVE | MREMAP_FIXED)

/* Pages in the part of a table before, in two whole tables, and in the part after. */
static const unsigned long places[] = { 0, PAGE_SIZE, 2 * PAGE_SIZE, PMD_SIZE + PAGE_SIZE, LEN - PAGE_SIZE };

/* A VMA that is longer on both ends than what is moved. */
static struct mm_struct *mm_with_area(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	map_at(mm, FROM - PAGE_SIZE, LEN + 2 * PAGE_SIZE, READ_WRITE);
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		write_at(mm, FROM + places[i]);
	return mm;
}

static bool is_as_it_was(struct mm_struct *mm, const uint64_t *was)
{
	struct vm_area_struct *vma = vma_tree_find(&mm->tree, 0);

	if (mm->map_count != 1 || vma->vm_start != FROM - PAGE_SIZE || vma->vm_end != FROM + LEN + PAGE_SIZE)
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
		if (tree_pte(mm, FROM + places[i]).val != was[i])
			return false;
	return tree_counters_right(mm) && tree_count(mm).anon == ARRAY_SIZE(places);
}

/* Frames for no table, for one, for two and so on: what was moved already goes back. */
static void tables_run_out(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = mm_with_area(world_policies[p]);
		struct tree_counts before = tree_count(mm), after;
		uint64_t was[ARRAY_SIZE(places)], back = events_total(EV_MREMAP_BACK),
						  whole = events_total(EV_PMD_MOVE);
		unsigned long have = 0;
		long ret;

		for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
			was[i] = tree_pte(mm, FROM + places[i]).val;
		for (;; have++) {
			world_take_frames(have << TABLE_ORDER);
			ret = sys_mremap(mm, FROM, LEN, LEN, MOVE_TO, TO);
			world_give_frames();
			if (ret != -ENOMEM)
				break;
			assert_true(is_as_it_was(mm, was));
			after = tree_count(mm);
			assert_memory_equal(&before, &after, sizeof(before));
			ret = sys_mremap(mm, FROM, LEN, LEN + PAGE_SIZE, MREMAP_MAYMOVE, 0);
			assert_true(ret > 0);
			assert_true(sys_mremap(mm, (unsigned long)ret, LEN + PAGE_SIZE, LEN, MOVE_TO, FROM) ==
				    (long)FROM);
			for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
				was[i] = tree_pte(mm, FROM + places[i]).val;
		}
		assert_true(ret == (long)TO);
		assert_true(have >= 2);
		assert_int_equal(events_total(EV_MREMAP_BACK) - back, have);
		assert_true(events_total(EV_PMD_MOVE) - whole >= 2 + 4);	/* there, and some back */
		for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
			assert_true(tree_pte(mm, TO + places[i]).val == was[i]);
		mm_exit(mm);
	}
}

#if FAULTLINE_CHECK
/* Each allocation fails once: VMAs, nodes of the tree, tables. */
static void each_allocation_fails(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = mm_with_area(world_policies[p]);
		uint64_t was[ARRAY_SIZE(places)];
		unsigned int fail = 1;
		long ret;

		for (unsigned int i = 0; i < ARRAY_SIZE(places); i++)
			was[i] = tree_pte(mm, FROM + places[i]).val;
		for (;; fail++) {
			inject_alloc_failure(fail);
			ret = sys_mremap(mm, FROM, LEN, LEN, MOVE_TO, TO);
			inject_alloc_failure(0);
			if (ret != -ENOMEM)
				break;
			assert_true(is_as_it_was(mm, was));
		}
		assert_true(ret == (long)TO);
		assert_true(fail > 3);
		mm_exit(mm);
	}
}

/* What another thread could do at some moment, at the old place and at the new one. */
struct chances {
	struct mm_struct *mm;
	bool mmap_lock, old, new;
};

static void try_both(void *arg)
{
	struct chances *chances = arg;

	chances->old = can_be_read(chances->mm, FROM);
	chances->new = can_be_read(chances->mm, TO);
	chances->mmap_lock = mmap_read_trylock(chances->mm);
	if (chances->mmap_lock)
		mmap_read_unlock(chances->mm);
}

/* From the copy's way into the tree to the end. */
static void no_thread_gets_in(void **state)
{
	static const char *const points[] = { "mremap.pmd", "mremap.moved", "munmap.detach" };

	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++)
		for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
			struct chances chances = {
				.mm = mm_with_area(world_policies[p]), .mmap_lock = true, .old = true, .new = true
			};

			meanwhile(points[i], try_both, &chances);
			assert_true(sys_mremap(chances.mm, FROM, LEN, LEN, MOVE_TO, TO) == (long)TO);
			assert_int_equal(meanwhile_ran(), 1);
			assert_false(chances.mmap_lock || chances.old || chances.new);
			try_both(&chances);
			assert_true(chances.mmap_lock && !chances.old);
			assert_int_equal(chances.new, chances.mm->pt.policy.vma_lock != VMA_LOCK_NONE);
			mm_exit(chances.mm);
		}
}

static bool table_locked(struct mm_struct *mm, unsigned long addr)
{
	enum ptl_level level = mm->pt.policy.pte_ptl;
	uint64_t *entry = tree_entry(mm->pt.pgd, level_real(LEVEL_PMD) ? LEVEL_PMD : LEVEL_PGD, addr);

	if (level == PTL_MM)
		return spin_is_locked(&mm->pt.page_table_lock);
	return spin_is_locked(&(level == PTL_PMD_TABLE ? table_page(entry) : pmd_table_page((pmd_t){ *entry }))->ptl);
}

static void look_at_ptls(void *arg)
{
	struct chances *chances = arg;

	chances->old &= table_locked(chances->mm, FROM);
	chances->new &= table_locked(chances->mm, TO);
}

static void entries_move_under_both_ptls(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct chances chances = { .mm = mm_with_area(world_policies[p]), .old = true, .new = true };

		meanwhile("mremap.ptls", look_at_ptls, &chances);
		assert_true(sys_mremap(chances.mm, FROM, LEN, LEN, MOVE_TO, TO) == (long)TO);
		assert_int_equal(meanwhile_ran(), 1);
		assert_true(chances.old && chances.new);
		mm_exit(chances.mm);
	}
}

/* Shrinking in place unmaps as munmap does: under mmap_lock for read, if the policy says so. */
static void cutting_off_lets_others_in(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct chances chances = { .mm = mm_with_area(world_policies[p]) };
		bool downgrades = chances.mm->pt.policy.munmap_downgrade;

		meanwhile("zap.before_reclaim", try_both, &chances);
		assert_true(sys_mremap(chances.mm, FROM, LEN, PAGE_SIZE, 0, 0) == (long)FROM);
		assert_int_equal(meanwhile_ran(), 1);
		assert_int_equal(chances.mmap_lock, downgrades);
		mm_exit(chances.mm);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_run_out),
#if FAULTLINE_CHECK
		cmocka_unit_test(each_allocation_fails),
		cmocka_unit_test(no_thread_gets_in),
		cmocka_unit_test(entries_move_under_both_ptls),
		cmocka_unit_test(cutting_off_lets_others_in),
#endif
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
