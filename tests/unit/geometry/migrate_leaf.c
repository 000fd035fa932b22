/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_leaf: other operations on a leaf whose huge page, of a file, is under migration. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/pgtable/swapent.h"
#include "tests/lib/scene/migrator_scene.h"
#include "tests/lib/scene/thp_scene.h"

static struct taken_file now;

static int up(void **state)
{
	(void)state;
	world_start(32768, CACHE_LINE);
	return 0;
}

/* The file's first huge page is mapped by a leaf that allows writes, and is under migration. */
static struct test_threads *begin_migrator(void)
{
	struct test_threads *threads;

	now = taken_file_begin_large(HPAGE_PMD_ORDER);
	store_word(now.mm, SHARED_AT, 1);
	assert_true(is_huge(now.mm, SHARED_AT));
	threads = start_migrator(now.file);
	assert_true(is_pmd_migration_entry(leaf_at(now.mm, SHARED_AT)));
	return threads;
}

static void look_at_leaf(void)
{
	unsigned long addr = SHARED_AT + PAGE(5);
	struct vm_area_struct *vma;
	hmm_pfn_t pfn = 1;
	struct folio_walk fw;
	struct page *page;
	struct page_region region;
	struct pm_scan_arg scan = {
		.start = addr, .end = addr + PAGE_SIZE, .vec = &region, .vec_len = 1,
		.category_mask = PAGE_IS_HUGE, .return_mask = PM_SCAN_CATEGORIES,
	};
	uint64_t map;

	assert_int_equal(in_core(now.mm, addr), 1);
	assert_int_equal(sys_pagemap(now.mm, addr, 1, &map), 0);
	assert_int_equal(map, PM_SWAP | PM_FILE | (folio_pfn(migrator_scene.folio) + 5));
	assert_int_equal(sys_pagemap_scan(now.mm, &scan), 1);
	assert_int_equal(region.categories, PAGE_IS_WRITTEN | PAGE_IS_SWAPPED | PAGE_IS_HUGE | PAGE_IS_FILE);
	assert_int_equal(get_user_pages_fast(now.mm, addr, 1, FOLL_FAST_ONLY, &page), 0);
	mmap_read_lock(now.mm);
	vma = vma_lookup(now.mm, addr);
	assert_null(folio_walk_start(&fw, vma, addr, 0));
	assert_ptr_equal(folio_walk_start(&fw, vma, addr, FW_MIGRATION), migrator_scene.folio);
	folio_walk_end(&fw, vma);
	assert_int_equal(hmm_vma_get_pfns(vma, addr, addr + PAGE_SIZE, &pfn), 0);
	assert_int_equal(pfn, 0);
	mmap_read_unlock(now.mm);
	assert_int_equal(file_pages(now.mm), HUGE);
	assert_int_equal(folio_mapcount(migrator_scene.folio), 0);
}

static void write_it(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	store_word(now.mm, SHARED_AT, 7);
	frame_drain_cpu();
}

/* Rows: W12, G2. */
static void a_leaf_half_way_is_the_file_s_and_out_of_reach(void **state)
{
	struct test_threads *threads, *fault;
	uint64_t waits = events_total(EV_MIGRATE_WAIT);

	(void)state;
	needs_thp();
	threads = begin_migrator();
	look_at_leaf();
	fault = threads_start(1, write_it, NULL);
	while (events_total(EV_MIGRATE_WAIT) == waits)
		cpu_relax();
	end_migrator(threads);
	threads_join(fault);
	assert_true(pmd_write(leaf_at(now.mm, SHARED_AT)) && pmd_dirty(leaf_at(now.mm, SHARED_AT)));
	assert_int_equal(load_word(now.mm, SHARED_AT), 7);
	taken_file_end(&now);
}

static void unmap_leaf(void)
{
	unmap_mapping_range(&now.file->mapping, 0, HPAGE_PMD_NR, false);
}

static void split_leaf(void)
{
	BUG_ON(sys_munmap(now.mm, SHARED_AT + PAGE(4), PAGE_SIZE));
}

static void drop_leaf(void)
{
	BUG_ON(sys_madvise(now.mm, SHARED_AT, PMD_SIZE, MADV_DONTNEED));
}

static void guard_leaf(void)
{
	BUG_ON(sys_madvise(now.mm, SHARED_AT + PAGE(4), PAGE_SIZE, MADV_GUARD_INSTALL));
}

static void protect_leaf(void)
{
	BUG_ON(sys_mprotect(now.mm, SHARED_AT, 2 * PMD_SIZE, PROT_READ));
	BUG_ON(sys_mprotect(now.mm, SHARED_AT, 2 * PMD_SIZE, RW));
}

static void move_leaf(void)
{
	BUG_ON(sys_mremap(now.mm, SHARED_AT, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			  SHARED_AT + 2 * PMD_SIZE) != (long)(SHARED_AT + 2 * PMD_SIZE));
}

/* Whatever becomes of the entry, the page is found in the file, with what was written to it. */
static void other_operations_on_a_leaf_half_way(void **state)
{
	static const struct {
		void (*fn)(void);
		long pages;		/* mapped afterwards */
	} steps[] = { { unmap_leaf, 0 }, { split_leaf, 0 }, { drop_leaf, 0 }, { guard_leaf, 0 }, { protect_leaf, HUGE },
		      { move_leaf, HUGE } };

	(void)state;
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		struct test_threads *threads = begin_migrator();
		unsigned long addr;
		uint64_t word;

		steps[i].fn();
		assert_int_equal(file_pages(now.mm), steps[i].pages);
		end_migrator(threads);
		if (steps[i].fn == protect_leaf)
			assert_false(pmd_write(leaf_at(now.mm, SHARED_AT)));
		assert_at_rest(now.mm);
		addr = steps[i].fn == move_leaf ? SHARED_AT + 2 * PMD_SIZE : SHARED_AT;
		assert_int_equal(access_word(now.mm, addr, &word, false), 0);
		assert_int_equal(word, 1);
		taken_file_end(&now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_leaf_half_way_is_the_file_s_and_out_of_reach, up, world_down),
		cmocka_unit_test_setup_teardown(other_operations_on_a_leaf_half_way, up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
