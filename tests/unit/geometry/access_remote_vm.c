/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access_remote_vm: bytes of another mm read and written, and forced where its VMAs do not allow it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/op/access_remote_vm.h"
#include "core/op/clear_refs.h"
#include "core/op/pagemap.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/file_scene.h"
#include "tests/lib/scene/hugetlb_scene.h"

#define FORCE		FOLL_FORCE
#define FORCE_WRITE	(FOLL_FORCE | FOLL_WRITE)
#define WORD		((long)sizeof(uint64_t))

static long put(struct mm_struct *mm, unsigned long addr, uint64_t word, unsigned int flags)
{
	return access_remote_vm(mm, addr, &word, sizeof(word), flags | FOLL_WRITE);
}

/* The word at @addr; dies if it can't be read. */
static uint64_t get(struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	uint64_t word = ~0ul;

	BUG_ON(access_remote_vm(mm, addr, &word, sizeof(word), flags) != WORD);
	return word;
}

static void protect(struct mm_struct *mm, unsigned long addr, int prot)
{
	BUG_ON(sys_mprotect(mm, addr, PAGE_SIZE, prot));
}

/* An mm with two pages at AREA, the first written to. */
static struct mm_struct *mm_with_pages(const char *policy)
{
	struct mm_struct *mm = world_mm(policy);

	map_at(mm, AREA, 2 * PAGE_SIZE, READ_WRITE);
	put_byte(mm, AREA, 5);
	return mm;
}

/* ---- bytes ---- */

/* Row: L10. */
static void bytes_are_copied_up_to_a_hole(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15");
	unsigned char out[8], in[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned long end = AREA + 2 * PAGE_SIZE, word;

	(void)state;
	for (unsigned long at = 1; at < 7; at++) {
		assert_int_equal(access_remote_vm(mm, AREA + at, in, at, FOLL_WRITE), at);
		assert_int_equal(access_remote_vm(mm, AREA + at, out, at, 0), at);
		assert_memory_equal(in, out, at);
	}
	assert_int_equal(get(mm, AREA, 0) & 0xff, 5);
	/* Across two pages; what is beyond the payload reads as zeroes, and so does the second page. */
	memset(out, 9, sizeof(out));
	assert_int_equal(access_remote_vm(mm, AREA + PAGE_SIZE - 4, out, 8, 0), 8);
	word = 0;
	assert_memory_equal(out, &word, sizeof(word));
	assert_int_equal(access_remote_vm(mm, end - 4, out, 8, 0), 4);
	assert_int_equal(access_remote_vm(mm, end - 4, in, 8, FOLL_WRITE), 4);
	assert_int_equal(access_remote_vm(mm, end, out, 8, 0), 0);
	assert_int_equal(access_remote_vm(mm, TASK_SIZE, out, 8, 0), 0);
	assert_int_equal(access_remote_vm(mm, -4ul, out, 8, 0), 0);
	assert_int_equal(access_remote_vm(mm, AREA, out, 0, 0), 0);
	assert_int_equal(access_remote_vm(mm, AREA, out, 8, FOLL_LONGTERM), -EINVAL);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: L9. */
static void an_ended_space_has_no_bytes(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15");
	uint64_t word;

	(void)state;
	mmgrab(mm);
	assert_int_equal(access_process_vm(mm, AREA, &word, WORD, 0), WORD);
	mm_exit(mm);
	assert_int_equal(access_process_vm(mm, AREA, &word, WORD, 0), 0);
	assert_int_equal(sys_process_madvise(mm, NULL, 0, MADV_COLD, 0, true), -ESRCH);
	assert_int_equal(sys_process_madvise(mm, NULL, 0, 99, 0, true), -ESRCH);
	assert_int_equal(sys_process_madvise(mm, NULL, 0, MADV_COLD, 1, true), -EINVAL);
	mmdrop(mm);
}

static void clean(void *file)
{
	filemap_writeback(file);
}

/* What is written is dirty afterwards, though it was written back meanwhile. */
static void what_is_written_is_dirty(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);

	(void)state;
	needs_checks();
	meanwhile("access_remote_vm.copied", clean, file);
	assert_int_equal(put(mm, SHARED_AT, 3, 0), WORD);
	assert_int_equal(meanwhile_ran(), 1);
	assert_true(folio_test_dirty(page_folio(page_of(mm, SHARED_AT))));
	assert_int_equal(load_word(mm, SHARED_AT), 3);
	mm_exit(mm);
	file_put(file);
}

/* ---- by force ---- */

static void assert_forced(struct mm_struct *mm, unsigned long addr, uint64_t word)
{
	assert_int_equal(put(mm, addr, word, 0), 0);
	assert_int_equal(put(mm, addr, word, FORCE), WORD);
	assert_int_equal(get(mm, addr, FORCE), word);
	assert_int_equal(page_type(page_of(mm, addr)), PAGE_ANON);
	assert_true(PageAnonExclusive(page_of(mm, addr)));
	assert_false(pte_write(tree_pte(mm, addr)));
	assert_true(pte_dirty(tree_pte(mm, addr)));
	assert_at_rest(mm);
}

/* Row: L10. */
static void a_forced_write_goes_to_a_copy(void **state)
{
	static const int prots[] = { PROT_READ, PROT_NONE };

	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(prots); i++) {
		struct file *file = scene_file();
		struct mm_struct *mm = file_mm("linux-6.15", file);
		uint64_t seeded = file_seeded_word(FILE_SEED, 0);

		if (i % 2)
			load_word(mm, PRIVATE_AT);
		protect(mm, PRIVATE_AT, prots[i / 2]);
		assert_int_equal(get(mm, PRIVATE_AT, FORCE), seeded);
		assert_forced(mm, PRIVATE_AT, 7);
		assert_forced(mm, PRIVATE_AT, 8);
		assert_int_equal(load_word(mm, SHARED_AT), seeded);
		assert_int_equal(do_user_addr_fault(mm, PRIVATE_AT, FAULT_FLAG_WRITE),
				 VM_FAULT_SIGSEGV | VM_FAULT_BADACCESS);
		mm_exit(mm);
		file_put(file);
	}
}

/* Row: L10. */
static void anonymous_pages_are_written_by_force(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15"), *child;
	struct page *page = page_of(mm, AREA);

	(void)state;
	read_at(mm, AREA + PAGE_SIZE);
	BUG_ON(sys_mprotect(mm, AREA, 2 * PAGE_SIZE, PROT_READ));
	assert_forced(mm, AREA, 6);
	assert_ptr_equal(page_of(mm, AREA), page);
	assert_forced(mm, AREA + PAGE_SIZE, 7);		/* where the zero page was */
	child = fork_mm(mm);
	assert_int_equal(put(child, AREA, 8, FORCE), WORD);
	assert_int_equal(get(mm, AREA, 0), 6);
	assert_int_equal(get(child, AREA, 0), 8);
	assert_at_rest(mm, child);
	mm_exit(child);
	assert_forced(mm, AREA, 9);
	protect(mm, AREA, READ_WRITE);
	assert_int_equal(put(mm, AREA, 10, 0), WORD);
	mm_exit(mm);
}

/* Row: L10. */
static void shared_mappings_are_not_written_by_force(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);

	(void)state;
	store_word(mm, SHARED_AT, 4);
	protect(mm, SHARED_AT, PROT_READ);
	assert_int_equal(put(mm, SHARED_AT, 7, FORCE), 0);
	assert_int_equal(load_word(mm, SHARED_AT), 4);
	protect(mm, SHARED_AT, PROT_NONE);
	assert_int_equal(access_remote_vm(mm, SHARED_AT, &(uint64_t){ 0 }, 8, 0), 0);
	assert_int_equal(get(mm, SHARED_AT, FORCE), 4);
	mm_exit(mm);
	file_put(file);
}

static void drop(void *mm)
{
	BUG_ON(sys_madvise(mm, PRIVATE_AT, PAGE_SIZE, MADV_DONTNEED));
	load_word(mm, PRIVATE_AT);
}

/* Between its fault and its access the page of the file is mapped again. */
/* Row: L10. */
static void a_lost_copy_is_made_again(void **state)
{
	struct file *file = scene_file();
	struct mm_struct *mm = file_mm("linux-6.15", file);

	(void)state;
	needs_checks();
	protect(mm, PRIVATE_AT, PROT_READ);
	meanwhile("gup.faulted", drop, mm);
	assert_int_equal(put(mm, PRIVATE_AT, 7, FORCE), WORD);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(get(mm, PRIVATE_AT, 0), 7);
	assert_int_equal(load_word(mm, SHARED_AT), file_seeded_word(FILE_SEED, 0));
	mm_exit(mm);
	file_put(file);
}

/* A forced write is tracked like any other. */
static void forced_writes_are_soft_dirty(void **state)
{
	struct mm_struct *mm = mm_with_pages("linux-6.15,soft_dirty=on");
	uint64_t entry;

	(void)state;
	protect(mm, AREA, PROT_READ);
	assert_int_equal(sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY), 0);
	assert_forced(mm, AREA, 6);
	assert_int_equal(sys_pagemap(mm, AREA, 1, &entry), 0);
	assert_true(entry & PM_SOFT_DIRTY);
	mm_exit(mm);
}

/* ---- huge pages ---- */

/* An exclusive one is written to as it is; one that a child shares is split, and a small page copied. */
static void leaves_are_written_by_force(void **state)
{
	struct mm_struct *mm, *child;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	mm = world_mm("linux-6.15,thp=always");
	map_at(mm, AREA, PMD_SIZE, READ_WRITE);
	write_at(mm, AREA);
	BUG_ON(sys_mprotect(mm, AREA, PMD_SIZE, PROT_READ));
	assert_int_equal(put(mm, AREA + PAGE_SIZE, 6, FORCE), WORD);
	assert_true(pmd_trans_huge(__pmd(tree_value(mm->pt.pgd, LEVEL_PMD, AREA))));
	assert_int_equal(get(mm, AREA + PAGE_SIZE, 0), 6);
	map_at(mm, AREA + PMD_SIZE, PMD_SIZE, PROT_READ);	/* where nothing is mapped */
	assert_int_equal(put(mm, AREA + PMD_SIZE, 8, FORCE), WORD);
	assert_true(pmd_trans_huge(__pmd(tree_value(mm->pt.pgd, LEVEL_PMD, AREA + PMD_SIZE))));
	assert_false(pmd_write(__pmd(tree_value(mm->pt.pgd, LEVEL_PMD, AREA + PMD_SIZE))));
	child = fork_mm(mm);
	assert_int_equal(put(child, AREA + PAGE_SIZE, 7, FORCE), WORD);
	assert_int_equal(get(mm, AREA + PAGE_SIZE, 0), 6);
	assert_int_equal(get(child, AREA + PAGE_SIZE, 0), 7);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

static void hugetlb_is_not_written_by_force(void **state)
{
	struct mm_struct *mm;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	mm = hugetlb_mm("linux-6.15", 1, 1);
	assert_int_equal(put(mm, AREA, 6, 0), WORD);
	BUG_ON(sys_mprotect(mm, AREA, PMD_SIZE, PROT_READ));
	assert_int_equal(put(mm, AREA, 7, FORCE), 0);
	assert_int_equal(get(mm, AREA, 0), 6);
	mm_exit(mm);
	pool_of(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_are_copied_up_to_a_hole, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(an_ended_space_has_no_bytes, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(what_is_written_is_dirty, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(a_forced_write_goes_to_a_copy, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(anonymous_pages_are_written_by_force, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(shared_mappings_are_not_written_by_force, world_up_with_words,
						world_down),
		cmocka_unit_test_setup_teardown(a_lost_copy_is_made_again, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(forced_writes_are_soft_dirty, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(leaves_are_written_by_force, world_up_with_words, world_down),
		cmocka_unit_test_setup_teardown(hugetlb_is_not_written_by_force, world_up_with_words, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
