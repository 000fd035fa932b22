/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa_others: what other operations do with NUMA hints, and to them while a fault moves their page. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/numa_scene.h"

#define RW	(PROT_READ | PROT_WRITE)
#define ELSEWHERE	(AREA + 16 * PMD_SIZE)

static void end_of(struct mm_struct *mm)
{
	assert_at_rest(mm);
	mm_exit(mm);
}

/* ---- what sees them ---- */

/* Row: K4. */
static void hints_count_as_mapped(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 2);
	struct smaps_vma smaps;
	unsigned char in_core[2];
	uint64_t map[2];

	(void)state;
	assert_int_equal(sys_mincore(mm, AREA, 2 * PAGE_SIZE, in_core), 0);
	assert_true(in_core[0] == 1 && in_core[1] == 1);
	assert_int_equal(sys_pagemap(mm, AREA, 2, map), 0);
	assert_true(map[0] & PM_PRESENT && map[0] & PM_MMAP_EXCLUSIVE);
	assert_int_equal(map[0] & PM_PFRAME_MASK, pte_pfn(pte_at(mm, 0)));
	assert_int_equal(sys_smaps(mm, AREA, &smaps, 1), 1);
	assert_true(smaps.stats.resident == 2 * PAGE_SIZE && smaps.stats.private_dirty == 2 * PAGE_SIZE);
	assert_true(smaps.stats.referenced == 2 * PAGE_SIZE);
	end_of(mm);
}

/* Row: K4. */
static void fork_copies_hints(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1), *child;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_true(is_hint(mm, 0) && is_hint(child, 0));
	assert_ptr_equal(folio_at(mm, 0), folio_at(child, 0));
	assert_at_rest(mm, child);
	assert_int_equal(access_by(child, 0, 1, 0), 0);		/* for both */
	assert_ptr_equal(folio_at(mm, 0), folio_at(child, 0));
	assert_int_equal(node_of(pte_page(pte_at(mm, 0))), 1);
	assert_false(is_hint(mm, 0) || pte_write(pte_at(mm, 0)) || pte_write(pte_at(child, 0)));
	write_word(child, 0, 9);
	assert_int_equal(read_word(mm, 0), 100);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* The page is a child's too, once it is a hint: permission to write is not given back at once. Row: K4. */
static void a_shared_hint_does_not_become_writable(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1), *child;

	(void)state;
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(access_by(mm, 0, 0, 0), 0);
	assert_true(pte_accessible(pte_at(mm, 0)) && !pte_write(pte_at(mm, 0)));
	write_word(mm, 0, 9);
	assert_int_equal(read_word(child, 0), 100);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* Row: K4. */
static void mprotect_ends_hints(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 2);

	(void)state;
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ), 0);
	assert_true(pte_accessible(pte_at(mm, 0)) && !pte_write(pte_at(mm, 0)) && is_hint(mm, 1));
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, RW), 0);
	assert_true(pte_write(pte_at(mm, 0)));
	end_of(mm);
}

/* Row: K4. */
static void mremap_moves_hints(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1);

	(void)state;
	assert_int_equal(sys_mremap(mm, AREA, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
			 ELSEWHERE);
	assert_true(pte_protnone(tree_pte(mm, ELSEWHERE)));
	assert_at_rest(mm);
	assert_int_equal(do_user_addr_fault(mm, ELSEWHERE, FAULT_FLAG_WRITE), 0);
	assert_true(pte_write(tree_pte(mm, ELSEWHERE)));
	end_of(mm);
}

/* Row: K4. */
static void reclaim_swaps_hints_out(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1);

	(void)state;
	page_out(mm, 0);
	assert_true(swapped(mm, 0));
	assert_int_equal(numa_scan(mm, ALL), 0);
	assert_int_equal(read_word(mm, 0), 100);
	assert_true(pte_accessible(pte_at(mm, 0)));
	end_of(mm);
}

/* By anyone, whatever for. Row: K4. */
static void a_migration_ends_hints(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 1);

	(void)state;
	assert_int_equal(sys_migrate_range(mm, AREA, PAGE_SIZE, 1), 1);
	assert_true(pte_accessible(pte_at(mm, 0)));
	assert_int_equal(read_word(mm, 0), 100);
	end_of(mm);
}

/* Row: K4. */
static void zaps_take_hints(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA, 2);

	(void)state;
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_true(pte_none(pte_at(mm, 0)) && is_hint(mm, 1));
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 1);
	end_of(mm);
}

/* A write is found as one, through the hint. Row: K4. */
static void soft_dirty_bits_outlive_hints(void **state)
{
	struct mm_struct *mm = mm_with_hints(NUMA ",soft_dirty=on", 2);

	(void)state;
	assert_true(pte_soft_dirty(pte_at(mm, 0)));
	assert_int_equal(sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY), 0);
	assert_true(is_hint(mm, 0) && !pte_soft_dirty(pte_at(mm, 0)));
	assert_int_equal(access_by(mm, 0, 0, 0), 0);
	assert_false(pte_write(pte_at(mm, 0)) || pte_soft_dirty(pte_at(mm, 0)));
	assert_int_equal(access_by(mm, 1, 1, FAULT_FLAG_WRITE), 0);
	assert_true(pte_soft_dirty(pte_at(mm, 1)));
	end_of(mm);
}

/* Row: K4. */
static void a_userfaultfds_protection_outlives_hints(void **state)
{
	struct mm_struct *mm = mm_with_words(NUMA, 1);
	struct userfaultfd_ctx *uffd = userfaultfd_create(mm);

	(void)state;
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGE_SIZE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(userfaultfd_writeprotect(uffd, AREA, PAGE_SIZE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	assert_int_equal(numa_scan(mm, ALL), 1);
	assert_true(is_hint(mm, 0) && pte_uffd_wp(pte_at(mm, 0)));
	assert_int_equal(access_by(mm, 0, 1, 0), 0);
	assert_true(pte_uffd_wp(pte_at(mm, 0)) && !pte_write(pte_at(mm, 0)) && pte_accessible(pte_at(mm, 0)));
	assert_int_equal(numa_scan(mm, ALL), 1);
	assert_int_equal(access_by(mm, 0, 1, 0), 0);		/* it stays: it is there */
	assert_true(pte_uffd_wp(pte_at(mm, 0)) && !pte_write(pte_at(mm, 0)));
	assert_at_rest(mm);
	userfaultfd_release(uffd);
	mm_exit(mm);
}

/* As with mprotect(), a split gives its entries the VMA's permissions. Row: K4. */
static void splits_and_collapses_end_hints_of_leaves(void **state)
{
	struct mm_struct *mm;

	(void)state;
	needs_thp();
	mm = mm_with_huge_hint(NUMA_THP);
	assert_int_equal(sys_madvise(mm, page_addr(1), PAGE_SIZE, MADV_DONTNEED), 0);
	assert_true(pte_accessible(pte_at(mm, 0)) && pte_none(pte_at(mm, 1)));
	assert_int_equal(read_word(mm, 0), 100);
	assert_int_equal(numa_scan(mm, ALL), HPAGE_PMD_NR - 1);
	assert_true(is_hint(mm, 0));
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_COLLAPSE), 0);
	assert_true(is_huge(mm, AREA) && pmd_accessible(leaf_at(mm, AREA)));
	assert_int_equal(*(uint64_t *)page_payload(&huge_folio(mm, AREA)->page), 100);
	end_of(mm);
}

/* Row: K4. */
static void fork_and_mremap_take_leaves_as_they_are(void **state)
{
	struct mm_struct *mm, *child;

	(void)state;
	needs_thp();
	mm = mm_with_huge_hint(NUMA_THP);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_true(pmd_protnone(leaf_at(mm, AREA)) && pmd_protnone(leaf_at(child, AREA)));
	assert_at_rest(mm, child);
	mm_exit(child);
	assert_int_equal(sys_mremap(mm, AREA, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ELSEWHERE),
			 ELSEWHERE);
	assert_true(pmd_protnone(leaf_at(mm, ELSEWHERE)));
	cpu_stand_for(1);
	assert_int_equal(do_user_addr_fault(mm, ELSEWHERE, FAULT_FLAG_WRITE), 0);
	cpu_stand_for(0);
	assert_true(pmd_write(leaf_at(mm, ELSEWHERE)));
	assert_int_equal(node_of(&huge_folio(mm, ELSEWHERE)->page), 1);
	end_of(mm);
}

/* ---- files ---- */

static struct file *file;

static struct mm_struct *mm_of_file(int prot, int flags)
{
	struct mm_struct *mm = world_mm(NUMA ",around=4k");

	BUG_ON(sys_mmap_file(mm, AREA, 4 * PAGE_SIZE, prot, flags | MAP_FIXED, file, 0) != (long)AREA);
	read_at(mm, AREA);
	return mm;
}

static bool is_executed_by_two(void)
{
	struct mm_struct *mm = mm_of_file(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED);
	struct mm_struct *other = mm_of_file(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED);
	bool stays;

	BUG_ON(numa_scan(mm, ALL) != 1 || access_by(mm, 0, 1, 0));
	stays = pte_accessible(pte_at(mm, 0)) && !node_of(pte_page(pte_at(mm, 0)));
	mm_exit(other);
	BUG_ON(numa_scan(mm, ALL) != 1 || access_by(mm, 0, 1, 0));
	stays = stays && node_of(pte_page(pte_at(mm, 0))) == 1;
	mm_exit(mm);
	return stays;
}

/* Clean pages of what may be written to move; dirty ones, and those of libraries, stay. Row: K4. */
static void pages_of_files(void **state)
{
	struct mm_struct *mm;

	(void)state;
	file = file_create(4, 4, 0, 1);
	mm = mm_of_file(PROT_READ, MAP_SHARED);
	assert_int_equal(numa_scan(mm, ALL), 0);		/* is only read */
	mm_exit(mm);
	assert_true(is_executed_by_two());
	cpu_stand_for(1);
	mm = mm_of_file(RW, MAP_SHARED);
	cpu_stand_for(0);
	assert_int_equal(numa_scan(mm, ALL), 1);
	assert_int_equal(access_by(mm, 0, 0, 0), 0);		/* back to node 0 */
	assert_int_equal(node_of(pte_page(pte_at(mm, 0))), 0);
	assert_int_equal(numa_scan(mm, ALL), 1);
	folio_mark_dirty(folio_at(mm, 0));
	assert_int_equal(access_by(mm, 0, 1, 0), 0);
	assert_int_equal(node_of(pte_page(pte_at(mm, 0))), 0);
	assert_int_equal(numa_scan(mm, ALL), 0);
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

/* Shared anonymous memory is dirty all the time, and moves. Row: K4. */
static void shared_memory_moves(void **state)
{
	struct mm_struct *mm = world_mm(NUMA);

	(void)state;
	assert_int_equal(sys_mmap(mm, AREA, LEN, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0), AREA);
	write_word(mm, 0, 100);
	assert_int_equal(numa_scan(mm, ALL), 1);
	assert_int_equal(access_by(mm, 0, 1, FAULT_FLAG_WRITE), 0);
	assert_int_equal(node_of(pte_page(pte_at(mm, 0))), 1);
	assert_int_equal(read_word(mm, 0), 100);
	end_of(mm);
}

/* ---- while a fault moves the page ---- */

static void drop(void *mm)
{
	BUG_ON(sys_madvise(mm, AREA, LEN, MADV_DONTNEED));
}

static void drop_and_write(void *mm)
{
	drop(mm);
	write_at(mm, AREA);
}

static void fault_by_the_other_node(void *mm)
{
	BUG_ON(access_by(mm, 0, 0, FAULT_FLAG_WRITE));
}

static void move(void *mm)
{
	BUG_ON(sys_migrate_range(mm, AREA, PAGE_SIZE, 0) < 0);
}

static void swap_out(void *mm)
{
	page_out(mm, 0);
}

static void pin(void *arg)
{
	struct page *page;

	BUG_ON(pin_user_pages_fast(arg, AREA, 1, FOLL_WRITE, &page) != 1);
	unpin_user_page(page);
}

static void scan_again(void *mm)
{
	numa_scan(mm, ALL);
}

/* Whatever happens between the two looks at the entry, the fault ends with what is there then. Row: K4. */
static void what_changes_meanwhile_is_not_overwritten(void **state)
{
	static void (*const others[])(void *mm) = {
		drop, drop_and_write, fault_by_the_other_node, move, swap_out, pin, scan_again,
	};
	static const char *const points[] = { "numa.unlocked", "numa.tried", "fault.before_ptl" };

	(void)state;
	needs_checks();
	for (unsigned int i = 0; i < ARRAY_SIZE(others) * ARRAY_SIZE(points) * 2; i++) {
		struct mm_struct *mm = mm_with_hints(NUMA, 1);
		struct page *page = NULL;
		bool kept = i % 2;
		uint64_t word;

		if (kept)
			BUG_ON(pin_user_pages_fast(mm, AREA, 1, 0, &page) != 1);
		meanwhile(points[i / 2 % ARRAY_SIZE(points)], others[i / 2 / ARRAY_SIZE(points)], mm);
		assert_int_equal(access_by(mm, 0, 1, FAULT_FLAG_WRITE), 0);
		meanwhile_ran();
		assert_true(pte_write(pte_at(mm, 0)));
		word = read_word(mm, 0);
		assert_true(word == 100 || !word);
		if (kept)
			unpin_user_page(page);
		end_of(mm);
	}
}

/* Row: K4. */
static void what_changes_meanwhile_is_not_overwritten_by_a_leaf(void **state)
{
	static void (*const others[])(void *mm) = { drop, drop_and_write, fault_by_the_other_node, pin, scan_again };
	static const char *const points[] = { "numa.unlocked", "numa.tried", "fault.before_pmd_lock" };

	(void)state;
	needs_checks();
	needs_thp();
	for (unsigned int i = 0; i < ARRAY_SIZE(others) * ARRAY_SIZE(points) * 2; i++) {
		struct mm_struct *mm = mm_with_huge_hint(NUMA_THP);
		struct page *page = NULL;
		bool kept = i % 2;

		if (kept)
			BUG_ON(pin_user_pages_fast(mm, AREA, 1, 0, &page) != 1);
		meanwhile(points[i / 2 % ARRAY_SIZE(points)], others[i / 2 / ARRAY_SIZE(points)], mm);
		assert_int_equal(access_by(mm, 0, 1, FAULT_FLAG_WRITE), 0);
		meanwhile_ran();
		assert_true(pmd_write(leaf_at(mm, AREA)));
		if (kept)
			unpin_user_page(page);
		end_of(mm);
	}
}

#define IN_WORLD(test)	cmocka_unit_test_setup_teardown(test, two_nodes_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(hints_count_as_mapped),
		IN_WORLD(fork_copies_hints),
		IN_WORLD(a_shared_hint_does_not_become_writable),
		IN_WORLD(mprotect_ends_hints),
		IN_WORLD(mremap_moves_hints),
		IN_WORLD(reclaim_swaps_hints_out),
		IN_WORLD(a_migration_ends_hints),
		IN_WORLD(zaps_take_hints),
		IN_WORLD(soft_dirty_bits_outlive_hints),
		IN_WORLD(a_userfaultfds_protection_outlives_hints),
		IN_WORLD(splits_and_collapses_end_hints_of_leaves),
		IN_WORLD(fork_and_mremap_take_leaves_as_they_are),
		IN_WORLD(pages_of_files),
		IN_WORLD(shared_memory_moves),
		IN_WORLD(what_changes_meanwhile_is_not_overwritten),
		IN_WORLD(what_changes_meanwhile_is_not_overwritten_by_a_leaf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
