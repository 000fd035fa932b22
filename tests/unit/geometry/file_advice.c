/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_advice: madvise and mincore where a file is mapped, and pages of it that are hwpoisoned. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/memory_failure.h"
#include "tests/lib/scene/file_scene.h"

#define PAGE(n)	((n) * PAGE_SIZE)

static struct file *file;
static struct mm_struct *mm;

static int begin(void **state)
{
	world_up_with_words(state);
	file = scene_file();
	mm = file_mm("linux-6.15", file);
	return 0;
}

static int end(void **state)
{
	assert_at_rest(mm);
	mm_exit(mm);
	file_put(file);
	return world_down(state);
}

static unsigned char in_core(unsigned long addr)
{
	unsigned char there = 2;

	assert_int_equal(sys_mincore(mm, addr, PAGE_SIZE, &there), 0);
	return there;
}

/* Row: G2. The file's cached pages are present for every mapping of it, whichever fault read them. */
static void mincore_looks_into_the_file(void **state)
{
	(void)state;
	assert_int_equal(in_core(SHARED_AT + PAGE(1)), 0);		/* no table yet */
	load_word(mm, PRIVATE_AT + PAGE(1));
	assert_int_equal(in_core(PRIVATE_AT + PAGE(1)), 1);
	assert_int_equal(in_core(SHARED_AT + PAGE(1)), 1);
	load_word(mm, SHARED_AT + PAGE(2));
	assert_int_equal(in_core(SHARED_AT + PAGE(1)), 1);		/* a table, and no entry */
	assert_int_equal(in_core(SHARED_AT + PAGE(3)), 0);
	assert_int_equal(sys_madvise(mm, SHARED_AT + PAGE(2), PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(in_core(SHARED_AT + PAGE(2)), 1);
	assert_int_equal(sys_ftruncate(file, 2), 0);
	assert_int_equal(in_core(SHARED_AT + PAGE(2)), 0);
	assert_int_equal(in_core(SHARED_AT + PAGE(1)), 1);
}

/* Row: G2. What was written stays in the file, and a private copy is gone. */
static void dontneed_drops_copies_and_keeps_the_file(void **state)
{
	(void)state;
	store_word(mm, SHARED_AT, 1);
	store_word(mm, PRIVATE_AT, 2);
	assert_int_equal(sys_madvise(mm, SHARED_AT, PAGE(FILE_PAGES), MADV_DONTNEED), 0);
	assert_int_equal(sys_madvise(mm, PRIVATE_AT, PAGE(FILE_PAGES), MADV_DONTNEED), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES) + mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_at_rest(mm);
	assert_int_equal(load_word(mm, PRIVATE_AT), 1);
	assert_int_equal(filemap_writeback(file), 1);
	assert_int_equal(file->device[0], 1);
}

/* Row: G2. */
static void populate_maps_what_a_fault_would(void **state)
{
	(void)state;
	assert_int_equal(sys_madvise(mm, PRIVATE_AT, PAGE(8), MADV_POPULATE_READ), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 8);
	assert_int_equal(sys_madvise(mm, SHARED_AT, PAGE(8), MADV_POPULATE_WRITE), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 16);
	assert_int_equal(sys_madvise(mm, PRIVATE_AT, PAGE(8), MADV_POPULATE_WRITE), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 8);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 8);
	assert_true(pte_write(tree_pte(mm, SHARED_AT + PAGE(7))) && pte_write(tree_pte(mm, PRIVATE_AT + PAGE(7))));
	assert_int_equal(filemap_writeback(file), 8);
	assert_int_equal(sys_ftruncate(file, 8), 0);
	assert_int_equal(sys_madvise(mm, SHARED_AT, PAGE(9), MADV_POPULATE_READ), -EFAULT);
}

/* Row: G1. Guards outlast what the file does; a touch of one is fatal, not an end of the file. */
static void guards_stay_when_the_file_is_cut(void **state)
{
	uint64_t word;

	(void)state;
	store_word(mm, PRIVATE_AT + PAGE(4), 1);
	for (unsigned int i = 0; i < 2; i++) {
		unsigned long at = (i ? PRIVATE_AT : SHARED_AT) + PAGE(4);

		load_word(mm, at);
		assert_int_equal(sys_madvise(mm, at, PAGE(2), MADV_GUARD_INSTALL), 0);
		assert_int_equal(access_word(mm, at, &word, false), VM_FAULT_SIGSEGV);
		assert_int_equal(sys_ftruncate(file, 4), 0);
		assert_int_equal(access_word(mm, at, &word, false), VM_FAULT_SIGSEGV);
		assert_int_equal(access_word(mm, at + PAGE(2), &word, false), VM_FAULT_SIGBUS);
		assert_int_equal(sys_ftruncate(file, FILE_PAGES), 0);
		assert_int_equal(access_word(mm, at, &word, true), VM_FAULT_SIGSEGV);
		assert_int_equal(sys_madvise(mm, at, PAGE(2), MADV_GUARD_REMOVE), 0);
		assert_int_equal(load_word(mm, at), 0);
	}
}

/* ---- hwpoisoned pages ---- */

static int lose(unsigned long index)
{
	struct folio *folio = filemap_get_folio(&file->mapping, index);
	int err = memory_failure(folio);

	folio_put(folio);
	return err;
}

/* Row: A9. The device has what it held: faults read it in again. */
static void a_clean_page_that_is_lost_is_read_again(void **state)
{
	(void)state;
	load_word(mm, SHARED_AT + PAGE(1));
	load_word(mm, PRIVATE_AT + PAGE(1));
	store_word(mm, PRIVATE_AT + PAGE(2), 42);	/* a copy: no page of the file */
	assert_int_equal(lose(1), 0);
	assert_int_equal(lose(2), 0);
	assert_true(pte_none(tree_pte(mm, SHARED_AT + PAGE(1))) && pte_none(tree_pte(mm, PRIVATE_AT + PAGE(1))));
	assert_null(filemap_get_folio(&file->mapping, 1));
	assert_at_rest(mm);
	assert_int_equal(load_word(mm, SHARED_AT + PAGE(1)), file_seeded_word(FILE_SEED, 1));
	assert_int_equal(load_word(mm, PRIVATE_AT + PAGE(2)), 42);
	assert_int_equal(filemap_check_errors(&file->mapping), 0);
}

/* Row: A9. Where it was mapped, no access finds the old contents; and the file reports an error, once. */
static void a_dirty_page_that_is_lost_is_poison(void **state)
{
	uint64_t word;

	(void)state;
	store_word(mm, SHARED_AT + PAGE(1), 42);
	assert_int_equal(lose(1), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_FILEPAGES), 0);
	assert_int_equal(access_word(mm, SHARED_AT + PAGE(1), &word, false), VM_FAULT_HWPOISON);
	assert_at_rest(mm);
	assert_int_equal(filemap_check_errors(&file->mapping), -EIO);
	assert_int_equal(filemap_check_errors(&file->mapping), 0);
	assert_int_equal(load_word(mm, PRIVATE_AT + PAGE(1)), file_seeded_word(FILE_SEED, 1));
	unmap_mapping_range(&file->mapping, 1, 1, false);	/* it may be that of a copy */
	assert_int_equal(access_word(mm, SHARED_AT + PAGE(1), &word, false), VM_FAULT_HWPOISON);
	unmap_mapping_range(&file->mapping, 1, 1, true);
	assert_int_equal(load_word(mm, SHARED_AT + PAGE(1)), file_seeded_word(FILE_SEED, 1));
}

/* Row: A9. */
static void a_page_in_use_leaves_the_file(void **state)
{
	struct page *page;

	(void)state;
	load_word(mm, SHARED_AT + PAGE(1));
	assert_int_equal(pin_user_pages_fast(mm, SHARED_AT + PAGE(1), 1, 0, &page), 1);
	assert_int_equal(lose(1), -EBUSY);
	assert_null(filemap_get_folio(&file->mapping, 1));
	unpin_user_page(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mincore_looks_into_the_file, begin, end),
		cmocka_unit_test_setup_teardown(dontneed_drops_copies_and_keeps_the_file, begin, end),
		cmocka_unit_test_setup_teardown(populate_maps_what_a_fault_would, begin, end),
		cmocka_unit_test_setup_teardown(guards_stay_when_the_file_is_cut, begin, end),
		cmocka_unit_test_setup_teardown(a_clean_page_that_is_lost_is_read_again, begin, end),
		cmocka_unit_test_setup_teardown(a_dirty_page_that_is_lost_is_poison, begin, end),
		cmocka_unit_test_setup_teardown(a_page_in_use_leaves_the_file, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
