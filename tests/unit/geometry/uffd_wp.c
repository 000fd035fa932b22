/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_wp: pages that a userfaultfd write-protects, and what waits to write to them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/op/access_remote_vm.h"
#include "core/op/gup.h"
#include "core/op/pagemap_scan.h"
#include "core/op/protect.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/uffd_scene.h"

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14" };

/* Row: U2. Reads do not. */
static void a_write_waits_until_the_page_is_writable(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct writing writing = { 0 };
		struct test_threads *thread;

		begin(policies[i]);
		assert_int_equal(protect(1, 1, ON), 0);
		assert_int_equal(protected_pages(), 0x2);
		assert_int_equal(read_word(mm, 1), 101);
		thread = start_write(&writing);
		assert_int_equal(protect(1, 1, SILENT), 0);
		assert_int_equal(protect(0, 1, 0), 0);
		assert_false(step_within(&writing.done, 1, 20));
		assert_int_equal(userfaultfd_wake(uffd, page_addr(1), PAGE_SIZE), 0);
		end_write(thread, &writing);
		write_word(mm, 1, 7);
		assert_int_equal(protected_pages(), 0);
		finish();
	}
}

static void resolve(void)
{
	assert_int_equal(protect(0, PAGES, 0), 0);
}

static void unregister(void)
{
	assert_int_equal(userfaultfd_unregister(uffd, AREA, PAGES * PAGE_SIZE), 0);
}

static void release(void)
{
	userfaultfd_release(uffd);
	uffd = userfaultfd_create(mm);
	assert_non_null(uffd);
}

static void map_anew(void)
{
	map_at(mm, page_addr(1), PAGE_SIZE, PROT_READ | PROT_WRITE);
	assert_int_equal(userfaultfd_wake(uffd, page_addr(1), PAGE_SIZE), 0);
}

/* Row: U2. */
static void what_ends_the_wait(void **state)
{
	static void (*const ends[])(void) = { resolve, unregister, release, map_anew };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++) {
		struct writing writing = { 0 };
		struct test_threads *thread;

		begin("linux-6.15");
		assert_int_equal(protect(0, PAGES, ON), 0);
		thread = start_write(&writing);
		ends[i]();
		end_write(thread, &writing);
		finish();
	}
}

static void protect_first(void *arg)
{
	(void)arg;
	BUG_ON(protect(1, 1, ON));
}

/* Row: U2. The write had read the entry before: it waits all the same. */
static void a_page_protected_under_a_write(void **state)
{
	struct mm_struct *child;

	(void)state;
	begin("linux-6.15");
	BUG_ON(sys_fork(mm, &child));
	mm_exit(child);
	meanwhile("fault.before_ptl", protect_first, NULL);
	/* A fault that cannot wait. */
	assert_int_equal(access_remote_vm(mm, page_addr(1), &(uint64_t){ 1 }, sizeof(uint64_t), FOLL_WRITE), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_int_equal(read_word(mm, 1), 101);
	finish();
}

/* ---- forced writes, pins ---- */

static void pin(void *arg, unsigned int index)
{
	struct writing *writing = arg;
	struct page *page;

	(void)index;
	writing->ret = pin_user_pages_fast(mm, page_addr(1), 1, FOLL_WRITE, &page) != 1;
	unpin_user_page(page);
	step_reach(&writing->done, 1);
}

/* Rows: U2, L6. */
static void a_pin_to_write_waits(void **state)
{
	struct writing writing = { 0 };
	struct test_threads *thread;
	struct page *page;
	unsigned long addr;
	unsigned int flags;

	(void)state;
	begin("linux-6.15");
	assert_int_equal(protect(0, PAGES, ON), 0);
	assert_int_equal(pin_user_pages_fast(mm, page_addr(1), 1, 0, &page), 1);
	unpin_user_page(page);
	assert_int_equal(pin_user_pages_fast(mm, page_addr(1), 1, FOLL_WRITE | FOLL_FAST_ONLY, &page), 0);
	thread = threads_start(1, pin, &writing);
	while (userfaultfd_read(uffd, &addr, &flags))
		sleep_yield();
	assert_true(flags & UFFD_PAGEFAULT_FLAG_WP);
	resolve();
	end_write(thread, &writing);
	finish();
}

/* Rows: U2, L10. Of a page that its VMA does not let write either. */
static void a_forced_write_is_none(void **state)
{
	const uint64_t word = 9;

	(void)state;
	begin("linux-6.15");
	assert_int_equal(sys_mprotect(mm, AREA, PAGES * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(protect(1, 1, ON), 0);
	assert_int_equal(access_remote_vm(mm, page_addr(1), (void *)&word, sizeof(word), FOLL_WRITE | FOLL_FORCE), 0);
	assert_int_equal(access_remote_vm(mm, page_addr(0), (void *)&word, sizeof(word), FOLL_WRITE | FOLL_FORCE),
			 sizeof(word));
	assert_int_equal(read_word(mm, 1), 101);
	finish();
}

/* ---- calls ---- */

/* Row: U2. */
static void pages_are_filled_in_protected(void **state)
{
	const char contents[CACHE_LINE] = { 7 };

	(void)state;
	begin("linux-6.15");
	assert_int_equal(sys_madvise(mm, page_addr(1), 2 * PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(userfaultfd_copy(uffd, page_addr(1), contents, PAGE_SIZE, UFFDIO_COPY_MODE_WP), PAGE_SIZE);
	assert_int_equal(userfaultfd_copy(uffd, page_addr(2), contents, PAGE_SIZE, 0), PAGE_SIZE);
	assert_int_equal(protected_pages(), 0x2);
	assert_true(!pte_write(pte_at(mm, 1)) && pte_write(pte_at(mm, 2)));
	assert_int_equal(userfaultfd_zeropage(uffd, page_addr(1), PAGE_SIZE, UFFDIO_COPY_MODE_WP), -EINVAL);
	assert_int_equal(userfaultfd_register(uffd, page_addr(4), PAGE_SIZE, MISSING), 0);
	assert_int_equal(userfaultfd_copy(uffd, page_addr(4), contents, PAGE_SIZE, UFFDIO_COPY_MODE_WP), -EINVAL);
	finish();
}

/* Row: U2. */
static void ranges_and_modes(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(protect(0, PAGES, ON | SILENT), -EINVAL);
	assert_int_equal(protect(0, PAGES, 4), -EINVAL);
	assert_int_equal(protect(0, 0, ON), -EINVAL);
	assert_int_equal(userfaultfd_writeprotect(uffd, AREA + 1, PAGE_SIZE, ON), -EINVAL);
	assert_int_equal(protect(PAGES, 1, ON), -ENOENT);
	assert_int_equal(userfaultfd_writeprotect(uffd, AREA + 4 * PMD_SIZE, PAGE_SIZE, ON), -ENOENT);
	assert_int_equal(protect(3, 2, ON), -ENOENT);		/* the first is protected */
	assert_int_equal(protected_pages(), 0x8);
	/* What has all modes stays; another mode replaces the old one. */
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGES * PAGE_SIZE, MISSING | WP), 0);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGES * PAGE_SIZE, MISSING), 0);
	assert_int_equal(protected_pages(), 0x8);
	assert_int_equal(protect(0, 1, ON), 0);
	assert_int_equal(userfaultfd_register(uffd, page_addr(5), PAGE_SIZE, WP), 0);
	write_word(mm, 5, 1);
	assert_int_equal(protect(5, 1, ON), 0);
	assert_int_equal(userfaultfd_register(uffd, page_addr(5), PAGE_SIZE, MISSING), 0);
	assert_int_equal(protect(5, 1, ON), -ENOENT);
	assert_int_equal(protected_pages(), 0x9);
	write_word(mm, 5, 1);
	finish();
}

/* Row: U2. As PAGEMAP_SCAN has it: written is what is not protected. */
static void scans_report_what_is_not_protected(void **state)
{
	struct page_region regions[4];
	struct pm_scan_arg arg = {
		.start = AREA, .end = AREA + PAGES * PAGE_SIZE, .vec = regions, .vec_len = 4,
		.category_mask = PAGE_IS_WRITTEN, .return_mask = PAGE_IS_WRITTEN,
	};

	(void)state;
	begin("linux-6.15");
	page_out(mm, 2);
	assert_int_equal(protect(1, 2, ON), 0);
	assert_int_equal(sys_pagemap_scan(mm, &arg), 2);
	assert_true(regions[0].end == page_addr(1) && regions[1].start == page_addr(3));
	finish();
}

/* Row: U2. */
static void an_address_space_may_end_first(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(protect(0, 2, ON), 0);
	mm_exit(mm);
	assert_int_equal(protect(0, 1, ON), -ESRCH);
	userfaultfd_release(uffd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_waits_until_the_page_is_writable),
		cmocka_unit_test(what_ends_the_wait),
		cmocka_unit_test(a_page_protected_under_a_write),
		cmocka_unit_test(a_pin_to_write_waits),
		cmocka_unit_test(a_forced_write_is_none),
		cmocka_unit_test(pages_are_filled_in_protected),
		cmocka_unit_test(ranges_and_modes),
		cmocka_unit_test(scans_report_what_is_not_protected),
		cmocka_unit_test(an_address_space_may_end_first),
	};

	return cmocka_run_group_tests(tests, two_nodes_up, world_down);
}
