/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_wp_kept: what keeps a userfaultfd's write protection of pages, and what drops it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/op/access_remote_vm.h"
#include "core/op/gup.h"
#include "core/op/migrate_device.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/scene/ksm_scene.h"
#include "tests/lib/scene/leaf_scene.h"
#include "tests/lib/scene/uffd_scene.h"

/* Row: U2. */
static void swap_and_migration_keep_it(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(protect(1, 2, ON), 0);
	page_out(mm, 0);
	page_out(mm, 1);
	assert_true(swapped(mm, 0) && swapped(mm, 1));
	assert_int_equal(protected_pages(), 0x6);
	read_word(mm, 0);
	read_word(mm, 1);
	assert_int_equal(protected_pages(), 0x6);
	assert_false(pte_write(pte_at(mm, 1)));
	assert_int_equal(sys_migrate_range(mm, AREA, 3 * PAGE_SIZE, 1), 3);
	assert_int_equal(protected_pages(), 0x6);
	assert_int_equal(sys_migrate_to_device(mm, AREA, 3 * PAGE_SIZE), 3);
	assert_int_equal(protected_pages(), 0x6);
	assert_at_rest(mm);
	read_word(mm, 1);
	assert_int_equal(protected_pages(), 0x6);
	assert_int_equal(protect(0, PAGES, 0), 0);	/* one of them in device memory */
	assert_int_equal(protected_pages(), 0);
	write_word(mm, 1, 8);
	write_word(mm, 2, 8);
	finish();
}

/* Row: U2. Entries that are not present are protected too, and lose it. */
static void swapped_pages_are_protected(void **state)
{
	struct writing writing = { 0 };
	struct test_threads *thread;

	(void)state;
	begin("linux-6.15");
	for (unsigned long i = 0; i < 3; i++)
		page_out(mm, i);
	assert_int_equal(protect(0, 3, ON), 0);
	assert_int_equal(protect(2, 1, 0), 0);
	assert_int_equal(protected_pages(), 0x3);
	write_word(mm, 2, 8);
	thread = start_write(&writing);		/* swapped in by then */
	assert_false(swapped(mm, 1));
	assert_true(PageAnonExclusive(pte_page(pte_at(mm, 1))));
	assert_int_equal(protect(0, PAGES, 0), 0);
	end_write(thread, &writing);
	assert_int_equal(read_word(mm, 1), 101);
	finish();
}

/* Row: U2. */
static void mprotect_does_not_make_it_writable(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(protect(1, 1, ON), 0);
	assert_int_equal(sys_mprotect(mm, AREA, PAGES * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(sys_mprotect(mm, AREA, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	assert_true(pte_write(pte_at(mm, 0)) && !pte_write(pte_at(mm, 1)));
	assert_int_equal(protected_pages(), 0x2);
	assert_int_equal(sys_mprotect(mm, AREA, PAGES * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(protect(0, PAGES, 0), 0);
	assert_false(pte_write(pte_at(mm, 1)));
	finish();
}

/* Rows: U2, A9. Pages that KSM merges, and the copy that a pin makes. */
static void merging_and_unsharing_keep_it(void **state)
{
	struct page *page;

	(void)state;
	mm = mergeable_mm(2, 5);
	uffd = userfaultfd_create(mm);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGES * PAGE_SIZE, WP), 0);
	assert_int_equal(protect(0, 1, ON), 0);
	assert_int_equal(scan(mm), 2);
	assert_true(is_merged(mm, 0));
	assert_int_equal(protected_pages(), 0x1);
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_LONGTERM, &page), 1);
	assert_false(is_merged(mm, 0));
	assert_int_equal(protected_pages(), 0x1);
	assert_false(pte_write(pte_at(mm, 0)));
	unpin_user_page(page);
	finish();
}

/* Row: U2. A slot whose folio is another mm's: the copy is protected, and the write waits. */
static void a_copy_at_swap_in_keeps_it(void **state)
{
	struct mm_struct *mms[2];

	(void)state;
	merge_two_mms(mms, 5);
	mm = mms[0];
	uffd = userfaultfd_create(mm);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGES * PAGE_SIZE, WP), 0);
	page_out(mm, 0);
	assert_true(swapped(mms[0], 0) && swapped(mms[1], 0));
	assert_int_equal(protect(0, 1, ON), 0);
	write_word(mms[1], 0, 6);
	assert_int_equal(access_remote_vm(mm, AREA, &(uint64_t){ 1 }, sizeof(uint64_t), FOLL_WRITE), 0);
	assert_int_equal(protected_pages(), 0x1);
	assert_int_equal(read_word(mm, 0), 5);
	assert_at_rest(mms[0], mms[1]);
	userfaultfd_release(uffd);
	mm_exit(mms[1]);
	mm_exit(mm);
}

/* Row: U2. */
static void copies_and_moves_lose_it(void **state)
{
	unsigned long to = AREA + 16 * PMD_SIZE;
	struct mm_struct *child, *parent;

	(void)state;
	begin("linux-6.15");
	assert_int_equal(protect(0, 3, ON), 0);
	page_out(mm, 0);
	assert_int_equal(sys_migrate_to_device(mm, page_addr(1), PAGE_SIZE), 1);
	BUG_ON(sys_fork(mm, &child));
	assert_int_equal(protected_pages(), 0x7);
	parent = mm;
	mm = child;
	assert_int_equal(protected_pages(), 0);
	write_word(child, 0, 1);
	write_word(child, 1, 1);
	write_word(child, 2, 1);
	mm = parent;
	assert_at_rest(mm, child);
	mm_exit(child);
	BUG_ON(sys_mremap(mm, AREA, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) !=
	       (long)to);
	assert_int_equal(protected_at(to), 0);
	BUG_ON(do_user_addr_fault(mm, to + PAGE_SIZE, FAULT_FLAG_WRITE));
	finish();
}

/* Row: U2. Nor is a whole table moved as it is. */
static void a_table_moves_page_by_page(void **state)
{
	unsigned long to = AREA + 16 * PMD_SIZE;

	(void)state;
	mm = mm_with_words("linux-6.15", 0);
	map_at(mm, 2 * AREA, PMD_SIZE, PROT_READ | PROT_WRITE);
	BUG_ON(do_user_addr_fault(mm, 2 * AREA, FAULT_FLAG_WRITE));
	uffd = userfaultfd_create(mm);
	assert_int_equal(userfaultfd_register(uffd, 2 * AREA, PMD_SIZE, WP), 0);
	assert_int_equal(userfaultfd_writeprotect(uffd, 2 * AREA, PMD_SIZE, ON), 0);
	BUG_ON(sys_mremap(mm, 2 * AREA, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != (long)to);
	assert_int_equal(protected_at(to), 0);
	finish();
}

/* Row: U2. Its pages are protected one by one, and do not collapse. */
static void a_leaf_is_split(void **state)
{
	(void)state;
	needs_leaves();
	mm = mm_with_words("linux-6.15", 0);
	put_leaf(mm, AREA);
	uffd = userfaultfd_create(mm);
	assert_int_equal(userfaultfd_register(uffd, AREA, LEN, WP), 0);
	assert_int_equal(userfaultfd_writeprotect(uffd, AREA, PMD_SIZE, 0), 0);
	assert_true(pmd_trans_huge(pmd_at(mm, AREA)));
	assert_int_equal(protect(2, 2, ON), 0);
	assert_false(pmd_trans_huge(pmd_at(mm, AREA)));
	assert_int_equal(protected_pages(), 0xc);
	assert_true(pte_write(pte_at(mm, 1)) && !pte_write(pte_at(mm, 2)));
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_COLLAPSE), -EINVAL);
	assert_int_equal(protect(2, 2, 0), 0);
	assert_int_equal(sys_madvise(mm, AREA, PMD_SIZE, MADV_COLLAPSE), 0);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swap_and_migration_keep_it),
		cmocka_unit_test(swapped_pages_are_protected),
		cmocka_unit_test(mprotect_does_not_make_it_writable),
		cmocka_unit_test(merging_and_unsharing_keep_it),
		cmocka_unit_test(a_copy_at_swap_in_keeps_it),
		cmocka_unit_test(copies_and_moves_lose_it),
		cmocka_unit_test(a_table_moves_page_by_page),
		cmocka_unit_test(a_leaf_is_split),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
