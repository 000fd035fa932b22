/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_move: pages moved to where a userfaultfd waits for them: which, with what, and what walks find afterwards. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/lock/wait.h"
#include "core/op/fork.h"
#include "core/op/gup.h"
#include "core/op/protect.h"
#include "core/op/userfaultfd.h"
#include "core/phys/folio_lock.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/migrator_scene.h"
#include "tests/lib/scene/swap_scene.h"

#define PAGES	4ul		/* from AREA on, written, and then PAGES registered */
#define HOLES	UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES

static struct mm_struct *mm;
static struct userfaultfd_ctx *uffd;

static void begin(const char *policy)
{
	events_reset();
	mm = mm_with_words(policy, PAGES);
	uffd = userfaultfd_create(mm);
	assert_non_null(uffd);
	assert_int_equal(userfaultfd_register(uffd, page_addr(PAGES), PAGES * PAGE_SIZE, UFFDIO_REGISTER_MODE_MISSING),
			 0);
}

static void finish(void)
{
	assert_at_rest(mm);
	userfaultfd_release(uffd);
	mm_exit(mm);
}

static long move(unsigned long to, unsigned long from, unsigned long nr, unsigned long mode)
{
	return userfaultfd_move(uffd, page_addr(to), page_addr(from), nr * PAGE_SIZE, mode);
}

static const char *const policies[] = {
	"linux-6.15", "linux-6.4", "linux-3.13", "linux-2.6.14", "linux-6.15,pte_ptl=pmd",
	"linux-6.15,tables=shootdown",
};

/* Row: U1. The same frames, at other addresses. */
static void pages_move_as_they_are(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct folio *folios[PAGES];

		begin(policies[p]);
		for (unsigned long i = 0; i < PAGES; i++)
			folios[i] = folio_at(mm, i);
		assert_int_equal(move(PAGES, 0, PAGES, 0), PAGES * PAGE_SIZE);
		for (unsigned long i = 0; i < PAGES; i++) {
			assert_true(pte_none(pte_at(mm, i)) && pte_write(pte_at(mm, PAGES + i)));
			assert_true(pte_dirty(pte_at(mm, PAGES + i)));
			assert_ptr_equal(folio_at(mm, PAGES + i), folios[i]);
			assert_int_equal(folio_ref_count(folios[i]), 1);
			assert_int_equal(read_word(mm, PAGES + i), 100 + i);
		}
		assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), PAGES);
		assert_int_equal(events_total(EV_UFFD_MOVED), PAGES);
		finish();
	}
}

static void take_fault(void *arg, unsigned int index)
{
	(void)index;
	*(vm_fault_t *)arg = do_user_addr_fault(mm, page_addr(PAGES), FAULT_FLAG_WRITE);
}

/* Row: U1. */
static void a_fault_gets_the_page_moved_to_it(void **state)
{
	struct test_threads *thread;
	vm_fault_t ret = ~0u;
	unsigned long addr;
	unsigned int flags;

	(void)state;
	begin("linux-6.15");
	thread = threads_start(1, take_fault, &ret);
	while (userfaultfd_read(uffd, &addr, &flags))
		sleep_yield();
	assert_int_equal(move(PAGES, 2, 1, 0), PAGE_SIZE);
	threads_join(thread);
	assert_int_equal(ret, 0);
	assert_int_equal(read_word(mm, PAGES), 102);
	finish();
}

/* Row: U1. */
static void what_is_there_or_is_not(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(userfaultfd_zeropage(uffd, page_addr(PAGES + 1), PAGE_SIZE, 0), PAGE_SIZE);
	assert_int_equal(move(PAGES, 0, 2, 0), PAGE_SIZE);	/* as far as it goes */
	assert_int_equal(move(PAGES + 1, 1, 1, 0), -EEXIST);
	assert_int_equal(move(PAGES + 2, 0, 1, 0), -ENOENT);
	assert_int_equal(move(PAGES + 2, 0, 2, HOLES), 2 * PAGE_SIZE);
	assert_true(pte_none(pte_at(mm, PAGES + 2)));
	assert_int_equal(read_word(mm, PAGES + 3), 101);
	/* The zero page moves as the zero page. */
	assert_int_equal(read_word(mm, 0), 0);
	assert_int_equal(move(PAGES + 2, 0, 1, 0), PAGE_SIZE);
	assert_true(is_zero_pfn(pte_pfn(pte_at(mm, PAGES + 2))));
	finish();
}

/* Row: U1. */
static void pages_in_use_stay(void **state)
{
	struct mm_struct *child;
	struct page *page;

	(void)state;
	begin("linux-6.15");
	assert_int_equal(pin_user_pages_fast(mm, AREA, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(move(PAGES, 0, 1, 0), -EBUSY);
	unpin_user_page(page);
	page_out(mm, 1);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_true(swapped(mm, 1));
	assert_int_equal(move(PAGES, 1, 1, 0), -EBUSY);
	assert_int_equal(move(PAGES, 2, 1, 0), -EBUSY);
	mm_exit(child);
	write_word(mm, 2, 7);		/* exclusive again */
	assert_int_equal(move(PAGES, 2, 1, 0), PAGE_SIZE);
	finish();
}

/* ---- pages that are not present ---- */

/* Row: U1. By their entries. */
static void pages_in_swap_move(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		begin(policies[p]);
		for (unsigned long i = 0; i < PAGES; i++)
			page_out(mm, i);
		assert_int_equal(move(PAGES, 0, PAGES, 0), PAGES * PAGE_SIZE);
		for (unsigned long i = 0; i < PAGES; i++)
			assert_true(pte_none(pte_at(mm, i)) && swapped(mm, PAGES + i));
		assert_int_equal(mm_counter_sum(&mm->pt, MM_SWAPENTS), PAGES);
		assert_int_equal(events_total(EV_UFFD_MOVED_SWAP), PAGES);
		assert_at_rest(mm);
		for (unsigned long i = 0; i < PAGES; i++)
			assert_int_equal(read_word(mm, PAGES + i), 100 + i);
		finish();
	}
}

/* Row: U1. The slot has it still: it is mapped at the new address, and found there. */
static void a_folio_in_the_swap_cache_moves_along(void **state)
{
	struct folio *folio;

	(void)state;
	begin("linux-6.15");
	folio = folio_at(mm, 2);
	folio_get(folio);
	page_out(mm, 2);
	assert_true(swapped(mm, 2) && folio_test_swapcache(folio));
	assert_int_equal(move(PAGES, 2, 1, 0), PAGE_SIZE);
	assert_int_equal(read_word(mm, PAGES), 102);
	assert_ptr_equal(folio_at(mm, PAGES), folio);
	folio_put(folio);
	finish();
}

/* Row: U1. */
static void a_protected_page_in_swap(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(userfaultfd_register(uffd, AREA, PAGE_SIZE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(userfaultfd_writeprotect(uffd, AREA, PAGE_SIZE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	page_out(mm, 0);
	assert_true(pte_swp_uffd_wp(pte_at(mm, 0)));
	assert_int_equal(move(PAGES, 0, 1, 0), PAGE_SIZE);	/* not registered for that */
	write_word(mm, PAGES, 7);
	write_word(mm, 1, 7);
	assert_int_equal(userfaultfd_register(uffd, AREA, 2 * PAGE_SIZE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(userfaultfd_writeprotect(uffd, page_addr(1), PAGE_SIZE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	page_out(mm, 1);
	assert_int_equal(move(0, 1, 1, 0), PAGE_SIZE);
	assert_true(pte_swp_uffd_wp(pte_at(mm, 0)));
	finish();
}

/* Row: U1. */
static void what_no_page_is_in_stays(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(sys_madvise(mm, AREA, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(move(PAGES, 0, 1, HOLES), -EFAULT);
	assert_int_equal(move(PAGES, 1, 1, HOLES), PAGE_SIZE);
	finish();
}

struct moving {
	long ret;
	unsigned int done;
};

static void move_first(void *arg, unsigned int index)
{
	struct moving *moving = arg;

	(void)index;
	moving->ret = move(PAGES, 0, 1, 0);
	step_reach(&moving->done, 1);
}

/* Row: U1. */
static void a_migration_is_waited_for(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < ARRAY_SIZE(policies); p++) {
		struct test_threads *migrator, *mover;
		struct moving moving = { 0 };

		begin(policies[p]);
		folio_get(folio_at(mm, 0));
		migrator = start_migrator_of(folio_at(mm, 0));
		mover = threads_start(1, move_first, &moving);
		assert_false(step_within(&moving.done, 1, 20));
		end_migrator(migrator);
		threads_join(mover);
		assert_int_equal(moving.ret, PAGE_SIZE);
		assert_int_equal(read_word(mm, PAGES), 100);
		finish();
	}
}

/* Row: U1. */
static void areas_and_modes(void **state)
{
	(void)state;
	begin("linux-6.15");
	assert_int_equal(move(0, 1, 1, 0), -EINVAL);		/* not registered */
	assert_int_equal(move(PAGES, 0, PAGES + 1, 0), -EINVAL);
	assert_int_equal(move(PAGES, 2, 1, 4), -EINVAL);
	assert_int_equal(move(PAGES, 2, 0, 0), -EINVAL);
	assert_int_equal(userfaultfd_move(uffd, page_addr(PAGES), AREA + LEN, PAGE_SIZE, 0), -ENOENT);
	assert_int_equal(userfaultfd_move(uffd, page_addr(PAGES) + 1, AREA, PAGE_SIZE, 0), -EINVAL);
	assert_int_equal(sys_mprotect(mm, AREA, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(move(PAGES, 0, 1, 0), -EINVAL);	/* of other rights */
	assert_int_equal(move(PAGES, 1, 1, 0), PAGE_SIZE);
	assert_int_equal(sys_mprotect(mm, page_addr(PAGES), PAGES * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(move(PAGES + 1, 0, 1, 0), -EINVAL);	/* not writable */
	finish();
}

/* Row: U1. Walks find it there, and skip where it was. */
static void a_page_changes_its_anon_vma(void **state)
{
	const unsigned long apart = AREA + 4 * LEN;
	struct folio *folio;

	(void)state;
	begin("linux-6.15");
	folio = folio_at(mm, 0);
	map_at(mm, apart, PAGE_SIZE, PROT_READ | PROT_WRITE);
	assert_int_equal(userfaultfd_register(uffd, apart, PAGE_SIZE, UFFDIO_REGISTER_MODE_MISSING), 0);
	assert_int_equal(userfaultfd_move(uffd, apart, AREA, PAGE_SIZE, 0), PAGE_SIZE);
	assert_ptr_equal(folio_anon_vma(folio), load_relaxed(&vma_tree_find(&mm->tree, apart)->anon_vma));
	assert_ptr_not_equal(folio_anon_vma(folio), load_relaxed(&vma_tree_find(&mm->tree, AREA)->anon_vma));
	finish();
}

/* ---- the lock of a folio ---- */

static struct holder {
	struct folio *folio;
	unsigned int step;
} holder;

static void hold_it(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	folio_lock(holder.folio);
	step_reach(&holder.step, 1);
	step_await(&holder.step, 2);
	folio_unlock(holder.folio);
}

static void end_it(void *arg)
{
	(void)arg;
	step_reach(&holder.step, 2);
}

/* Row: U1. The VMA locks rank below: they are dropped before it is waited for. */
static void a_locked_folio_is_waited_for(void **state)
{
	struct test_threads *thread;

	(void)state;
	begin("linux-6.15");
	holder = (struct holder){ .folio = folio_at(mm, 0) };
	folio_get(holder.folio);
	thread = threads_start(1, hold_it, NULL);
	step_await(&holder.step, 1);
	meanwhile("folio_lock.before_park", end_it, NULL);
	assert_int_equal(move(PAGES, 0, 1, 0), PAGE_SIZE);
	assert_int_equal(meanwhile_ran(), 1);
	threads_join(thread);
	folio_put(holder.folio);
	finish();
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, swap_world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_move_as_they_are),
		TEST(a_fault_gets_the_page_moved_to_it),
		TEST(what_is_there_or_is_not),
		TEST(pages_in_use_stay),
		TEST(pages_in_swap_move),
		TEST(a_folio_in_the_swap_cache_moves_along),
		TEST(a_protected_page_in_swap),
		TEST(what_no_page_is_in_stays),
		TEST(a_migration_is_waited_for),
		TEST(areas_and_modes),
		TEST(a_page_changes_its_anon_vma),
		TEST(a_locked_folio_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
