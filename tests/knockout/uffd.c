/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd.c - faults that wait for a userfaultfd with a knock-out, step by step: the page is filled in, or the range no
 * longer registered, just before a fault queues itself; and two threads fill in one page.
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

int main(void)
{
	static const struct knocked_steps steps[] = {
		{ { "uffd:must-wait", { "never woken" } }, a_page_that_is_there_is_not_waited_for },
		{ { "uffd:unregister-lock", { "never woken" } }, the_last_wake_up_misses_none },
		{ { "uffd:fill-recheck", { "filled in twice" } }, a_page_is_filled_in_once },
	};

	return knocked_steps_main(steps, ARRAY_SIZE(steps), world_up);
}
