/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd: faults that wait for their page, what wakes them, and which ranges are registered. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/lock/wait.h"
#include "core/op/collapse.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/populate.h"
#include "core/op/protect.h"
#include "core/op/userfaultfd.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/fault_locks.h"
#include "tests/lib/scene/swap_scene.h"

#define MISSING	UFFDIO_REGISTER_MODE_MISSING
#define MAX_PAYLOAD	4096

/* The pages that a test registers; others of the area stay ordinary. */
#define PAGES	4ul

static struct mm_struct *mm;
static struct userfaultfd_ctx *uffd;

static void begin(const char *policy)
{
	events_reset();
	mm = mm_with_words(policy, 0);
	uffd = userfaultfd_create(mm);
	assert_non_null(uffd);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGES * PAGE_SIZE, MISSING), 0);
}

static void finish(void)
{
	assert_at_rest(mm);
	userfaultfd_release(uffd);
	mm_exit(mm);
}

static long copy_word(unsigned long i, uint64_t word, unsigned long mode)
{
	uint64_t contents[MAX_PAYLOAD / sizeof(word)] = { word };

	return userfaultfd_copy(uffd, page_addr(i), contents, PAGE_SIZE, mode);
}

/* ---- a fault that waits ---- */

struct faulting {
	unsigned int flags;
	vm_fault_t ret;
	unsigned int done;
};

static void take_fault(void *arg, unsigned int index)
{
	struct faulting *faulting = arg;

	(void)index;
	faulting->ret = do_user_addr_fault(mm, page_addr(1), faulting->flags);
	step_reach(&faulting->done, 1);
}

/* A thread whose fault at page 1 was read, and waits. */
static struct test_threads *start_fault(struct faulting *faulting)
{
	struct test_threads *thread = threads_start(1, take_fault, faulting);
	unsigned long addr;
	unsigned int flags;

	while (userfaultfd_read(uffd, &addr, &flags))
		sleep_yield();
	assert_int_equal(addr, page_addr(1));
	assert_int_equal(flags, faulting->flags & FAULT_FLAG_WRITE ? UFFD_PAGEFAULT_FLAG_WRITE : 0);
	assert_int_equal(userfaultfd_read(uffd, &addr, &flags), -EAGAIN);
	await_fault_locks(mm, addr);
	return thread;
}

static void end_fault(struct test_threads *thread, const struct faulting *faulting)
{
	threads_join(thread);
	assert_int_equal(faulting->ret, 0);
	assert_int_equal(faulting->done, 1);
}

static const char *const policies[] = { "linux-6.15", "linux-6.4", "linux-3.13", "linux-6.15,thp=always" };

/* Row: U1. A page of its own, with the contents given, once it is there and not before. */
static void a_fault_waits_for_its_page(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(policies); i++) {
		struct faulting faulting = { .flags = i % 2 ? FAULT_FLAG_WRITE : 0 };
		struct test_threads *thread;

		begin(policies[i / 2]);
		thread = start_fault(&faulting);
		assert_true(pte_none(pte_at(mm, 1)));
		assert_int_equal(load_relaxed(&faulting.done), 0);
		assert_int_equal(copy_word(1, 71, 0), PAGE_SIZE);
		end_fault(thread, &faulting);
		assert_int_equal(read_word(mm, 1), 71);
		assert_true(pte_write(pte_at(mm, 1)) && PageAnonExclusive(pte_page(pte_at(mm, 1))));
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 1);
		write_word(mm, 1, 72);
		finish();
	}
}

/* Row: U1. It waits on, whatever else is filled in. */
static void a_fault_is_woken_by_its_range(void **state)
{
	struct faulting faulting = { .flags = 0 };
	struct test_threads *thread;

	(void)state;
	begin("linux-6.15");
	thread = start_fault(&faulting);
	assert_int_equal(copy_word(0, 1, 0), PAGE_SIZE);
	assert_int_equal(copy_word(2, 1, 0), PAGE_SIZE);
	assert_int_equal(copy_word(1, 5, UFFDIO_COPY_MODE_DONTWAKE), PAGE_SIZE);
	assert_int_equal(userfaultfd_wake(uffd, page_addr(2), 2 * PAGE_SIZE), 0);
	assert_false(step_within(&faulting.done, 1, 20));
	assert_int_equal(userfaultfd_wake(uffd, page_addr(1), PAGE_SIZE), 0);
	end_fault(thread, &faulting);
	assert_int_equal(events_total(EV_UFFD_WAIT), 1);
	assert_int_equal(read_word(mm, 1), 5);
	finish();
}

/* Row: U1. A wake-up for nothing: it queues itself again. */
static void a_fault_woken_without_a_page_waits_again(void **state)
{
	struct faulting faulting = { .flags = FAULT_FLAG_WRITE };
	struct test_threads *thread;
	unsigned long addr;
	unsigned int flags;

	(void)state;
	begin("linux-6.15");
	thread = start_fault(&faulting);
	assert_int_equal(userfaultfd_wake(uffd, page_addr(1), PAGE_SIZE), 0);
	while (userfaultfd_read(uffd, &addr, &flags))
		sleep_yield();
	assert_int_equal(userfaultfd_zeropage(uffd, page_addr(1), PAGE_SIZE, 0), PAGE_SIZE);
	end_fault(thread, &faulting);
	assert_int_equal(events_total(EV_UFFD_WAIT), 2);
	assert_true(pte_write(pte_at(mm, 1)));
	finish();
}

static void unregister_all(void)
{
	assert_int_equal(userfaultfd_unregister(uffd, AREA, PAGES * PAGE_SIZE), 0);
}

static void unregister_one(void)
{
	assert_int_equal(userfaultfd_unregister(uffd, page_addr(1), PAGE_SIZE), 0);
	assert_int_equal(mm->map_count, 4);
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

/* Row: U1. Then it is a fault as others are. */
static void a_fault_goes_on_where_nothing_is_registered_any_more(void **state)
{
	static void (*const ends[])(void) = { unregister_all, unregister_one, release, map_anew };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++) {
		struct faulting faulting = { .flags = FAULT_FLAG_WRITE };
		struct test_threads *thread;

		begin("linux-6.15");
		thread = start_fault(&faulting);
		ends[i]();
		end_fault(thread, &faulting);
		assert_true(pte_write(pte_at(mm, 1)));
		assert_int_equal(read_word(mm, 1), 0);
		finish();
	}
}

static void pin_all(void *arg, unsigned int index)
{
	struct page *pages[PAGES];
	struct faulting *faulting = arg;

	(void)index;
	faulting->ret = pin_user_pages_fast(mm, AREA, PAGES, FOLL_WRITE, pages) != PAGES;
	for (unsigned long i = 0; !faulting->ret && i < PAGES; i++)
		faulting->ret = *(uint64_t *)page_payload(pages[i]) != 50 + i;
	unpin_user_pages(pages, PAGES);
	step_reach(&faulting->done, 1);
}

/* Rows: U1, L6. One after the other, without mmap_lock meanwhile. */
static void a_pin_waits_for_its_pages(void **state)
{
	struct faulting faulting = { 0 };
	struct test_threads *thread;
	unsigned long addr;
	unsigned int flags;

	(void)state;
	begin("linux-6.15");
	thread = threads_start(1, pin_all, &faulting);
	for (unsigned long i = 0; i < PAGES; i++) {
		while (userfaultfd_read(uffd, &addr, &flags))
			sleep_yield();
		assert_int_equal(addr, page_addr(i));
		assert_int_equal(sys_mprotect(mm, page_addr(PAGES + i), PAGE_SIZE, PROT_READ), 0);
		assert_int_equal(copy_word(i, 50 + i, 0), PAGE_SIZE);
	}
	end_fault(thread, &faulting);
	finish();
}

/* ---- filling in ---- */

/* Row: U1. */
static void what_is_mapped_stays(void **state)
{
	uint64_t contents[PAGES * CACHE_LINE / sizeof(uint64_t)] = { 0 };

	(void)state;
	begin("linux-6.15");
	assert_int_equal(copy_word(2, 7, 0), PAGE_SIZE);
	assert_int_equal(copy_word(2, 8, 0), -EEXIST);
	assert_int_equal(userfaultfd_zeropage(uffd, page_addr(2), PAGE_SIZE, 0), -EEXIST);
	/* As far as it goes. */
	assert_int_equal(userfaultfd_copy(uffd, AREA, contents, PAGES * PAGE_SIZE, 0), 2 * PAGE_SIZE);
	assert_int_equal(userfaultfd_zeropage(uffd, page_addr(3), PAGE_SIZE, 0), PAGE_SIZE);
	assert_true(is_zero_pfn(pte_pfn(pte_at(mm, 3))) && !pte_write(pte_at(mm, 3)));
	assert_int_equal(read_word(mm, 2), 7);
	write_word(mm, 3, 9);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), PAGES);
	finish();
}

/* Row: U1. Read-only memory gets its page, too. */
static void a_page_has_the_rights_of_its_vma(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(copy_word(0, 7, 0), PAGE_SIZE);
	assert_false(pte_write(pte_at(mm, 0)));
	assert_int_equal(read_word(mm, 0), 7);
	finish();
}

/* Row: U1. */
static void ranges_and_modes(void **state)
{
	struct userfaultfd_ctx *other;
	const uint64_t word[MAX_PAYLOAD / sizeof(uint64_t)] = { 0 };

	(void)state;
	begin("linux-6.15");
	other = userfaultfd_create(mm);
	assert_int_equal(userfaultfd_register(uffd, AREA + 1, PAGE_SIZE, MISSING), -EINVAL);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGE_SIZE + 1, MISSING), -EINVAL);
	assert_int_equal(userfaultfd_register(uffd, AREA, 0, MISSING), -EINVAL);
	assert_int_equal(userfaultfd_register(uffd, AREA, -PAGE_SIZE, MISSING), -EINVAL);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGE_SIZE, 0), -EINVAL);
	assert_int_equal(userfaultfd_register(uffd, AREA + LEN, PAGE_SIZE, MISSING), -EINVAL);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGE_SIZE, MISSING), 0);	/* again */
	assert_int_equal(userfaultfd_register(other, AREA, LEN, MISSING), -EBUSY);
	assert_int_equal(userfaultfd_unregister(other, AREA, LEN), -EINVAL);
	assert_int_equal(userfaultfd_wake(uffd, AREA, 1), -EINVAL);
	assert_int_equal(userfaultfd_zeropage(other, page_addr(1), PAGE_SIZE, 0), PAGE_SIZE);	/* of any one */
	assert_int_equal(userfaultfd_copy(uffd, page_addr(PAGES), word, PAGE_SIZE, 0), -ENOENT);
	assert_int_equal(userfaultfd_copy(uffd, page_addr(PAGES - 1), word, 2 * PAGE_SIZE, 0), -ENOENT);
	assert_int_equal(userfaultfd_copy(uffd, AREA + LEN, word, PAGE_SIZE, 0), -ENOENT);
	assert_int_equal(userfaultfd_copy(uffd, AREA, word, PAGE_SIZE, 1ul << 40), -EINVAL);
	assert_int_equal(userfaultfd_copy(uffd, AREA, word, 0, 0), -EINVAL);
	userfaultfd_release(other);
	finish();
}

/* ---- VMAs ---- */

/* Row: U1. */
static void a_registered_range_is_a_vma_of_its_own(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(mm->map_count, 2);
	assert_int_equal(userfaultfd_register(uffd, page_addr(6), PAGE_SIZE, MISSING), 0);
	assert_int_equal(mm->map_count, 4);
	assert_int_equal(userfaultfd_register(uffd, AREA, LEN, MISSING), 0);
	assert_int_equal(mm->map_count, 1);
	assert_int_equal(userfaultfd_unregister(uffd, page_addr(2), PAGE_SIZE), 0);
	assert_int_equal(mm->map_count, 3);
	write_word(mm, 2, 5);
	assert_int_equal(userfaultfd_unregister(uffd, AREA, LEN), 0);
	assert_int_equal(mm->map_count, 1);
	finish();
}

/* Row: U1. */
static void copies_of_a_vma_are_not_registered(void **state)
{
	struct mm_struct *child;

	(void)state;
	begin("linux-6.15");
	assert_int_equal(copy_word(0, 7, 0), PAGE_SIZE);
	assert_int_equal(sys_fork(mm, &child), 0);
	write_word(child, 1, 5);
	assert_int_equal(read_word(child, 0), 7);
	assert_at_rest(mm, child);
	mm_exit(child);
	assert_int_equal(sys_mremap(mm, AREA, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				    2 * AREA), 2 * AREA);
	assert_int_equal(do_user_addr_fault(mm, 2 * AREA + PAGE_SIZE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(userfaultfd_zeropage(uffd, 2 * AREA, PAGE_SIZE, 0), -ENOENT);
	assert_int_equal(sys_munmap(mm, 2 * AREA, PAGES * PAGE_SIZE), 0);
	finish();
}

/* ---- those that cannot wait ---- */

/* Row: U1. */
static void advice_fails(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_POPULATE_WRITE), -EFAULT);
	assert_int_equal(sys_mlock(mm, AREA, PAGE_SIZE), -ENOMEM);
	assert_int_equal(copy_word(0, 7, 0), PAGE_SIZE);
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_POPULATE_WRITE), 0);
	assert_int_equal(sys_munlock(mm, AREA, PAGE_SIZE), 0);
	finish();
}

/* Row: U1. A huge page would fill in what is missing. */
static void holes_do_not_collapse(void **state)
{
	(void)state;
	if (!THP_POSSIBLE)
		skip();
	mm = world_mm("linux-6.15,thp=always");
	map_at(mm, PMD_SIZE, PMD_SIZE, PROT_READ | PROT_WRITE);
	uffd = userfaultfd_create(mm);
	assert_non_null(uffd);
	assert_int_equal(userfaultfd_register(uffd, PMD_SIZE, PMD_SIZE, MISSING), 0);
	for (unsigned long i = 0; i < HPAGE_PMD_NR; i++) {
		char contents[MAX_PAYLOAD] = { 0 };

		if (i == 0 || i == HPAGE_PMD_NR - 1)
			assert_int_equal(sys_madvise(mm, PMD_SIZE, PMD_SIZE, MADV_COLLAPSE), -EINVAL);
		assert_int_equal(userfaultfd_copy(uffd, PMD_SIZE + i * PAGE_SIZE, contents, PAGE_SIZE, 0), PAGE_SIZE);
	}
	assert_int_equal(sys_madvise(mm, PMD_SIZE, PMD_SIZE, MADV_COLLAPSE), 0);
	assert_int_equal(userfaultfd_zeropage(uffd, PMD_SIZE, PAGE_SIZE, 0), -EEXIST);
	finish();
}

/* ---- the end of the address space ---- */

/* Row: U1. */
static void an_address_space_may_end_first(void **state)
{
	(void)state;
	begin("linux-6.15");
	mm_exit(mm);
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGE_SIZE, MISSING), -ESRCH);
	assert_int_equal(userfaultfd_unregister(uffd, AREA, PAGE_SIZE), -ESRCH);
	assert_int_equal(copy_word(0, 7, 0), -ESRCH);
	userfaultfd_release(uffd);
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, swap_world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fault_waits_for_its_page),
		TEST(a_fault_is_woken_by_its_range),
		TEST(a_fault_woken_without_a_page_waits_again),
		TEST(a_fault_goes_on_where_nothing_is_registered_any_more),
		TEST(what_is_mapped_stays),
		TEST(a_page_has_the_rights_of_its_vma),
		TEST(ranges_and_modes),
		TEST(a_registered_range_is_a_vma_of_its_own),
		TEST(copies_of_a_vma_are_not_registered),
		TEST(a_pin_waits_for_its_pages),
		TEST(advice_fails),
		TEST(holes_do_not_collapse),
		TEST(an_address_space_may_end_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
