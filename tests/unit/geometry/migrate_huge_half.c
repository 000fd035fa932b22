/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_huge_half: other operations on a leaf whose huge page, an anonymous one, is under migration. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/mlock.h"
#include "core/pgtable/swapent.h"
#include "tests/lib/scene/migrate_huge_scene.h"

static void touch_it(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(do_user_addr_fault(mm, AREA + PAGE(5), FAULT_FLAG_WRITE));
	frame_drain_cpu();
}

static void look_at_leaf(void)
{
	unsigned long addr = AREA + PAGE(5);
	struct vm_area_struct *vma;
	hmm_pfn_t pfn = 1;
	struct folio_walk fw;
	struct page *page;
	uint64_t map;

	assert_int_equal(in_core(mm, addr), 1);
	assert_int_equal(sys_pagemap(mm, addr, 1, &map), 0);
	assert_int_equal(map, PM_SWAP | (folio_pfn(migrator_scene.folio) + 5));
	assert_int_equal(get_user_pages_fast(mm, addr, 1, FOLL_FAST_ONLY, &page), 0);
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	assert_null(folio_walk_start(&fw, vma, addr, 0));
	assert_ptr_equal(folio_walk_start(&fw, vma, addr, FW_MIGRATION), migrator_scene.folio);
	folio_walk_end(&fw, vma);
	assert_int_equal(hmm_vma_get_pfns(vma, addr, addr + PAGE_SIZE, &pfn), 0);
	assert_int_equal(pfn, 0);
	mmap_read_unlock(mm);
	assert_int_equal(anon(mm), HUGE);
	assert_int_equal(folio_mapcount(migrator_scene.folio), 0);
	assert_false(PageAnonExclusive(&migrator_scene.folio->page));
}

/* Rows: W12, L7, G2. Lookups find no page, and a fault waits. */
static void a_leaf_half_way_is_out_of_reach(void **state)
{
	uint64_t waits = events_total(EV_MIGRATE_WAIT);
	struct test_threads *threads, *fault;

	(void)state;
	needs_thp();
	begin();
	threads = begin_migrator();
	assert_true(is_pmd_migration_entry(leaf_at(mm, AREA)));
	look_at_leaf();
	fault = threads_start(1, touch_it, NULL);
	while (events_total(EV_MIGRATE_WAIT) == waits)
		cpu_relax();
	end_migrator(threads);
	threads_join(fault);
	assert_true(pmd_write(leaf_at(mm, AREA)) && exclusive());
	check_words(mm, AREA, HUGE);
	finish();
}

static void drop_all(void)
{
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED));
}

static void drop_part(void)
{
	BUG_ON(sys_madvise(mm, AREA + PAGE(3), PAGE(2), MADV_DONTNEED));
	assert_true(pte_is_migration(tree_pte(mm, AREA + PAGE(2))) && pte_none(tree_pte(mm, AREA + PAGE(3))));
}

static void unmap_part(void)
{
	BUG_ON(sys_munmap(mm, AREA + PAGE(4), PAGE(2)));
}

static void guard_part(void)
{
	BUG_ON(sys_madvise(mm, AREA + PAGE(4), PAGE(2), MADV_GUARD_INSTALL));
}

static void protect_part(void)
{
	BUG_ON(sys_mprotect(mm, AREA, PAGE(8), PROT_READ));
}

static void protect_twice(void)
{
	BUG_ON(sys_mprotect(mm, AREA, LEN, PROT_READ));
	BUG_ON(sys_mprotect(mm, AREA, LEN, PROT_READ | PROT_WRITE));
	assert_int_equal(swapent_type(pmd_to_swp_entry(leaf_at(mm, AREA))), SWAPENT_MIGRATION_READ_EXCLUSIVE);
}

static void page_it_out(void)
{
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_PAGEOUT));
}

static void lock_and_unlock(void)
{
	BUG_ON(sys_mlock2(mm, AREA, PMD_SIZE, MLOCK_ONFAULT) || sys_munlock(mm, AREA, PMD_SIZE));
}

static void move_it(void)
{
	BUG_ON(sys_mremap(mm, AREA, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, AREA + 2 * PMD_SIZE) !=
	       (long)(AREA + 2 * PMD_SIZE));
}

static void fork_it(void)
{
	BUG_ON(sys_fork(mm, &child));
	assert_int_equal(anon(child), HUGE);
	assert_int_equal(swapent_type(pmd_to_swp_entry(leaf_at(mm, AREA))), SWAPENT_MIGRATION_READ);
	assert_true(pmd_same(leaf_at(mm, AREA), leaf_at(child, AREA)));
}

static void fork_and_forget(void)
{
	fork_it();
	mm_exit(child);
	child = NULL;
}

/*
 * Rows: A9, L8. Each does what it does to a leaf, or to PTEs, and what is left of the entry maps the huge page again,
 * with its contents.
 */
static void other_operations_on_a_leaf_half_way(void **state)
{
	static const struct {
		void (*fn)(void);
		long pages;		/* mapped afterwards */
		bool huge, write, exclusive;
	} steps[] = {
		{ drop_all, 0, false, false, false },	     { drop_part, HUGE - 2, false, true, true },
		{ unmap_part, HUGE - 2, false, true, true }, { guard_part, HUGE - 2, false, true, true },
		{ protect_part, HUGE, false, false, true },  { protect_twice, HUGE, true, false, true },
		{ page_it_out, HUGE, true, true, true },     { lock_and_unlock, HUGE, true, true, true },
		{ move_it, HUGE, true, true, true },	     { fork_it, HUGE, true, false, false },
		{ fork_and_forget, HUGE, true, false, false },
	};

	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		unsigned long addr = steps[i].fn == move_it ? AREA + 2 * PMD_SIZE : AREA;
		struct test_threads *threads;
		unsigned long frames;

		begin();
		frames = machine_free_frames();
		threads = begin_migrator();
		steps[i].fn();
		assert_int_equal(anon(mm), steps[i].pages);
		end_migrator(threads);
		check_words(mm, addr, (unsigned long)steps[i].pages);
		assert_int_equal(is_huge(mm, addr), steps[i].huge);
		if (steps[i].huge) {
			assert_int_equal(pmd_write(leaf_at(mm, addr)), steps[i].write);
			assert_int_equal(PageAnonExclusive(pmd_page(leaf_at(mm, addr))), steps[i].exclusive);
		} else if (steps[i].pages) {
			assert_int_equal(pte_write(tree_pte(mm, addr + PAGE(1))), steps[i].write);
			assert_int_equal(PageAnonExclusive(pte_page(tree_pte(mm, addr + PAGE(1)))), steps[i].exclusive);
		}
		if (child)
			check_words(child, addr, HUGE);
		if (!steps[i].pages)
			assert_true(machine_free_frames() > frames);
		finish();
	}
}

/* Rows: A9, L7. What was made read-only half way is reused by the next write, and not copied. */
static void a_write_after_mprotect_half_way_reuses_the_huge_page(void **state)
{
	uint64_t reuses = events_total(EV_COW_REUSE);
	struct test_threads *threads;

	(void)state;
	needs_thp();
	begin();
	threads = begin_migrator();
	protect_twice();
	end_migrator(threads);
	assert_int_equal(do_user_addr_fault(mm, AREA, FAULT_FLAG_WRITE), 0);
	assert_int_equal(events_total(EV_COW_REUSE) - reuses, 1);
	assert_true(is_huge(mm, AREA) && pmd_write(leaf_at(mm, AREA)));
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		up_and_down(a_leaf_half_way_is_out_of_reach),
		up_and_down(other_operations_on_a_leaf_half_way),
		up_and_down(a_write_after_mprotect_half_way_reuses_the_huge_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
