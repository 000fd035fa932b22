/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_event_fork: forks that wait until a userfaultfd's user has read them, and the userfaultfds of children. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/gup.h"
#include "core/op/munmap.h"
#include "core/op/pagemap.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/scene/uffd_event_scene.h"

static struct userfaultfd_ctx *read_fork(void)
{
	struct userfaultfd_ctx *child;
	struct uffd_msg msg;

	child = read_one(&msg);
	assert_int_equal(msg.event, UFFD_EVENT_FORK);
	assert_non_null(child);
	return child;
}

/* Row: U4. Nothing is filled in meanwhile, whatever else is wrong with the call. */
static void a_fork_waits_until_it_is_read(void **state)
{
	struct userfaultfd_ctx *child;

	(void)state;
	begin(UFFD_FEATURE_EVENT_FORK, MISSING | WP);
	start(do_fork);
	assert_int_equal(userfaultfd_zeropage(uffd, page_addr(1), PAGE_SIZE, 0), -EAGAIN);
	assert_int_equal(userfaultfd_continue(uffd, page_addr(1), PAGE_SIZE, 1ul << 40), -EAGAIN);
	assert_int_equal(userfaultfd_move(uffd, page_addr(1), AREA, PAGE_SIZE, 0), -EAGAIN);
	assert_int_equal(userfaultfd_writeprotect(uffd, AREA, 1, 0), -EAGAIN);
	assert_int_equal(userfaultfd_wake(uffd, AREA, PAGE_SIZE), 0);
	assert_false(step_within(&waiting.done, 1, 20));
	child = read_fork();
	end(0);
	assert_none();
	assert_int_equal(events_total(EV_UFFD_EVENT), 1);
	assert_int_equal(fill(uffd, page_addr(1), 7), PAGE_SIZE);
	assert_true(pte_none(pte_at(waiting.child, 1)));
	assert_at_rest(mm, waiting.child);
	userfaultfd_release(child);
	mm_exit(waiting.child);
	finish();
}

static void write_in_child(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(do_user_addr_fault(waiting.child, page_addr(1), FAULT_FLAG_WRITE));
}

/* Row: U4. One for all of its VMAs that the parent's has, with the same modes, for good. */
static void a_child_has_a_userfaultfd_of_its_own(void **state)
{
	struct userfaultfd_ctx *child, *grandchild;
	struct test_threads *thread;
	struct mm_struct *first;
	struct uffd_msg msg;

	(void)state;
	begin(UFFD_FEATURE_EVENT_FORK, MISSING);
	assert_int_equal(userfaultfd_register(uffd, page_addr(6), PAGE_SIZE, MISSING), 0);
	start(do_fork);
	child = read_fork();
	end(0);
	first = waiting.child;
	assert_none();
	thread = threads_start(1, write_in_child, NULL);
	while (userfaultfd_read_msg(child, &msg, &grandchild))
		sleep_yield();
	assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
	assert_int_equal(msg.arg.pagefault.address, page_addr(1));
	assert_int_equal(msg.arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WRITE);
	assert_int_equal(fill(child, page_addr(1), 71), PAGE_SIZE);
	threads_join(thread);
	assert_int_equal(read_word(first, 1), 71);
	assert_int_equal(fill(child, page_addr(6), 76), PAGE_SIZE);
	assert_true(pte_none(pte_at(mm, 1)) && pte_none(pte_at(mm, 6)));
	assert_int_equal(userfaultfd_api(child, 0), -EINVAL);	/* it has its parent's */
	assert_int_equal(userfaultfd_unregister(child, page_addr(6), PAGE_SIZE), 0);
	assert_at_rest(mm, first);
	userfaultfd_release(child);
	write_word(first, 3, 9);
	mm_exit(first);
	finish();
}

static unsigned int protected_pages(struct mm_struct *of)
{
	unsigned int bits = 0;
	uint64_t map[PAGES];

	assert_int_equal(sys_pagemap(of, AREA, PAGES, map), 0);
	for (unsigned int i = 0; i < PAGES; i++)
		bits |= (map[i] & PM_UFFD_WP ? 1u : 0) << i;
	return bits;
}

/* Row: U4. A page that is mapped, in swap, the zero page, and one that was pinned and so copied early. */
static void a_child_s_pages_stay_protected(void **state)
{
	struct userfaultfd_ctx *child;
	struct page *page;

	(void)state;
	begin(UFFD_FEATURE_EVENT_FORK, WP);
	assert_int_equal(do_user_addr_fault(mm, page_addr(1), 0), 0);
	write_word(mm, 3, 103);
	assert_int_equal(pin_user_pages_fast(mm, page_addr(3), 1, FOLL_WRITE, &page), 1);
	assert_int_equal(userfaultfd_writeprotect(uffd, AREA, SIZE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	assert_int_equal(sys_madvise(mm, page_addr(2), PAGE_SIZE, MADV_PAGEOUT), 0);
	start(do_fork);
	child = read_fork();
	end(0);
	assert_int_equal(protected_pages(mm), 15);
	assert_int_equal(protected_pages(waiting.child), 15);
	assert_true(pte_page(pte_at(waiting.child, 3)) != page);
	unpin_user_page(page);
	assert_at_rest(mm, waiting.child);
	userfaultfd_release(child);
	assert_int_equal(protected_pages(waiting.child), 0);
	mm_exit(waiting.child);
	finish();
}

/* Row: U4. Zero pages alone, for which fork copies no entries else. */
static void zero_pages_stay_protected(void **state)
{
	struct userfaultfd_ctx *child;

	(void)state;
	begin(UFFD_FEATURE_EVENT_FORK, WP);
	assert_int_equal(sys_munmap(mm, AREA, SIZE), 0);
	map_at(mm, AREA, SIZE, PROT_READ);
	assert_int_equal(do_user_addr_fault(mm, AREA, 0), 0);
	assert_int_equal(userfaultfd_register(uffd, AREA, SIZE, WP), 0);
	assert_int_equal(userfaultfd_writeprotect(uffd, AREA, PAGE_SIZE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	start(do_fork);
	child = read_fork();
	end(0);
	assert_int_equal(protected_pages(waiting.child), 1);
	userfaultfd_release(child);
	mm_exit(waiting.child);
	finish();
}

#if FAULTLINE_CHECK
#define FORK_ALLOCATIONS	30	/* at most */

static void release_unread(void)
{
	struct userfaultfd_ctx *child;
	struct uffd_msg msg;

	if (!userfaultfd_read_msg(uffd, &msg, &child))
		userfaultfd_release(child);
}

/* Row: U4. Wherever it fails, pages are filled in again. */
static void a_fork_without_memory_is_not_reported(void **state)
{
	unsigned int failed = 0;

	(void)state;
	begin(UFFD_FEATURE_EVENT_FORK, MISSING);
	for (unsigned int nth = 1; nth <= FORK_ALLOCATIONS; nth++) {
		waiting = (struct waiting){ .op = do_fork, .nth = nth };
		waiting.thread = threads_start(1, run_op, NULL);
		while (!step_within(&waiting.done, 1, 1))
			release_unread();
		threads_join(waiting.thread);
		assert_true(!waiting.ret || waiting.ret == -ENOMEM);
		failed += waiting.ret != 0;
		assert_int_equal(fill(uffd, AREA, 0), -EEXIST);
		if (!waiting.ret)
			mm_exit(waiting.child);
	}
	assert_true(failed >= 7 && failed < FORK_ALLOCATIONS);
	finish();
}

static void close_it(void *arg)
{
	(void)arg;
	userfaultfd_release(uffd);
}

/* Row: U4. It is not waited for, and the child's is closed, too. */
static void a_fork_meets_a_closed_userfaultfd(void **state)
{
	(void)state;
	begin(UFFD_FEATURE_EVENT_FORK, MISSING);
	meanwhile("uffd.before_event", close_it, NULL);
	assert_int_equal(do_fork(), 0);
	assert_int_equal(meanwhile_ran(), 1);
	assert_null(vma_tree_find(&waiting.child->tree, AREA)->vm_uffd);
	write_word(waiting.child, 1, 5);
	mm_exit(waiting.child);
	uffd = userfaultfd_create(mm);
	finish();
}
#endif

#define TEST(test)	cmocka_unit_test_setup_teardown(test, swap_world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fork_waits_until_it_is_read),
		TEST(a_child_has_a_userfaultfd_of_its_own),
		TEST(a_child_s_pages_stay_protected),
		TEST(zero_pages_stay_protected),
#if FAULTLINE_CHECK
		TEST(a_fork_without_memory_is_not_reported),
		TEST(a_fork_meets_a_closed_userfaultfd),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
