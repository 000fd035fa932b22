/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages of the pool, migrated: anonymous ones and those of files, in tables that mappings share; and half way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/mm/folio_walk.h"
#include "core/mm/hugetlb_share.h"
#include "core/mm/rmap.h"
#include "core/op/madvise.h"
#include "core/op/mincore.h"
#include "core/op/move_pages.h"
#include "core/op/pagemap.h"
#include "core/pgtable/swapent.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/hugetlb_scene.h"
#include "tests/lib/scene/migrator_scene.h"

#define POLICY	"linux-6.15"
#define OTHER	(AREA + 2 * PUD_SIZE)

static struct mm_struct *mm, *other;

/* Two nodes: huge pages of the pool come from them in turn, and that of the cpu is the first. */
static int up(void **state)
{
	(void)state;
	BUG_ON(faultline_start(&(struct machine_config){ 2, 8192, CACHE_LINE }));
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	return 0;
}

static int node_of(struct mm_struct *of)
{
	return (int)page_to_nid(pmd_page(huge_at(of, AREA)));
}

static void write_byte(struct mm_struct *to, unsigned long addr, unsigned char byte)
{
	BUG_ON(huge_write(to, addr));
	*huge_byte(to, addr) = byte;
}

/* The status of AREA after it was to move to node @nid. */
static int moved_to(int nid, unsigned int flags)
{
	unsigned long addr = AREA + 3 * PAGE_SIZE;
	int status = 0;
	long left = sys_move_pages(mm, 1, &addr, &nid, &status, flags);

	assert_int_equal(left, status == -EBUSY || status == -ENOMEM);
	return status;
}

/* Row: A9. */
static void it_moves_to_a_free_one_of_the_node(void **state)
{
	struct page *page;
	struct folio *old;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 4, 1);
	write_byte(mm, AREA + 9 * PAGE_SIZE, 7);
	old = huge_folio_at(mm, AREA);
	assert_int_equal(node_of(mm), 0);
	assert_int_equal(moved_to(1, MPOL_MF_MOVE), 1);
	assert_int_equal(node_of(mm), 1);
	assert_true(pool_is(3, 0) && !folio_ref_count(old));
	assert_true(pmd_write(huge_at(mm, AREA)) && pmd_dirty(huge_at(mm, AREA)) &&
		    PageAnonExclusive(pmd_page(huge_at(mm, AREA))));
	assert_int_equal(*huge_byte(mm, AREA + 9 * PAGE_SIZE), 7);
	assert_int_equal(sys_migrate_range(mm, AREA, PAGE_SIZE, 0), HUGE);
	assert_int_equal(node_of(mm), 0);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(moved_to(1, MPOL_MF_MOVE), -EBUSY);
	unpin_user_page(page);
	assert_int_equal(sys_fork(mm, &other), 0);
	assert_int_equal(moved_to(1, MPOL_MF_MOVE), -EACCES);
	assert_int_equal(moved_to(1, MPOL_MF_MOVE_ALL), 1);
	assert_ptr_equal(huge_folio_at(mm, AREA), huge_folio_at(other, AREA));
	assert_true(pool_is(3, 0));
	end_of(mm, other);
}

/* All others are reserved: it moves to a new one, and its own leaves the pool. Row: A9. */
static void without_a_free_one_the_pool_gets_another(void **state)
{
	struct folio *old;
	struct page *page;

	(void)state;
	needs_huge_pages();
	mm = hugetlb_mm(POLICY, 3, 3);
	write_byte(mm, AREA, 7);
	old = huge_folio_at(mm, AREA);
	assert_int_equal(moved_to(1, MPOL_MF_MOVE), 1);
	assert_true(pool_is(2, 2) && hugetlb_pool_counts(HPAGE_PMD_ORDER).nr == 3 && !folio_test_hugetlb(old));
	assert_true(node_of(mm) == 1 && *huge_byte(mm, AREA) == 7);
	/* A failed move frees the new one. */
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(moved_to(0, MPOL_MF_MOVE), -EBUSY);
	unpin_user_page(page);
	assert_true(pool_is(2, 2) && hugetlb_pool_counts(HPAGE_PMD_ORDER).nr == 3);
	world_take_frames(0);
	assert_int_equal(moved_to(0, MPOL_MF_MOVE), -ENOMEM);
	world_give_frames();
	/* The one it has is of the pool for good. */
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED), 0);
	assert_true(pool_is(3, 3));
	end_of(mm);
}

/* Two mms share the table, one has its own, one maps it privately: each maps what is moved, with what was written. */
static void a_file_s_is_unmapped_by_unsharing(void **state)
{
	struct mm_struct *single, *private;
	struct folio *folio;
	struct file *file;

	(void)state;
	needs_huge_pages();
	pool_of(4);
	file = huge_file(PTRS_PER_PMD, PTRS_PER_PMD);
	mm = world_mm(POLICY);
	other = world_mm(POLICY);
	single = world_mm(POLICY);
	private = world_mm(POLICY);
	assert_int_equal(map_huge_file(mm, AREA, PTRS_PER_PMD, MAP_SHARED | MAP_NORESERVE, file, 0), AREA);
	assert_int_equal(map_huge_file(other, AREA, PTRS_PER_PMD, MAP_SHARED | MAP_NORESERVE, file, 0), AREA);
	assert_int_equal(map_huge_file(single, AREA, 1, MAP_SHARED | MAP_NORESERVE, file, 0), AREA);
	assert_int_equal(map_huge_file(private, AREA, 1, MAP_PRIVATE | MAP_NORESERVE, file, 0), AREA);
	write_byte(mm, AREA, 7);
	assert_int_equal(huge_write(other, AREA) | huge_write(single, AREA) | huge_read(private, AREA), 0);
	folio = huge_folio_at(mm, AREA);
	assert_int_equal(folio_mapcount(folio), 3);
	assert_int_equal(events_total(EV_PMD_SHARE), 1);
	assert_int_equal(moved_to(1, MPOL_MF_MOVE_ALL), 1);
	assert_int_equal(events_total(EV_PMD_UNSHARE), 1);
	assert_int_equal(node_of(single), 1);
	folio = huge_folio_at(single, AREA);
	assert_true(folio_mapcount(folio) == 3 && folio_test_dirty(folio) && file->mapping.nrpages == HUGE);
	assert_true(pmd_none(huge_at(mm, AREA)) != pmd_none(huge_at(other, AREA)));
	assert_ptr_equal(huge_folio_at(private, AREA), folio);
	assert_false(pmd_write(huge_at(private, AREA)));
	assert_int_equal(huge_write(mm, AREA) | huge_write(other, AREA), 0);
	assert_int_equal(events_total(EV_PMD_SHARE), 2);
	assert_true(*huge_byte(mm, AREA) == 7 && huge_folio_at(other, AREA) == folio);
	assert_true(pool_is(3, 0));
	folio_get(folio);
	assert_int_equal(sys_ftruncate(file, 0), 0);
	assert_int_equal(migrate_folio(folio, 0), -EBUSY);
	end_of_file(file, mm, other, single, private);
}

static void move_it_elsewhere(void *unused)
{
	unsigned long addr = AREA;
	int nid = 1, status;

	(void)unused;
	BUG_ON(sys_move_pages(mm, 1, &addr, &nid, &status, MPOL_MF_MOVE_ALL) != 1 || status != -EBUSY);
}

/* It has the hugetlb VMA lock, which an rmap walk does not wait for. Row: A9. */
static void a_fault_in_a_sharer_makes_it_fail(void **state)
{
	struct file *file;

	(void)state;
	needs_huge_pages();
	if (!FAULTLINE_CHECK)
		skip();
	pool_of(4);
	file = huge_file(PTRS_PER_PMD, PTRS_PER_PMD);
	mm = world_mm(POLICY);
	other = world_mm(POLICY);
	assert_int_equal(map_huge_file(mm, AREA, PTRS_PER_PMD, MAP_SHARED | MAP_NORESERVE, file, 0), AREA);
	assert_int_equal(map_huge_file(other, AREA, PTRS_PER_PMD, MAP_SHARED | MAP_NORESERVE, file, 0), AREA);
	write_byte(mm, AREA, 7);
	assert_int_equal(huge_write(other, AREA), 0);
	meanwhile("hugetlb.fault_locked", move_it_elsewhere, NULL);
	assert_int_equal(huge_write(other, AREA + PMD_SIZE), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(node_of(other) == 0 && *huge_byte(other, AREA) == 7);	/* @mm was unshared already */
	assert_true(pool_is(2, 0));
	end_of_file(file, mm, other);
}

/* ---- half way ---- */

static struct test_threads *begin_half_way(struct file *file)
{
	struct folio *folio;

	mm = world_mm(POLICY);
	pool_of(3);
	if (file)
		BUG_ON(map_huge_file(mm, AREA, 1, MAP_PRIVATE, file, 0) != (long)AREA);
	else
		BUG_ON(map_huge(mm, AREA, 1, MAP_FIXED) != (long)AREA);
	write_byte(mm, AREA, 7);
	folio = huge_folio_at(mm, AREA);
	folio_get(folio);
	return start_migrator_of(folio);
}

static void look_at_it(void)
{
	unsigned long addr = AREA + 5 * PAGE_SIZE;
	unsigned char vec;
	struct page *page;
	uint64_t map;

	assert_true(is_pmd_migration_entry(huge_at(mm, AREA)));
	assert_int_equal(sys_mincore(mm, addr, PAGE_SIZE, &vec), 0);
	assert_int_equal(vec, 1);
	assert_int_equal(sys_pagemap(mm, addr, 1, &map), 0);
	assert_int_equal(map, PM_SWAP | (folio_pfn(migrator_scene.folio) + 5));
	assert_int_equal(get_user_pages_fast(mm, addr, 1, FOLL_FAST_ONLY, &page), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_HUGETLBPAGES), HUGE);
	assert_int_equal(folio_mapcount(migrator_scene.folio), 0);
}

static void write_it(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(huge_write(mm, AREA));
	frame_drain_cpu();
}

/* Row: L7. */
static void a_fault_waits_for_its_end(void **state)
{
	struct test_threads *threads, *fault;
	uint64_t waits = events_total(EV_MIGRATE_WAIT);

	(void)state;
	needs_huge_pages();
	threads = begin_half_way(NULL);
	look_at_it();
	fault = threads_start(1, write_it, NULL);
	while (events_total(EV_MIGRATE_WAIT) == waits)
		cpu_relax();
	end_migrator(threads);
	threads_join(fault);
	assert_true(pmd_write(huge_at(mm, AREA)) && PageAnonExclusive(pmd_page(huge_at(mm, AREA))));
	assert_int_equal(*huge_byte(mm, AREA), 7);
	end_of(mm);
}

static void drop_it(void)
{
	BUG_ON(sys_madvise(mm, AREA, PMD_SIZE, MADV_DONTNEED));
}

static void unmap_it(void)
{
	BUG_ON(sys_munmap(mm, AREA, PMD_SIZE));
}

static void protect_it(void)
{
	BUG_ON(sys_mprotect(mm, AREA, PMD_SIZE, PROT_READ) || sys_mprotect(mm, AREA, PMD_SIZE, READ_WRITE));
}

static void fork_it(void)
{
	BUG_ON(sys_fork(mm, &other));
}

static void move_it(void)
{
	BUG_ON(sys_mremap(mm, AREA, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, OTHER) != (long)OTHER);
}

/* Rows: A5, A9, L8. */
static void other_operations_on_a_leaf_half_way(void **state)
{
	static const struct {
		void (*fn)(void);
		unsigned long at;	/* of the leaf afterwards; 0: none */
		bool exclusive, writable;
	} steps[] = {
		{ drop_it, 0, false, false }, { unmap_it, 0, false, false }, { protect_it, AREA, true, false },
		{ fork_it, AREA, false, false }, { move_it, OTHER, true, true },
	};

	(void)state;
	needs_huge_pages();
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		struct test_threads *threads = begin_half_way(NULL);
		unsigned long at = steps[i].at;

		other = world_mm(POLICY);
		if (steps[i].fn == fork_it)
			mm_exit(other);
		steps[i].fn();
		end_migrator(threads);
		assert_int_equal(mm_counter_sum(&mm->pt, MM_HUGETLBPAGES), at ? HUGE : 0);
		if (at) {
			assert_int_equal(*huge_byte(mm, at), 7);
			assert_int_equal(PageAnonExclusive(pmd_page(huge_at(mm, at))), steps[i].exclusive);
			assert_int_equal(pmd_write(huge_at(mm, at)), steps[i].writable);
		}
		if (steps[i].fn == fork_it)
			assert_ptr_equal(huge_folio_at(mm, AREA), huge_folio_at(other, AREA));
		assert_true(pool_is(3 - !!at, 0));
		end_of(mm, other);
	}
}

/* Truncation takes the copies of private mappings, too, under migration or not. Row: L8. */
static void truncation_takes_it_half_way(void **state)
{
	struct test_threads *threads;
	struct file *file;

	(void)state;
	needs_huge_pages();
	file = huge_file(1, 1);
	threads = begin_half_way(file);
	look_at_it();
	assert_int_equal(sys_ftruncate(file, 0), 0);
	assert_true(pmd_none(huge_at(mm, AREA)));
	end_migrator(threads);
	assert_true(pmd_none(huge_at(mm, AREA)));
	end_of_file(file, mm);
}

/* ---- the other size ---- */

/* As up(), with one free row of 1 GiB on each node. */
static int up_with_giants(void **state)
{
	(void)state;
	BUG_ON(faultline_start(&(struct machine_config){ 2, GIGANTIC_FRAMES(1), 0 }));
	BUG_ON(cpu_register(0, MEM_LOCAL, 1));
	return 0;
}

/* The folio at AREA, half way. */
static void look_at_giant(void *folio)
{
	unsigned long addr = AREA + PMD_SIZE + 5 * PAGE_SIZE;
	struct folio_walk fw;
	struct page *page;
	uint64_t map;

	BUG_ON(!is_pmd_migration_entry(gigantic_at(mm, AREA)) || folio_mapcount(folio));
	BUG_ON(sys_pagemap(mm, addr, 1, &map) || map != (PM_SWAP | (folio_pfn(folio) + HPAGE_PMD_NR + 5)));
	BUG_ON(get_user_pages_fast(mm, addr, 1, FOLL_FAST_ONLY, &page));
	mmap_read_lock(mm);
	BUG_ON(folio_walk_start(&fw, vma_tree_find(&mm->tree, AREA), addr, 0));
	BUG_ON(folio_walk_start(&fw, vma_tree_find(&mm->tree, AREA), addr, FW_MIGRATION) != folio || fw.page);
	folio_walk_end(&fw, vma_tree_find(&mm->tree, AREA));
	mmap_read_unlock(mm);
}

static void drop_giant(void *arg)
{
	(void)arg;
	BUG_ON(sys_madvise(mm, AREA, PUD_SIZE, MADV_DONTNEED));
}

static void read_giant(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(huge_read(mm, AREA));
	frame_drain_cpu();
}

/* The fault waits, and then finds the new one. */
static void read_it_meanwhile(void *threads)
{
	uint64_t waits = events_total(EV_MIGRATE_WAIT);

	*(struct test_threads **)threads = threads_start(1, read_giant, NULL);
	while (events_total(EV_MIGRATE_WAIT) == waits)
		cpu_relax();
}

/* Rows: A9, L7, W12. */
static void leaves_of_pud_tables_move_too(void **state)
{
	struct test_threads *fault;
	struct folio *old;

	(void)state;
	needs_huge_pages();
	if (!FAULTLINE_CHECK)
		skip();
	mm = world_mm(POLICY);
	gigantic_pool_of(2);
	assert_int_equal(map_gigantic(mm, AREA, 1, MAP_FIXED), AREA);
	assert_int_equal(huge_write(mm, AREA), 0);
	old = gigantic_folio_at(mm, AREA);
	assert_int_equal(page_to_nid(&old->page), 0);
	meanwhile("migrate.unmapped", look_at_giant, old);
	assert_int_equal(moved_to(1, MPOL_MF_MOVE), 1);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(page_to_nid(pmd_page(gigantic_at(mm, AREA))), 1);
	assert_true(gigantic_pool_is(1, 0) && !folio_ref_count(old));
	assert_true(pmd_write(gigantic_at(mm, AREA)) && folio_mapcount(gigantic_folio_at(mm, AREA)) == 1);
	other = fork_mm(mm);
	meanwhile("migrate.unmapped", read_it_meanwhile, &fault);
	assert_int_equal(sys_migrate_range(mm, AREA + PMD_SIZE, PAGE_SIZE, 0), HPAGE_PUD_NR);
	threads_join(fault);
	assert_ptr_equal(gigantic_folio_at(other, AREA), old);
	meanwhile("migrate.unmapped", drop_giant, NULL);
	assert_int_equal(moved_to(1, MPOL_MF_MOVE_ALL), 1);
	assert_true(pmd_none(gigantic_at(mm, AREA)));
	end_of(mm, other);
}

#define ready(test)	cmocka_unit_test_setup_teardown(test, up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ready(it_moves_to_a_free_one_of_the_node),
		ready(without_a_free_one_the_pool_gets_another),
		ready(a_file_s_is_unmapped_by_unsharing),
		ready(a_fault_in_a_sharer_makes_it_fail),
		ready(a_fault_waits_for_its_end),
		ready(other_operations_on_a_leaf_half_way),
		ready(truncation_takes_it_half_way),
		cmocka_unit_test_setup_teardown(leaves_of_pud_tables_move_too, up_with_giants, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
