/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmem: shared anonymous memory is a file of zeroes that lives as long as its mappings; memory populated by mmap(). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/mm/account.h"
#include "core/mm/mlock.h"
#include "tests/lib/harness/dies.h"
#include "tests/lib/scene/file_scene.h"

#define SHARED		(MAP_SHARED | MAP_ANONYMOUS)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS)
#define AT		SHARED_AT
#define PAGE(n)		(AT + (unsigned long)(n) * PAGE_SIZE)
#define MOVE		(MREMAP_MAYMOVE | MREMAP_FIXED)

static void map_shared(struct mm_struct *mm, unsigned long pages, int flags)
{
	assert_int_equal(sys_mmap(mm, AT, pages * PAGE_SIZE, RW, SHARED | MAP_FIXED | flags, 0), AT);
}

static unsigned long rss(struct mm_struct *mm)
{
	return (unsigned long)mm_counter_sum(&mm->pt, MM_FILEPAGES);
}

/* Rows: A3, G2. */
static void writes_are_seen_by_all_who_map_it(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = world_mm(world_policies[p]), *child;

		map_shared(mm, 4, 0);
		store_word(mm, PAGE(1), 11);
		assert_int_equal(load_word(mm, PAGE(2)), 0);
		assert_int_equal(sys_fork(mm, &child), 0);
		store_word(child, PAGE(1), 12);
		store_word(child, PAGE(3), 13);
		assert_int_equal(load_word(mm, PAGE(1)), 12);
		assert_int_equal(load_word(mm, PAGE(3)), 13);
		/* A length of 0 maps it once more. */
		assert_int_equal(sys_mremap(mm, AT, 0, 4 * PAGE_SIZE, MOVE, PAGE(8)), PAGE(8));
		store_word(mm, PAGE(8), 14);
		assert_int_equal(load_word(child, PAGE(0)), 14);
		assert_int_equal(load_word(mm, PAGE(9)), 12);
		assert_at_rest(mm, child);
		mm_exit(mm);
		assert_int_equal(load_word(child, PAGE(3)), 13);
		assert_at_rest(child);
		mm_exit(child);
	}
}

/* Rows: A9, G2. */
static void pages_stay_until_it_is_unmapped(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	unsigned char vec;
	uint64_t *payload;

	(void)state;
	map_shared(mm, 4, 0);
	store_word(mm, PAGE(1), 21);
	payload = page_payload(pte_page(tree_pte(mm, PAGE(1))));
	payload[1] = 22;
	assert_int_equal(sys_madvise(mm, AT, 4 * PAGE_SIZE, MADV_DONTNEED), 0);
	assert_true(pte_none(tree_pte(mm, PAGE(1))));
	assert_int_equal(sys_mincore(mm, PAGE(1), PAGE_SIZE, &vec), 0);
	assert_int_equal(vec, 1);
	assert_int_equal(load_word(mm, PAGE(1)), 21);
	/* There is nowhere to write it to. */
	assert_int_equal(sys_madvise(mm, AT, 4 * PAGE_SIZE, MADV_PAGEOUT), 0);
	assert_int_equal(load_word(mm, PAGE(1)), 21);
	payload = page_payload(pte_page(tree_pte(mm, PAGE(1))));
	assert_int_equal(payload[1], 22);
	assert_at_rest(mm);
	assert_int_equal(sys_madvise(mm, PAGE(1), PAGE_SIZE, MADV_REMOVE), 0);
	assert_int_equal(load_word(mm, PAGE(1)), 0);
	store_word(mm, PAGE(1), 23);
	/* In place of it comes another one. */
	map_shared(mm, 4, 0);
	assert_int_equal(load_word(mm, PAGE(1)), 0);
	mm_exit(mm);
}

/* Row: L7. */
static void it_has_the_size_of_its_mapping(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	uint64_t word = 1;

	(void)state;
	map_shared(mm, 4, 0);
	assert_int_equal(sys_mremap(mm, AT, 4 * PAGE_SIZE, 6 * PAGE_SIZE, 0, 0), AT);
	assert_int_equal(mm->map_count, 1);
	store_word(mm, PAGE(3), 1);
	assert_true(access_word(mm, PAGE(4), &word, true) & VM_FAULT_SIGBUS);
	assert_true(access_word(mm, PAGE(5), &word, false) & VM_FAULT_SIGBUS);
	assert_int_equal(sys_munmap(mm, PAGE(1), 2 * PAGE_SIZE), 0);
	assert_int_equal(load_word(mm, PAGE(3)), 1);
	/* Two are two, though they lie side by side. */
	assert_int_equal(sys_mmap(mm, PAGE(6), 2 * PAGE_SIZE, RW, SHARED | MAP_FIXED, 0), PAGE(6));
	assert_int_equal(mm->map_count, 3);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: G2. */
static void it_is_accounted_once(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15"), *child;

	(void)state;
	map_shared(mm, 5, 0);
	assert_int_equal(vm_memory_committed(), 5);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_mremap(mm, AT, 0, 4 * PAGE_SIZE, MOVE, PAGE(8)), PAGE(8));
	assert_int_equal(sys_mprotect(mm, AT, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(sys_mprotect(mm, AT, PAGE_SIZE, RW), 0);
	assert_int_equal(vm_memory_committed(), 5);
	assert_at_rest(mm, child);
	mm_exit(mm);
	assert_int_equal(sys_munmap(child, AT, 4 * PAGE_SIZE), 0);
	assert_int_equal(vm_memory_committed(), 5);
	map_shared(child, 7, MAP_NORESERVE);
	assert_int_equal(vm_memory_committed(), 0);
	assert_at_rest(child);
	mm_exit(child);
}

static void nothing_is_left_without_memory(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	long ret = -ENOMEM;

	(void)state;
	needs_checks();
	for (unsigned int n = 1; ret == -ENOMEM; n++) {
		inject_alloc_failure(n);
		ret = sys_mmap(mm, AT, 4 * PAGE_SIZE, RW, SHARED | MAP_FIXED, 0);
		inject_alloc_failure(0);
		assert_int_equal(vm_memory_committed(), ret == -ENOMEM ? 0 : 4);
	}
	assert_int_equal(ret, AT);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. */
static void mmap_populates(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	assert_int_equal(sys_mmap(mm, AT, 4 * PAGE_SIZE, RW, PRIVATE | MAP_FIXED | MAP_POPULATE, 0), AT);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 4);
	assert_int_equal(sys_mmap(mm, AT, 4 * PAGE_SIZE, RW, PRIVATE | MAP_FIXED | MAP_POPULATE | MAP_NONBLOCK, 0), AT);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	assert_true(pte_none(tree_pte(mm, AT)));
	assert_int_equal(sys_mmap(mm, AT, 4 * PAGE_SIZE, PROT_READ, PRIVATE | MAP_FIXED | MAP_POPULATE, 0), AT);
	assert_true(is_zero_pfn(pte_pfn(tree_pte(mm, AT))));
	assert_int_equal(sys_mmap(mm, AT, 4 * PAGE_SIZE, PROT_NONE, PRIVATE | MAP_FIXED | MAP_POPULATE, 0), AT);
	assert_true(pte_none(tree_pte(mm, AT)));
	/* Shared memory is read, not dirtied. */
	map_shared(mm, 4, MAP_POPULATE);
	assert_int_equal(rss(mm), 4);
	assert_false(pte_write(tree_pte(mm, AT)));
	assert_int_equal(mm->locked_vm, 0);
	assert_at_rest(mm);
	mm_exit(mm);
}

/* Row: A9. */
static void mmap_locks(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	assert_int_equal(sys_mmap(mm, AT, 4 * PAGE_SIZE, RW, PRIVATE | MAP_FIXED | MAP_LOCKED | MAP_NONBLOCK, 0), AT);
	assert_int_equal(mm->locked_vm, 4);
	assert_true(folio_test_mlocked(page_folio(pte_page(tree_pte(mm, PAGE(3))))));
	assert_int_equal(sys_mmap(mm, PAGE(4), PAGE_SIZE, RW, PRIVATE | MAP_FIXED | MAP_LOCKED, 0), PAGE(4));
	assert_int_equal(sys_mmap(mm, PAGE(5), PAGE_SIZE, RW, PRIVATE | MAP_FIXED, 0), PAGE(5));
	assert_int_equal(mm->map_count, 2);
	assert_int_equal(mm->locked_vm, 5);
	assert_int_equal(sys_madvise(mm, AT, PAGE_SIZE, MADV_DONTNEED), -EINVAL);
	assert_int_equal(sys_mmap(mm, PAGE(8), 2 * PAGE_SIZE, RW, SHARED | MAP_FIXED | MAP_LOCKED, 0), PAGE(8));
	assert_int_equal(rss(mm), 2);
	assert_int_equal(mm->locked_vm, 7);
	assert_at_rest(mm);
	assert_int_equal(sys_munlock(mm, AT, 6 * PAGE_SIZE), 0);
	assert_int_equal(mm->locked_vm, 2);
	assert_at_rest(mm);
	mm_exit(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_are_seen_by_all_who_map_it),
		cmocka_unit_test(pages_stay_until_it_is_unmapped),
		cmocka_unit_test(it_has_the_size_of_its_mapping),
		cmocka_unit_test(it_is_accounted_once),
		cmocka_unit_test(nothing_is_left_without_memory),
		cmocka_unit_test(mmap_populates),
		cmocka_unit_test(mmap_locks),
	};

	return cmocka_run_group_tests(tests, world_up_with_words, world_down);
}
