/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd.c - faults that wait for a userfaultfd with a knock-out, step by step: the page is filled in, or the range no
 * longer registered, just before a fault queues itself; two threads fill in one page; and a page is replaced or pinned
 * while it is moved, or its slot in swap reused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "core/faultline.h"
#include "core/lock/wait.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/scene/tree.h"

#define AREA	(3 * PGDIR_SIZE)

static struct play {
	struct mm_struct *mm;
	struct userfaultfd_ctx *uffd;
	struct test_threads *thread;
	unsigned int done;		/* the fault has ended */
} play;

static void begin(void)
{
	play = (struct play){ .mm = world_mm("linux-6.15") };
	map_at(play.mm, AREA, PAGE_SIZE, READ_WRITE);
	play.uffd = userfaultfd_create(play.mm);
	BUG_ON(!play.uffd || userfaultfd_register(play.uffd, AREA, PAGE_SIZE, UFFDIO_REGISTER_MODE_MISSING));
}

static bool end(bool good)
{
	good = rests(&play.mm, 1) && good;
	userfaultfd_release(play.uffd);
	mm_exit(play.mm);
	return good;
}

static void fill_in(void *arg)
{
	(void)arg;
	BUG_ON(userfaultfd_zeropage(play.uffd, AREA, PAGE_SIZE, 0) < 0);
}

/* Ends the thread of the fault. False if it was not woken before. */
static bool fault_was_woken(void)
{
	bool woken = step_within(&play.done, 1, 200);

	if (!woken) {
		fprintf(stderr, "the fault is never woken\n");
		BUG_ON(userfaultfd_wake(play.uffd, AREA, PAGE_SIZE));
	}
	threads_join(play.thread);
	return woken;
}

static void take_fault(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(do_user_addr_fault(play.mm, AREA, 0));
	step_reach(&play.done, 1);
}

static void take_late_fault(void *arg, unsigned int index)
{
	meanwhile("uffd.before_queue", fill_in, NULL);
	take_fault(arg, index);
	BUG_ON(meanwhile_ran() != 1);
}

static bool a_page_that_is_there_is_not_waited_for(void)
{
	begin();
	play.thread = threads_start(1, take_late_fault, NULL);
	return end(fault_was_woken());
}

static void start_fault(void *arg)
{
	unsigned long addr;
	unsigned int flags;

	(void)arg;
	play.thread = threads_start(1, take_fault, NULL);
	while (userfaultfd_read(play.uffd, &addr, &flags))
		sleep_yield();
}

/* Intact, the fault is queued before. */
static bool the_last_wake_up_misses_none(void)
{
	begin();
	if (KNOCKED_OUT(UFFD_UNREGISTER_LOCK))
		meanwhile("uffd.woken_early", start_fault, NULL);
	else
		start_fault(NULL);
	BUG_ON(userfaultfd_unregister(play.uffd, AREA, PAGE_SIZE));
	return end(fault_was_woken());
}

static bool a_page_is_filled_in_once(void)
{
	uint64_t contents[CACHE_LINE / sizeof(uint64_t)] = { 0 };
	bool good;

	begin();
	meanwhile("uffd.before_ptl", fill_in, NULL);
	good = userfaultfd_copy(play.uffd, AREA, contents, PAGE_SIZE, 0) == -EEXIST;
	BUG_ON(meanwhile_ran() != 1);
	if (!good)
		fprintf(stderr, "the page is filled in twice\n");
	return end(good);
}

/* ---- moves: from SOURCE, in another table ---- */

#define SOURCE	(AREA + PMD_SIZE)

static void begin_move(void)
{
	begin();
	map_at(play.mm, SOURCE, PAGE_SIZE, READ_WRITE);
	BUG_ON(do_user_addr_fault(play.mm, SOURCE, FAULT_FLAG_WRITE));
}

static void renew_source(void *arg)
{
	(void)arg;
	BUG_ON(sys_madvise(play.mm, SOURCE, PAGE_SIZE, MADV_DONTNEED));
	BUG_ON(do_user_addr_fault(play.mm, SOURCE, FAULT_FLAG_WRITE));
}

static bool the_page_that_is_there_is_moved(void)
{
	bool good;

	begin_move();
	meanwhile("uffd_move.before_ptls", renew_source, NULL);
	good = userfaultfd_move(play.uffd, AREA, SOURCE, PAGE_SIZE, 0) == PAGE_SIZE;
	BUG_ON(meanwhile_ran() != 1);
	return end(good);
}

static void pin_source(void *arg)
{
	BUG_ON(pin_user_pages_fast(play.mm, SOURCE, 1, FOLL_WRITE | FOLL_FAST_ONLY, arg) != 1);
}

static bool a_pinned_page_stays(void)
{
	struct page *page;
	bool good;

	begin_move();
	meanwhile("uffd_move.checked", pin_source, &page);
	good = userfaultfd_move(play.uffd, AREA, SOURCE, PAGE_SIZE, 0) == -EBUSY;
	BUG_ON(meanwhile_ran() != 1);
	if (!good)
		fprintf(stderr, "a pinned page is moved\n");
	unpin_user_page(page);
	return end(good);
}

/* The page in swap, of which the slot has the folio still. */
static void swap_source_out(void)
{
	struct folio *folio = page_folio(pte_page(tree_pte(play.mm, SOURCE)));

	folio_get(folio);
	BUG_ON(sys_madvise(play.mm, SOURCE, PAGE_SIZE, MADV_PAGEOUT));
	BUG_ON(!pte_is_swap(tree_pte(play.mm, SOURCE)) || !folio_test_swapcache(folio));
	folio_put(folio);
}

/* It is swapped in, and moved to the second registered page; its slot has another one then. */
static void reuse_slot(void *arg)
{
	pte_t old = tree_pte(play.mm, SOURCE);

	(void)arg;
	BUG_ON(do_user_addr_fault(play.mm, SOURCE, 0));
	BUG_ON(userfaultfd_move(play.uffd, AREA + PAGE_SIZE, SOURCE, PAGE_SIZE, 0) != PAGE_SIZE);
	BUG_ON(do_user_addr_fault(play.mm, SOURCE, FAULT_FLAG_WRITE));
	BUG_ON(sys_madvise(play.mm, SOURCE, PAGE_SIZE, MADV_PAGEOUT) || !pte_same(tree_pte(play.mm, SOURCE), old));
}

static bool the_slot_s_own_folio_is_moved(void)
{
	bool good;

	begin_move();
	map_at(play.mm, AREA + PAGE_SIZE, PAGE_SIZE, READ_WRITE);
	BUG_ON(userfaultfd_register(play.uffd, AREA, 2 * PAGE_SIZE, UFFDIO_REGISTER_MODE_MISSING));
	swap_source_out();
	meanwhile("uffd_move.got_folio", reuse_slot, NULL);
	good = userfaultfd_move(play.uffd, AREA, SOURCE, PAGE_SIZE, 0) == PAGE_SIZE;
	BUG_ON(meanwhile_ran() != 1);
	return end(good);
}

/* The table that is locked first, by its entry of @addr. */
static void note_first(void *arg)
{
	const pte_t *area = tree_make(play.mm, AREA), *source = tree_make(play.mm, SOURCE);
	bool locked[2] = { spin_is_locked(&table_page(area)->ptl), spin_is_locked(&table_page(source)->ptl) };

	BUG_ON(locked[0] == locked[1]);
	*(unsigned long *)arg = locked[0] ? AREA : SOURCE;
}

/* From the second table to the first, by both. */
static bool two_tables_are_locked_in_one_order(void)
{
	unsigned long by_move, by_mremap;

	begin_move();
	map_at(play.mm, SOURCE + 2 * PAGE_SIZE, PAGE_SIZE, READ_WRITE);
	BUG_ON(do_user_addr_fault(play.mm, SOURCE + 2 * PAGE_SIZE, FAULT_FLAG_WRITE));
	meanwhile("ptl.first_of_two", note_first, &by_move);
	BUG_ON(userfaultfd_move(play.uffd, AREA, SOURCE, PAGE_SIZE, 0) != PAGE_SIZE || meanwhile_ran() != 1);
	meanwhile("ptl.first_of_two", note_first, &by_mremap);
	BUG_ON(sys_mremap(play.mm, SOURCE + 2 * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			  AREA + 2 * PAGE_SIZE) < 0 || meanwhile_ran() != 1);
	if (by_move != by_mremap)
		fprintf(stderr, "two orders of PTLs\n");
	return end(by_move == by_mremap);
}

static int swap_up(void **state)
{
	return world_up(state) || swap_on(8);
}

int main(void)
{
	static const struct knocked_steps steps[] = {
		{ { "uffd:must-wait", { "never woken" } }, a_page_that_is_there_is_not_waited_for },
		{ { "uffd:unregister-lock", { "never woken" } }, the_last_wake_up_misses_none },
		{ { "uffd:fill-recheck", { "filled in twice" } }, a_page_is_filled_in_once },
		{ { "uffd-move:recheck", { "left < 0", "counter" } }, the_page_that_is_there_is_moved },
		{ { "uffd-move:pins", { "pinned page is moved" } }, a_pinned_page_stays },
		{ { "uffd-move:swap-recheck", { "rmap", "index" } }, the_slot_s_own_folio_is_moved },
		{ { "ptl:order", { "two orders" } }, two_tables_are_locked_in_one_order },
	};

	return knocked_steps_main(steps, ARRAY_SIZE(steps), swap_up);
}
