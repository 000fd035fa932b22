/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_event.c - events of a userfaultfd with a knock-out, step by step: a page is filled in while a fork waits to be
 * read, or as madvise() begins to report, and a userfaultfd is closed while a fork waits.
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
#include "tests/lib/harness/knocked.h"
#include "tests/lib/harness/meanwhile.h"
#include "tests/lib/harness/threads.h"
#include "tests/lib/scene/swap_scene.h"

static struct play {
	struct mm_struct *mm, *child;
	struct userfaultfd_ctx *uffd;
	struct test_threads *thread;
	unsigned int done;		/* what waits has ended */
} play;

static void begin(void)
{
	play = (struct play){ .mm = mm_with_words("linux-6.15", 0) };
	write_word(play.mm, 1, 5);	/* an anon_vma: pages are filled in under the VMA lock */
	play.uffd = userfaultfd_create(play.mm);
	BUG_ON(!play.uffd || userfaultfd_api(play.uffd, UFFD_EVENT_FEATURES));
	BUG_ON(userfaultfd_register(play.uffd, AREA, 2 * PAGE_SIZE, UFFDIO_REGISTER_MODE_MISSING));
}

static bool end(bool good)
{
	good = rests(&play.mm, 1) && good;
	userfaultfd_release(play.uffd);
	mm_exit(play.mm);
	return good;
}

static struct userfaultfd_ctx *read_event(void)
{
	struct userfaultfd_ctx *child;
	struct uffd_msg msg;

	while (userfaultfd_read_msg(play.uffd, &msg, &child))
		sleep_yield();
	return child;
}

static void do_fork(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(sys_fork(play.mm, &play.child));
	step_reach(&play.done, 1);
}

static void do_drop(void *arg, unsigned int index)
{
	(void)arg, (void)index;
	BUG_ON(sys_madvise(play.mm, AREA, 2 * PAGE_SIZE, MADV_DONTNEED));
	step_reach(&play.done, 1);
}

/* It waits, or, with a page that is being filled in, is about to. */
static void start(void (*op)(void *arg, unsigned int index))
{
	play.thread = threads_start(1, op, NULL);
	BUG_ON(step_within(&play.done, 1, 100));
}

static bool a_child_has_what_was_filled_in_before(void)
{
	struct userfaultfd_ctx *child;
	bool filled, good;

	begin();
	start(do_fork);
	filled = userfaultfd_zeropage(play.uffd, AREA, PAGE_SIZE, 0) == PAGE_SIZE;
	child = read_event();
	threads_join(play.thread);
	good = !filled || pte_present(pte_at(play.child, 0));
	if (!good)
		fprintf(stderr, "a child lacks a page that was filled in before its fork was read\n");
	userfaultfd_release(child);
	mm_exit(play.child);
	return end(good);
}

static void start_drop(void *arg)
{
	(void)arg;
	start(do_drop);
}

static bool no_event_begins_while_a_page_is_filled_in(void)
{
	begin();
	meanwhile("uffd.before_ptl", start_drop, NULL);
	BUG_ON(userfaultfd_zeropage(play.uffd, AREA, PAGE_SIZE, 0) != PAGE_SIZE || meanwhile_ran() != 1);
	read_event();
	threads_join(play.thread);
	return end(pte_none(pte_at(play.mm, 0)));
}

/* In a process of its own: the thread that waits goes with it. */
static bool a_fork_does_not_wait_for_ever(void)
{
	begin();
	start(do_fork);
	userfaultfd_release(play.uffd);
	if (!step_within(&play.done, 1, 300)) {
		fprintf(stderr, "the fork never returns\n");
		BUG_ON(true);
	}
	threads_join(play.thread);
	mm_exit(play.child);
	play.uffd = userfaultfd_create(play.mm);
	return end(play.uffd);
}

int main(void)
{
	static const struct knocked_steps steps[] = {
		{ { "uffd-event:changing", { "lacks a page" } }, a_child_has_what_was_filled_in_before },
		{ { "uffd-event:lock", { "uffd_mmap_changing" } }, no_event_begins_while_a_page_is_filled_in },
		{ { "uffd-event:release", { "never returns" } }, a_fork_does_not_wait_for_ever },
	};

	return knocked_steps_main(steps, ARRAY_SIZE(steps), swap_world_up);
}
