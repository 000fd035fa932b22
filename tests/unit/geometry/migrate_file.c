/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate_file: folios of files moved to other frames; what others find meanwhile, and what is in use and stays. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/migrator_scene.h"
#include "tests/lib/scene/thp_scene.h"

static int up(void **state)
{
	(void)state;
	BUG_ON(faultline_start(&(struct machine_config){ 2, 32768, CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	return 0;
}

static int node_at(struct mm_struct *mm, unsigned long addr)
{
	return (int)page_to_nid(pte_page(tree_pte(mm, addr)));
}

static long migrate(struct mm_struct *mm, unsigned long addr, unsigned long pages, unsigned int nid)
{
	return sys_migrate_range(mm, addr, PAGE(pages), nid);
}

/* The bits of an entry, without what it maps. */
static uint64_t bits(struct mm_struct *mm, unsigned long addr)
{
	return pte_bits(tree_pte(mm, addr));
}

/* Clears the accessed bits of all its entries. */
static void mark_old(struct file *file, unsigned long index)
{
	struct folio *folio = cached(file, index);
	unsigned long flags;

	folio_referenced(folio, false, &flags);
	folio_put(folio);
}

/* Row: A9. All entries follow, with their permissions, accessed and dirty bits; so does what is to be written back. */
static void pages_of_a_file_move_with_all_their_entries(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct taken_file s = taken_file_begin(world_policies[p]);
		uint64_t before[4], moved = events_total(EV_MIGRATE_FILE);
		pte_t old;

		store_word(s.mm, SHARED_AT + PAGE(0), 40);
		load_word(s.mm, SHARED_AT + PAGE(1));
		load_word(s.mm, PRIVATE_AT + PAGE(1));
		store_word(s.mm, SHARED_AT + PAGE(2), 42);
		assert_int_equal(filemap_writeback(s.file), 2);
		store_word(s.mm, SHARED_AT + PAGE(0), 43);
		load_word(s.mm, PRIVATE_AT + PAGE(0));
		mark_old(s.file, 2);
		for (unsigned long i = 0; i < 3; i++)
			before[i] = bits(s.mm, SHARED_AT + PAGE(i));
		before[3] = bits(s.mm, PRIVATE_AT);
		old = tree_pte(s.mm, SHARED_AT);
		assert_int_equal(migrate(s.mm, SHARED_AT, FILE_PAGES, 1), 3);
		assert_int_equal(migrate(s.mm, SHARED_AT, FILE_PAGES, 1), 0);
		assert_int_equal(events_total(EV_MIGRATE_FILE) - moved, 3);
		for (unsigned long i = 0; i < 3; i++)
			assert_true(node_at(s.mm, SHARED_AT + PAGE(i)) == 1 &&
				    bits(s.mm, SHARED_AT + PAGE(i)) == before[i]);
		assert_true(bits(s.mm, PRIVATE_AT) == before[3] && !pte_write(tree_pte(s.mm, PRIVATE_AT)));
		assert_int_equal(pte_pfn(tree_pte(s.mm, PRIVATE_AT)), pte_pfn(tree_pte(s.mm, SHARED_AT)));
		assert_int_not_equal(pte_pfn(tree_pte(s.mm, SHARED_AT)), pte_pfn(old));
		assert_true(pte_write(tree_pte(s.mm, SHARED_AT)) && pte_dirty(tree_pte(s.mm, SHARED_AT)));
		assert_false(pte_young(tree_pte(s.mm, SHARED_AT + PAGE(2))));
		assert_int_equal(file_pages(s.mm), 5);
		assert_int_equal(s.file->mapping.nrpages, 3);
		assert_at_rest(s.mm);
		assert_int_equal(filemap_writeback(s.file), 1);
		assert_int_equal(s.file->device[0], 43);
		assert_int_equal(load_word(s.mm, PRIVATE_AT), 43);
		assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(2)), 42);
		assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(1)), file_seeded_word(FILE_SEED, 1));
		assert_int_equal(migrate(s.mm, PRIVATE_AT, FILE_PAGES, 0), 2);
		assert_true(!node_at(s.mm, SHARED_AT) && node_at(s.mm, SHARED_AT + PAGE(2)) == 1);
		taken_file_end(&s);
	}
}

/* By move_pages(): shared ones only if asked for. Those that nothing maps move, too. */
static void one_by_one_and_unmapped(void **state)
{
	struct taken_file s = taken_file_begin(SINGLE_FAULTS);
	struct mm_struct *other = file_mm(SINGLE_FAULTS, s.file);
	const unsigned long addrs[] = { SHARED_AT, SHARED_AT + PAGE(1), SHARED_AT + PAGE(2) };
	const int nodes[] = { 1, 1, 1 }, first[] = { 1, -EACCES, -ENOENT }, second[] = { 1, 1, -ENOENT };
	int status[ARRAY_SIZE(addrs)];
	struct folio *folio;

	(void)state;
	store_word(s.mm, SHARED_AT, 1);
	store_word(s.mm, SHARED_AT + PAGE(1), 2);
	load_word(other, SHARED_AT + PAGE(1));
	assert_int_equal(sys_move_pages(s.mm, 3, addrs, nodes, status, MPOL_MF_MOVE), 0);
	assert_memory_equal(status, first, sizeof(first));
	assert_int_equal(sys_move_pages(s.mm, 3, addrs, nodes, status, MPOL_MF_MOVE_ALL), 0);
	assert_memory_equal(status, second, sizeof(second));
	assert_int_equal(node_at(other, SHARED_AT + PAGE(1)), 1);
	assert_int_equal(load_word(other, SHARED_AT + PAGE(1)), 2);
	mm_exit(other);
	assert_int_equal(sys_madvise(s.mm, SHARED_AT, PAGE(2), MADV_DONTNEED), 0);
	assert_int_equal(migrate_folio(cached(s.file, 1), 0), 0);
	folio = cached(s.file, 1);
	assert_int_equal(page_to_nid(&folio->page), 0);
	assert_true(folio_test_dirty(folio) && folio_ref_count(folio) == 2);
	folio_put(folio);
	assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(1)), 2);
	taken_file_end(&s);
}

/* Rows: A9, A6. Referenced, pinned, locked, truncated, or under migration to a device. */
static void pages_in_use_stay(void **state)
{
	struct taken_file s = taken_file_begin("linux-6.15");
	struct folio *held, *locked, *truncated;
	struct page *pinned;
	pte_t before[3];

	(void)state;
	for (unsigned long i = 0; i < 4; i++)
		store_word(s.mm, SHARED_AT + PAGE(i), 10 + i);
	held = cached(s.file, 0);
	assert_int_equal(pin_user_pages_fast(s.mm, SHARED_AT + PAGE(1), 1, FOLL_WRITE, &pinned), 1);
	for (unsigned long i = 0; i < 3; i++)
		before[i] = tree_pte(s.mm, SHARED_AT + PAGE(i));
	locked = cached(s.file, 2);
	folio_lock(locked);
	for (unsigned long i = 0; i < 3; i++) {
		assert_int_equal(migrate_folio(cached(s.file, i), 1), -EBUSY);
		assert_true(pte_same(tree_pte(s.mm, SHARED_AT + PAGE(i)), before[i]));
	}
	folio_unlock(locked);
	folio_put(locked);
	folio_put(held);
	unpin_user_pages_dirty_lock(&pinned, 1);
	assert_int_equal(sys_migrate_to_device(s.mm, SHARED_AT, PAGE(3)), 0);
	truncated = cached(s.file, 3);
	assert_int_equal(sys_ftruncate(s.file, 3), 0);
	assert_int_equal(migrate_folio(truncated, 1), -EBUSY);
	assert_int_equal(migrate(s.mm, SHARED_AT, 4, 1), 3);
	taken_file_end(&s);
}

/* ---- meanwhile ---- */

static struct taken_file now;
static struct folio *reference;

static void take_reference(void *arg)
{
	(void)arg;
	reference = cached(now.file, 0);
}

static void a_page_found_meanwhile_stays(void **state)
{
	static const char *const points[] = { "migrate.unmapped", "migrate_file.copied" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(points); i++) {
		pte_t before;

		now = taken_file_begin("linux-6.15");
		store_word(now.mm, SHARED_AT, 1);
		before = tree_pte(now.mm, SHARED_AT);
		meanwhile(points[i], take_reference, NULL);
		assert_int_equal(migrate(now.mm, SHARED_AT, 1, 1), 0);
		assert_int_equal(meanwhile_ran(), 1);
		assert_true(pte_same(tree_pte(now.mm, SHARED_AT), before));
		folio_put(reference);
		taken_file_end(&now);
	}
}

static void migrate_it(void *arg)
{
	(void)arg;
	BUG_ON(migrate_folio(cached(now.file, 0), 1));
}

/* A look-up and a fault that have found the old folio in its slot. */
static void a_page_that_moves_meanwhile_is_found_elsewhere(void **state)
{
	struct folio *folio;

	(void)state;
	needs_checks();
	now = taken_file_begin(SINGLE_FAULTS);
	store_word(now.mm, SHARED_AT, 1);
	meanwhile("filemap.found", migrate_it, NULL);
	folio = cached(now.file, 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(page_to_nid(&folio->page), 1);
	folio_put(folio);
	meanwhile("filemap.found", migrate_it, NULL);
	assert_int_equal(load_word(now.mm, PRIVATE_AT), 1);
	assert_int_equal(meanwhile_ran(), 1);
	taken_file_end(&now);
}

/* Of both mappings. */
static void begin_mapped(void)
{
	now = taken_file_begin("linux-6.15");
	store_word(now.mm, SHARED_AT, 1);
	load_word(now.mm, PRIVATE_AT);
}

static bool migrating(unsigned long addr, enum swapent_type type)
{
	pte_t pte = tree_pte(now.mm, addr);

	return pte_is_migration(pte) && swapent_type(pte) == type;
}

/* ---- other operations on a migration entry ---- */

static struct test_threads *begin_migrator(void)
{
	begin_mapped();
	return start_migrator(now.file);
}

/* Row: G2. */
static void half_way_it_is_the_file_s_and_out_of_reach(void **state)
{
	struct test_threads *threads = begin_migrator();
	struct folio_walk fw;
	struct vm_area_struct *vma;
	struct page *page;
	struct page_region region;
	struct pm_scan_arg scan = {
		.start = SHARED_AT, .end = SHARED_AT + PAGE_SIZE, .vec = &region, .vec_len = 1,
		.category_mask = PAGE_IS_SWAPPED, .return_mask = PM_SCAN_CATEGORIES,
	};
	uint64_t map;

	(void)state;
	assert_true(migrating(SHARED_AT, SWAPENT_MIGRATION_WRITE) && migrating(PRIVATE_AT, SWAPENT_MIGRATION_READ));
	assert_int_equal(in_core(now.mm, SHARED_AT), 1);
	assert_int_equal(sys_pagemap(now.mm, SHARED_AT, 1, &map), 0);
	assert_true((map & (PM_SWAP | PM_FILE | PM_PRESENT)) == (PM_SWAP | PM_FILE));
	assert_int_equal(sys_pagemap_scan(now.mm, &scan), 1);
	assert_int_equal(region.categories, PAGE_IS_WRITTEN | PAGE_IS_SWAPPED | PAGE_IS_FILE);
	assert_int_equal(get_user_pages_fast(now.mm, SHARED_AT, 1, FOLL_FAST_ONLY, &page), 0);
	mmap_read_lock(now.mm);
	vma = vma_lookup(now.mm, SHARED_AT);
	assert_null(folio_walk_start(&fw, vma, SHARED_AT, 0));
	assert_ptr_equal(folio_walk_start(&fw, vma, SHARED_AT, FW_MIGRATION), migrator_scene.folio);
	folio_walk_end(&fw, vma);
	mmap_read_unlock(now.mm);
	assert_int_equal(file_pages(now.mm), 2);
	assert_int_equal(folio_mapcount(migrator_scene.folio), 0);
	end_migrator(threads);
	taken_file_end(&now);
}

/* Row: L8. The child's entries allow what the parent's do; both are found when the page arrives. */
static void a_fork_during_migration_copies_the_entries(void **state)
{
	struct test_threads *threads = begin_migrator();
	struct mm_struct *child;

	(void)state;
	/* Else fork skips the VMAs. */
	assert_int_equal(sys_madvise(now.mm, SHARED_AT + PAGE(5), PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	store_word(now.mm, PRIVATE_AT + PAGE(1), 1);
	assert_int_equal(sys_fork(now.mm, &child), 0);
	assert_true(migrating(SHARED_AT, SWAPENT_MIGRATION_WRITE) && migrating(PRIVATE_AT, SWAPENT_MIGRATION_READ));
	assert_true(pte_same(tree_pte(child, SHARED_AT), tree_pte(now.mm, SHARED_AT)));
	assert_true(pte_same(tree_pte(child, PRIVATE_AT), tree_pte(now.mm, PRIVATE_AT)));
	assert_int_equal(file_pages(child), 2);
	end_migrator(threads);
	assert_true(pte_write(tree_pte(now.mm, SHARED_AT)) && pte_write(tree_pte(child, SHARED_AT)));
	assert_at_rest(now.mm, child);
	assert_int_equal(load_word(child, SHARED_AT), 1);
	mm_exit(child);
	taken_file_end(&now);
}

/* No page of a file is exclusive, whatever the entry allowed. */
static void a_protected_one_comes_back_read_only(void **state)
{
	struct test_threads *threads = begin_migrator();

	(void)state;
	assert_int_equal(sys_mprotect(now.mm, SHARED_AT, PAGE_SIZE, PROT_READ), 0);
	assert_true(migrating(SHARED_AT, SWAPENT_MIGRATION_READ));
	assert_int_equal(sys_mprotect(now.mm, SHARED_AT, PAGE_SIZE, RW), 0);
	end_migrator(threads);
	assert_false(pte_write(tree_pte(now.mm, SHARED_AT)));
	assert_false(PageAnonExclusive(pte_page(tree_pte(now.mm, SHARED_AT))));
	store_word(now.mm, SHARED_AT, 5);
	taken_file_end(&now);
}

/* Unmapping by file takes migration entries of its pages, and keeps those of copies. */
static void unmapping_by_file_finds_the_entries(void **state)
{
	(void)state;
	for (unsigned int even_cows = 0; even_cows < 2; even_cows++) {
		struct test_threads *threads = begin_migrator();
		struct folio *copy;

		store_word(now.mm, PRIVATE_AT + PAGE(3), 3);
		copy = page_folio(pte_page(tree_pte(now.mm, PRIVATE_AT + PAGE(3))));
		folio_get(copy);
		folio_lock(copy);
		try_to_migrate(copy, 0);
		unmap_mapping_range(&now.file->mapping, 0, FILE_PAGES, even_cows);
		assert_true(pte_none(tree_pte(now.mm, SHARED_AT)) && pte_none(tree_pte(now.mm, PRIVATE_AT)));
		assert_int_equal(file_pages(now.mm), 0);
		assert_int_equal(pte_is_migration(tree_pte(now.mm, PRIVATE_AT + PAGE(3))), !even_cows);
		assert_int_equal(mm_counter_sum(&now.mm->pt, MM_ANONPAGES), !even_cows);
		end_migration(copy);
		end_migrator(threads);
		assert_int_equal(load_word(now.mm, PRIVATE_AT + PAGE(3)),
				 even_cows ? file_seeded_word(FILE_SEED, 3) : 3);
		assert_int_equal(load_word(now.mm, SHARED_AT), 1);
		taken_file_end(&now);
	}
}

static void write_it(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	store_word(now.mm, SHARED_AT, 7);
	frame_drain_cpu();
}

/* Row: L7. */
static void a_fault_waits_for_the_page(void **state)
{
	struct test_threads *threads = begin_migrator(), *fault;
	uint64_t waits = events_total(EV_MIGRATE_WAIT);

	(void)state;
	fault = threads_start(1, write_it, NULL);
	while (events_total(EV_MIGRATE_WAIT) == waits)
		cpu_relax();
	end_migrator(threads);
	threads_join(fault);
	assert_int_equal(load_word(now.mm, PRIVATE_AT), 7);
	taken_file_end(&now);
}

/* ---- large folios ---- */

/* Rows: A9, A3. */
static void large_ones_move_as_a_whole(void **state)
{
	static const unsigned int orders[] = { 2, HPAGE_PMD_ORDER };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(orders) - !THP_POSSIBLE; i++) {
		struct taken_file s = taken_file_begin_large(orders[i]);
		unsigned long nr = 1ul << orders[i];
		struct folio *folio;
		pmd_t leaf;

		store_word(s.mm, SHARED_AT + PAGE(3), 3);
		load_word(s.mm, PRIVATE_AT + PAGE(2));
		load_word(s.mm, PRIVATE_AT + PAGE(nr));
		assert_int_equal(is_huge(s.mm, SHARED_AT), orders[i] == HPAGE_PMD_ORDER);
		leaf = leaf_at(s.mm, SHARED_AT);
		assert_int_equal(migrate(s.mm, SHARED_AT, nr, 1), nr);
		assert_int_equal(is_huge(s.mm, SHARED_AT), orders[i] == HPAGE_PMD_ORDER);
		assert_true(!is_huge(s.mm, SHARED_AT) ||
			    (leaf.val & ~ENTRY_PFN_MASK) == (leaf_at(s.mm, SHARED_AT).val & ~ENTRY_PFN_MASK));
		folio = cached(s.file, 0);
		assert_true(folio_order(folio) == orders[i] && page_to_nid(&folio->page) == 1);
		assert_ptr_equal(pte_page(tree_pte(s.mm, PRIVATE_AT + PAGE(2))), folio_page(folio, 2));
		folio_put(folio);
		assert_int_equal(node_at(s.mm, PRIVATE_AT + PAGE(nr)), 0);
		assert_int_equal(s.file->mapping.nrpages, 2 * nr);
		assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(3)), 3);
		assert_int_equal(load_word(s.mm, SHARED_AT + PAGE(1)), file_seeded_word(FILE_SEED, 1));
		taken_file_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_of_a_file_move_with_all_their_entries, up, world_down),
		cmocka_unit_test_setup_teardown(one_by_one_and_unmapped, up, world_down),
		cmocka_unit_test_setup_teardown(pages_in_use_stay, up, world_down),
		cmocka_unit_test_setup_teardown(a_page_found_meanwhile_stays, up, world_down),
		cmocka_unit_test_setup_teardown(a_page_that_moves_meanwhile_is_found_elsewhere, up, world_down),
		cmocka_unit_test_setup_teardown(half_way_it_is_the_file_s_and_out_of_reach, up, world_down),
		cmocka_unit_test_setup_teardown(a_fork_during_migration_copies_the_entries, up, world_down),
		cmocka_unit_test_setup_teardown(a_protected_one_comes_back_read_only, up, world_down),
		cmocka_unit_test_setup_teardown(unmapping_by_file_finds_the_entries, up, world_down),
		cmocka_unit_test_setup_teardown(a_fault_waits_for_the_page, up, world_down),
		cmocka_unit_test_setup_teardown(large_ones_move_as_a_whole, up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
