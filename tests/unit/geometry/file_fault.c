/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_fault: what reads and writes of mapped files do, by themselves, after fork, moves and splits, and when memory
 * runs out.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/file_scene.h"

#define PAGE(n)	((n) * PAGE_SIZE)

static uint64_t seeded(unsigned long index)
{
	return file_seeded_word(FILE_SEED, index);
}

static long file_pages(struct mm_struct *mm)
{
	return mm_counter_sum(&mm->pt, MM_FILEPAGES);
}

static long anon_pages(struct mm_struct *mm)
{
	return mm_counter_sum(&mm->pt, MM_ANONPAGES);
}

static struct folio *folio_at(struct mm_struct *mm, unsigned long addr)
{
	return page_folio(pte_page(tree_pte(mm, addr)));
}

static void a_read_maps_the_file_s_page(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct file *file = scene_file();
		struct mm_struct *mm = file_mm(world_policies[p], file);

		assert_int_equal(load_word(mm, SHARED_AT + PAGE(3)), seeded(3));
		assert_int_equal(load_word(mm, PRIVATE_AT + PAGE(3)), seeded(3));
		assert_ptr_equal(folio_at(mm, SHARED_AT + PAGE(3)), folio_at(mm, PRIVATE_AT + PAGE(3)));
		assert_false(pte_write(tree_pte(mm, SHARED_AT + PAGE(3))) ||
			     pte_write(tree_pte(mm, PRIVATE_AT + PAGE(3))));
		assert_int_equal(folio_ref_count(folio_at(mm, SHARED_AT + PAGE(3))), 3);
		assert_int_equal(folio_mapcount(folio_at(mm, SHARED_AT + PAGE(3))), 2);
		assert_false(folio_test_dirty(folio_at(mm, SHARED_AT + PAGE(3))));
		assert_int_equal(file_pages(mm), 2);
		assert_int_equal(anon_pages(mm), 0);
		assert_at_rest(mm);
		mm_exit(mm);
		file_put(file);
	}
}

/* By a first fault, and by one on a page that was read before. */
/* Row: L7. */
static void a_shared_write_is_everybody_s(void **state)
{
	(void)state;
	for (unsigned int read_first = 0; read_first < 2; read_first++) {
		struct file *file = scene_file();
		struct mm_struct *mms[] = { file_mm("linux-6.15", file), file_mm("linux-6.4", file) };

		if (read_first)
			assert_int_equal(load_word(mms[0], SHARED_AT), seeded(0));
		assert_int_equal(load_word(mms[1], PRIVATE_AT), seeded(0));
		store_word(mms[0], SHARED_AT, 42);
		assert_int_equal(load_word(mms[0], SHARED_AT), 42);
		assert_int_equal(load_word(mms[1], SHARED_AT), 42);
		assert_int_equal(load_word(mms[1], PRIVATE_AT), 42);
		assert_true(folio_test_dirty(folio_at(mms[1], PRIVATE_AT)));
		assert_int_equal(anon_pages(mms[0]) + anon_pages(mms[1]), 0);
		assert_true(rests(mms, 2));
		mm_exit(mms[0]);
		mm_exit(mms[1]);
		file_put(file);
	}
}

static void a_private_write_is_its_own(void **state)
{
	(void)state;
	for (unsigned int read_first = 0; read_first < 2; read_first++) {
		struct file *file = scene_file();
		struct mm_struct *mm = file_mm("linux-6.15", file);

		if (read_first)
			assert_int_equal(load_word(mm, PRIVATE_AT + PAGE(9)), seeded(9));
		store_word(mm, PRIVATE_AT + PAGE(9), 42);
		assert_int_equal(load_word(mm, SHARED_AT + PAGE(9)), seeded(9));
		store_word(mm, SHARED_AT + PAGE(9), 43);
		assert_int_equal(load_word(mm, PRIVATE_AT + PAGE(9)), 42);
		assert_int_equal(page_type(&folio_at(mm, PRIVATE_AT + PAGE(9))->page), PAGE_ANON);
		assert_int_equal(anon_pages(mm), 1);
		assert_int_equal(file_pages(mm), 1);
		assert_at_rest(mm);
		BUG_ON(sys_madvise(mm, PRIVATE_AT, PAGE(FILE_PAGES), MADV_DONTNEED));
		assert_int_equal(load_word(mm, PRIVATE_AT + PAGE(9)), 43);
		mm_exit(mm);
		file_put(file);
	}
}

/* Row: A5. */
static void fork_shares_what_is_shared_and_copies_the_rest(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mms[2] = { file_mm("linux-6.15", file) };

	(void)state;
	store_word(mms[0], SHARED_AT, 1);
	store_word(mms[0], PRIVATE_AT, 2);
	load_word(mms[0], PRIVATE_AT + PAGE(1));
	assert_int_equal(sys_fork(mms[0], &mms[1]), 0);
	/* of the VMA that had to be copied; the other's come by faults */
	assert_int_equal(file_pages(mms[1]), 1);
	assert_true(rests(mms, 2));
	store_word(mms[0], SHARED_AT, 3);
	store_word(mms[0], PRIVATE_AT, 4);
	store_word(mms[1], PRIVATE_AT + PAGE(1), 5);
	assert_int_equal(load_word(mms[1], SHARED_AT), 3);
	assert_int_equal(load_word(mms[1], PRIVATE_AT), 2);
	assert_int_equal(load_word(mms[0], PRIVATE_AT + PAGE(1)), seeded(1));
	assert_true(rests(mms, 2));
	file_put(file);		/* its VMAs keep it */
	mm_exit(mms[0]);
	assert_int_equal(load_word(mms[1], SHARED_AT), 3);
	assert_at_rest(mms[1]);
	mm_exit(mms[1]);
}

/* Split, joined, cut, moved and grown: each page stays that page of the file, and the file knows where. */
static void a_mapping_that_changes_shape_stays_on_its_file(void **state)
{
	unsigned long there = SHARED_AT + 16 * PMD_SIZE;
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);

	(void)state;
	for (unsigned long i = 0; i < FILE_PAGES; i++)
		store_word(mm, SHARED_AT + PAGE(i), 100 + i);
	BUG_ON(sys_mprotect(mm, SHARED_AT + PAGE(8), PAGE(8), PROT_READ));
	assert_int_equal(interval_tree_check(&file->mapping.i_mmap), 4);
	assert_at_rest(mm);
	BUG_ON(sys_mprotect(mm, SHARED_AT + PAGE(8), PAGE(8), RW));
	assert_int_equal(interval_tree_check(&file->mapping.i_mmap), 2);
	assert_true(pte_write(tree_pte(mm, SHARED_AT + PAGE(8))));	/* it was dirty: no fault is needed to notice */
	BUG_ON(sys_munmap(mm, SHARED_AT + PAGE(20), PAGE(4)));
	assert_int_equal(interval_tree_check(&file->mapping.i_mmap), 3);
	assert_at_rest(mm);
	BUG_ON(sys_mremap(mm, SHARED_AT + PAGE(24), PAGE(8), PAGE(8), MREMAP_MAYMOVE | MREMAP_FIXED, there) !=
	       (long)there);
	assert_at_rest(mm);
	assert_int_equal(load_word(mm, there + PAGE(3)), 127);
	BUG_ON(sys_mremap(mm, there, PAGE(8), PAGE(16), 0, 0) != (long)there);
	assert_int_equal(load_word(mm, there + PAGE(12)), 136);		/* what it grew by comes from the file */
	map_file_at(mm, SHARED_AT + PAGE(20), 4, RW, MAP_SHARED, file, 20);
	map_file_at(mm, SHARED_AT + PAGE(24), 8, RW, MAP_SHARED, file, 24);
	assert_int_equal(load_word(mm, SHARED_AT + PAGE(22)), 122);
	assert_at_rest(mm);
	/* joined again: same file, page after page */
	assert_int_equal(interval_tree_check(&file->mapping.i_mmap), 3);
	map_file_at(mm, SHARED_AT + PAGE(FILE_PAGES), 8, RW, MAP_SHARED, file, 8);
	/* another page of the file: not joined */
	assert_int_equal(interval_tree_check(&file->mapping.i_mmap), 4);
	mm_exit(mm);
	file_put(file);
}

/* A move of nothing maps the pages from there on a second time: of a shared mapping, which it stays. */
static void a_second_mapping_sees_the_same(void **state)
{
	unsigned long there = SHARED_AT + 16 * PMD_SIZE;
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);

	(void)state;
	store_word(mm, SHARED_AT + PAGE(3), 1);
	assert_int_equal(sys_mremap(mm, PRIVATE_AT, 0, PAGE(8), MREMAP_MAYMOVE | MREMAP_FIXED, there), -EINVAL);
	assert_int_equal(sys_mremap(mm, SHARED_AT, 0, PAGE(8), 0, 0), -ENOMEM);
	assert_int_equal(sys_mremap(mm, SHARED_AT + PAGE(2), 0, PAGE(8), MREMAP_MAYMOVE | MREMAP_FIXED, there), there);
	assert_int_equal(interval_tree_check(&file->mapping.i_mmap), 3);
	assert_int_equal(load_word(mm, there + PAGE(1)), 1);
	store_word(mm, there + PAGE(1), 2);
	assert_int_equal(load_word(mm, SHARED_AT + PAGE(3)), 2);
	assert_ptr_equal(folio_at(mm, SHARED_AT + PAGE(3)), folio_at(mm, there + PAGE(1)));
	assert_true(sys_mremap(mm, SHARED_AT, 0, PAGE(FILE_PAGES), MREMAP_MAYMOVE, 0) > 0);
	assert_at_rest(mm);
	/* Over itself: it makes room, and is gone. */
	assert_int_equal(sys_mremap(mm, SHARED_AT, 0, PAGE(1), MREMAP_MAYMOVE | MREMAP_FIXED, SHARED_AT), -EFAULT);
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

static void nothing_lies_beyond_the_end(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	map_file_at(mm, SHARED_AT, FILE_PAGES + 8, RW, MAP_SHARED, file, 0);
	map_file_at(mm, PRIVATE_AT, FILE_PAGES + 8, RW, MAP_PRIVATE, file, 0);
	for (unsigned int write = 0; write < 2; write++) {
		uint64_t word = 1;

		assert_int_equal(access_word(mm, SHARED_AT + PAGE(FILE_PAGES), &word, write), VM_FAULT_SIGBUS);
		assert_int_equal(access_word(mm, PRIVATE_AT + PAGE(FILE_PAGES), &word, write), VM_FAULT_SIGBUS);
		assert_int_equal(access_word(mm, PRIVATE_AT + PAGE(FILE_PAGES - 1), &word, write), 0);
	}
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
}

static void mmap_refuses(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	assert_int_equal(sys_mmap_file(mm, 0, 0, RW, MAP_SHARED, file, 0), -EINVAL);
	assert_int_equal(sys_mmap_file(mm, 0, PAGE(1), RW, 0, file, 0), -EINVAL);
	assert_int_equal(sys_mmap_file(mm, 0, PAGE(1), RW, MAP_SHARED | MAP_ANONYMOUS, file, 0), -EINVAL);
	assert_int_equal(sys_mmap_file(mm, 0, PAGE(2), RW, MAP_SHARED, file, ~0ul), -EOVERFLOW);
	assert_int_equal(sys_mmap_file(mm, 0, PAGE(2), RW, MAP_SHARED, file, LONG_MAX >> PAGE_SHIFT), -EOVERFLOW);
	assert_int_equal(load_relaxed(&file->refcount), 1);
	mm_exit(mm);
	file_put(file);
}

/* Folios of several pages: each page is mapped by itself, all are referenced and removed as one. */
static void large_folios(void **state)
{
	struct file *file = file_create(FILE_PAGES, FILE_PAGES, 3, FILE_SEED);
	struct mm_struct *mms[2] = { file_mm(SINGLE_FAULTS, file) };

	(void)state;
	for (unsigned long i = 0; i < FILE_PAGES; i += 3)
		assert_int_equal(load_word(mms[0], SHARED_AT + PAGE(i)), seeded(i));
	store_word(mms[0], PRIVATE_AT + PAGE(5), 1);
	load_word(mms[0], PRIVATE_AT + PAGE(6));
	load_word(mms[0], PRIVATE_AT + PAGE(7));
	assert_int_equal(folio_mapcount(folio_at(mms[0], PRIVATE_AT + PAGE(6))), 5);
	assert_int_equal(sys_fork(mms[0], &mms[1]), 0);
	assert_true(folio_maybe_mapped_shared(folio_at(mms[0], PRIVATE_AT + PAGE(6))));
	assert_true(rests(mms, 2));
	assert_int_equal(sys_ftruncate(file, 12), -EINVAL);
	assert_int_equal(sys_ftruncate(file, 8), 0);
	assert_int_equal(file_pages(mms[0]), 3 + 2);
	assert_true(rests(mms, 2));
	mm_exit(mms[0]);
	mm_exit(mms[1]);
	file_put(file);
}

static void touch_all_ways(struct mm_struct *mm, struct file *file, unsigned long fails)
{
	const unsigned long at[] = { SHARED_AT, SHARED_AT + PAGE(1), PRIVATE_AT, PRIVATE_AT + PAGE(2),
				     PRIVATE_AT + PAGE(2) };
	const unsigned int flags[] = { 0, FAULT_FLAG_WRITE, FAULT_FLAG_WRITE, 0, FAULT_FLAG_WRITE };

	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
		inject_alloc_failure(fails);
		if (do_user_addr_fault(mm, at[i], flags[i]))
			assert_int_equal(do_user_addr_fault(mm, at[i], flags[i]), 0);
		inject_alloc_failure(0);
	}
	inject_alloc_failure(fails);
	BUG_ON(sys_munmap(mm, SHARED_AT + PAGE(4), PAGE(1)) && sys_munmap(mm, SHARED_AT + PAGE(4), PAGE(1)));
	inject_alloc_failure(fails);
	if (sys_mmap_file(mm, 0, PAGE(1), RW, MAP_SHARED, file, 3) < 0)
		assert_int_equal(load_relaxed(&file->refcount), 4);
	inject_alloc_failure(0);
}

static void memory_that_runs_out_changes_nothing(void **state)
{
	(void)state;
	needs_checks();
	for (unsigned long fails = 1; fails < 8; fails++) {
		struct file *file = scene_file();
		struct mm_struct *mm = file_mm("linux-6.15", file);

		touch_all_ways(mm, file, fails);
		assert_at_rest(mm);
		mm_exit(mm);
		file_put(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_read_maps_the_file_s_page, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_shared_write_is_everybody_s, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_private_write_is_its_own, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(fork_shares_what_is_shared_and_copies_the_rest, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(a_mapping_that_changes_shape_stays_on_its_file, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(a_second_mapping_sees_the_same, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(nothing_lies_beyond_the_end, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(mmap_refuses, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(large_folios, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(memory_that_runs_out_changes_nothing, world_up_with_words, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
