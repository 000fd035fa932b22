/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw frames mapped by leaves of PUD tables: where there are some, and how they go when a part of one is meant. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/pagewalk.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/fork.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/pfnmap.h"
#include "core/op/protect.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/thp_scene.h"

#define FAR_PFN		(1UL << 30)	/* beyond every machine, and where a PUD entry can begin */
#define PUD_PAGES	(PUD_SIZE >> PAGE_SHIFT)
#define PLACE		(3 * PGDIR_SIZE)

static pud_t pud_at(struct mm_struct *mm, unsigned long addr)
{
	return (pud_t){ tree_value(mm->pt.pgd, LEVEL_PUD, addr) };
}

static bool is_leaf(struct mm_struct *mm, unsigned long addr)
{
	return pud_trans_huge(pud_at(mm, addr));
}

/* From a page below PLACE to one above two leaves. */
static struct scene raw_scene(const char *policy)
{
	struct scene s = { .mm = world_mm(policy) };

	BUG_ON(sys_mmap_pfn(s.mm, PLACE - PAGE_SIZE, 2 * PUD_SIZE + 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_FIXED, FAR_PFN - 1) < 0);
	return s;
}

static bool maps_raw(struct mm_struct *mm, unsigned long addr, unsigned long pfn)
{
	pte_t pte = tree_pte(mm, addr);

	return pte_special(pte) && !pte_write(pte) && pte_pfn(pte) == pfn;
}

static void leaves_where_they_fit(void **state)
{
	struct scene s;

	(void)state;
	needs_thp();
	s = raw_scene("linux-6.15,thp=always");
	assert_true(is_leaf(s.mm, PLACE) && is_leaf(s.mm, PLACE + PUD_SIZE));
	assert_int_equal(pud_pfn(pud_at(s.mm, PLACE + PUD_SIZE)), FAR_PFN + PUD_PAGES);
	assert_true(maps_raw(s.mm, PLACE - PAGE_SIZE, FAR_PFN - 1));
	assert_true(maps_raw(s.mm, PLACE + 2 * PUD_SIZE, FAR_PFN + 2 * PUD_PAGES));
	assert_int_equal(do_read(&s, PLACE + 5 * PMD_SIZE), 0);
	assert_true(is_leaf(s.mm, PLACE));
	end(&s);
	s.mm = world_mm("linux-6.15,thp=always");
	assert_true(sys_mmap_pfn(s.mm, PLACE, PUD_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, FAR_PFN + 1) > 0);
	assert_false(is_leaf(s.mm, PLACE));
	end(&s);
}

/* The private copy is one page; its neighbours come back as they were. */
/* Row: P4. */
static void a_write_takes_the_leaf_away(void **state)
{
	uint64_t splits = events_total(EV_THP_SPLIT_PUD);
	struct scene s;

	(void)state;
	needs_thp();
	s = raw_scene("linux-6.15,thp=always");
	assert_int_equal(do_write(&s, PLACE + 7 * PAGE_SIZE), 0);
	assert_true(!is_leaf(s.mm, PLACE) && is_leaf(s.mm, PLACE + PUD_SIZE));
	assert_true(pte_write(tree_pte(s.mm, PLACE + 7 * PAGE_SIZE)) &&
		    page_type(page_at(&s, PLACE + 7 * PAGE_SIZE)) == PAGE_ANON);
	assert_true(pte_none(tree_pte(s.mm, PLACE + 8 * PAGE_SIZE)));
	assert_int_equal(do_read(&s, PLACE + 8 * PAGE_SIZE), 0);
	assert_true(maps_raw(s.mm, PLACE + 8 * PAGE_SIZE, FAR_PFN + 8));
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 1);
	assert_int_equal(events_total(EV_THP_SPLIT_PUD) - splits, 1);
	end(&s);
}

static long unmap(struct mm_struct *mm)
{
	return sys_munmap(mm, PLACE + PUD_SIZE / 2, PAGE_SIZE);
}

static long protect(struct mm_struct *mm)
{
	return sys_mprotect(mm, PLACE + PUD_SIZE / 2, PAGE_SIZE, PROT_READ);
}

static long move(struct mm_struct *mm)
{
	return sys_mremap(mm, PLACE, PUD_SIZE, PUD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, 5 * PGDIR_SIZE) ==
			       5 * (long)PGDIR_SIZE ?
		       do_user_addr_fault(mm, 5 * PGDIR_SIZE + PAGE_SIZE, 0) ||
			       !maps_raw(mm, 5 * PGDIR_SIZE + PAGE_SIZE, FAR_PFN + 1) :
		       -1;
}

/* Whatever changes a part of it, or its place. */
static void it_goes_before_what_it_maps_changes(void **state)
{
	static long (*const change[])(struct mm_struct *mm) = { unmap, protect, move };

	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(change); i++) {
		struct scene s = raw_scene("linux-6.15,thp=always");

		assert_int_equal(change[i](s.mm), 0);
		assert_false(is_leaf(s.mm, PLACE));
		assert_true(is_leaf(s.mm, PLACE + PUD_SIZE));
		end(&s);
	}
}

/* Row: A9. Of all it maps: it stays a leaf over the same raw frames, and never is writable. */
static void protections_of_all_change_it(void **state)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	struct scene s;

	(void)state;
	needs_thp();
	s = raw_scene("linux-6.15,thp=always");
	for (unsigned int i = 0; i < ARRAY_SIZE(prots); i++) {
		assert_int_equal(sys_mprotect(s.mm, PLACE - PAGE_SIZE, 2 * PUD_SIZE + 2 * PAGE_SIZE, prots[i]), 0);
		assert_true(is_leaf(s.mm, PLACE) && is_leaf(s.mm, PLACE + PUD_SIZE));
		assert_int_equal(pud_accessible(pud_at(s.mm, PLACE)), prots[i] != PROT_NONE);
		assert_false(pud_write(pud_at(s.mm, PLACE)));
		assert_at_rest(s.mm);
	}
	assert_int_equal(do_write(&s, PLACE + 7 * PAGE_SIZE), 0);
	assert_false(is_leaf(s.mm, PLACE));
	end(&s);
}

/* A child maps the same, once it looks. */
static void fork_leaves_it_to_faults(void **state)
{
	struct mm_struct *child;
	struct scene s;

	(void)state;
	needs_thp();
	s = raw_scene("linux-6.15,thp=always");
	assert_int_equal(sys_fork(s.mm, &child), 0);
	assert_true(is_leaf(s.mm, PLACE) && !is_leaf(child, PLACE));
	assert_int_equal(do_user_addr_fault(child, PLACE + PAGE_SIZE, 0), 0);
	assert_true(maps_raw(child, PLACE + PAGE_SIZE, FAR_PFN + 1));
	assert_at_rest(s.mm, child);
	mm_exit(child);
	end(&s);
}

static void what_is_wrong_with_one_is_seen(void **state)
{
	uint64_t *entry, right;
	char why[256];
	struct scene s;

	(void)state;
	needs_thp();
	s = raw_scene("linux-6.15,thp=always");
	entry = tree_entry(s.mm->pt.pgd, LEVEL_PUD, PLACE);
	right = *entry;
	*entry |= ENTRY_WRITE;
	assert_false(oracle_at_rest(&s.mm, 1, why, sizeof(why)));
	assert_non_null(strstr(why, "does not map the raw frames of its VMA"));
	*entry = right;
	*tree_entry(s.mm->pt.pgd, LEVEL_PUD, PLACE + 2 * PUD_SIZE + PUD_SIZE) = right;
	assert_false(oracle_at_rest(&s.mm, 1, why, sizeof(why)));
	assert_non_null(strstr(why, "lies in no VMA as a whole"));
	*tree_entry(s.mm->pt.pgd, LEVEL_PUD, PLACE + 2 * PUD_SIZE + PUD_SIZE) = 0;
	end(&s);
}

/* ---- walks ---- */

struct met {
	long puds, holes, ptes;
};

static int on_pud(pud_t *pudp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct met *met = walk->private;

	(void)addr, (void)next;
	met->puds += pud_trans_huge(pudp_get(pudp));
	return 0;
}

static int on_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct met *met = walk->private;

	(void)addr, (void)next, (void)ptep;
	met->ptes++;
	return 0;
}

static int on_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	struct met *met = walk->private;

	assert_int_equal(depth, (int)LEVEL_PUD);
	assert_int_equal(next - addr, PUD_SIZE);
	met->holes++;
	return 0;
}

static int walk_it(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	(void)start, (void)end, (void)walk;
	return 0;
}

/* As below leaves of PMD tables: inside a VMA it is split for who goes below, outside passed by. */
/* Row: W11. */
static void walks_below_it(void **state)
{
	static const struct {
		struct mm_walk_ops ops;
		bool novma, splits;
		struct met met;
	} walks[] = {
		{ { .test_walk = walk_it, .pud_entry = on_pud, .pte_hole = on_hole }, false, false, { 1, 0, 0 } },
		{ { .test_walk = walk_it, .pud_entry = on_pud, .pte_hole = on_hole, .pte_entry = on_pte }, false, true,
		  { 1, 1, 0 } },
		{ { .pud_entry = on_pud, .pte_entry = on_pte, .pte_hole = on_hole }, true, false, { 1, 0, 0 } },
	};

	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(walks); i++) {
		struct scene s = raw_scene("linux-6.15,thp=always");
		struct met met = { 0 };
		int err;

		mmap_write_lock(s.mm);
		if (walks[i].novma)
			err = walk_page_range_novma(s.mm, PLACE, PLACE + PUD_SIZE, &walks[i].ops, NULL, &met);
		else
			err = walk_page_range(s.mm, PLACE, PLACE + PUD_SIZE, &walks[i].ops, &met);
		mmap_write_unlock(s.mm);
		assert_int_equal(err, 0);
		assert_int_equal(is_leaf(s.mm, PLACE), !walks[i].splits);
		assert_memory_equal(&met, &walks[i].met, sizeof(met));
		end(&s);
	}
}

/* ---- two faults on one leaf ---- */

#define RACERS	4u
#define RACES	50u

static void write_beside(void *mm)
{
	BUG_ON(do_user_addr_fault(mm, PLACE + 8 * PAGE_SIZE, FAULT_FLAG_WRITE));
}

static void read_beside(void *mm)
{
	BUG_ON(do_user_addr_fault(mm, PLACE + PUD_SIZE + PAGE_SIZE, 0));
	BUG_ON(!is_leaf(mm, PLACE + PUD_SIZE));
}

/* Both have seen the leaf; the second finds it split, and its pages stay. Row: P4. */
static void the_second_of_two_writes_finds_it_split(void **state)
{
	uint64_t splits = events_total(EV_THP_SPLIT_PUD);
	struct scene s;

	(void)state;
	needs_checks();
	needs_thp();
	s = raw_scene("linux-6.15,thp=always");
	meanwhile("fault.before_pud_split", write_beside, s.mm);
	assert_int_equal(do_write(&s, PLACE + 7 * PAGE_SIZE), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(events_total(EV_THP_SPLIT_PUD) - splits, 1);
	assert_true(pte_write(tree_pte(s.mm, PLACE + 7 * PAGE_SIZE)) &&
		    pte_write(tree_pte(s.mm, PLACE + 8 * PAGE_SIZE)));
	assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), 2);
	meanwhile("fault.before_pud_split", read_beside, s.mm);
	assert_int_equal(do_write(&s, PLACE + PUD_SIZE), 0);
	assert_int_equal(meanwhile_ran(), 1);
	end(&s);
}

static void write_own(void *mm, unsigned int index)
{
	BUG_ON(do_user_addr_fault(mm, PLACE + index * PMD_SIZE, 0));
	BUG_ON(do_user_addr_fault(mm, PLACE + index * PMD_SIZE, FAULT_FLAG_WRITE));
	BUG_ON(do_user_addr_fault(mm, PLACE + PMD_SIZE / 2, FAULT_FLAG_WRITE));
	frame_drain_cpu();
}

static void faults_race_for_one(void **state)
{
	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < RACES; i++) {
		uint64_t splits = events_total(EV_THP_SPLIT_PUD);
		struct scene s = raw_scene("linux-6.15,thp=always");

		syncpoint_noise(300);
		threads_run(RACERS, write_own, s.mm);
		syncpoint_noise(0);
		assert_int_equal(events_total(EV_THP_SPLIT_PUD) - splits, 1);
		assert_int_equal(mm_counter_sum(&s.mm->pt, MM_ANONPAGES), RACERS + 1);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_where_they_fit),
		cmocka_unit_test(a_write_takes_the_leaf_away),
		cmocka_unit_test(it_goes_before_what_it_maps_changes),
		cmocka_unit_test(protections_of_all_change_it),
		cmocka_unit_test(fork_leaves_it_to_faults),
		cmocka_unit_test(what_is_wrong_with_one_is_seen),
		cmocka_unit_test(walks_below_it),
		cmocka_unit_test(the_second_of_two_writes_finds_it_split),
		cmocka_unit_test(faults_race_for_one),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
