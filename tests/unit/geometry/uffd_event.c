/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_event: moves and removals that wait until a userfaultfd's user has read them, and what it finds then. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/op/clear_refs.h"
#include "core/op/mremap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "tests/lib/scene/uffd_event_scene.h"

/* ---- mremap ---- */

static long do_move(void)
{
	return sys_mremap(mm, AREA, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, MOVED);
}

static void move_once(const char *under)
{
	policy = under;
	begin(UFFD_FEATURE_EVENT_REMAP, MISSING | WP);
	assert_int_equal(sys_clear_refs(mm, CLEAR_REFS_SOFT_DIRTY), 0);
	assert_int_equal(userfaultfd_writeprotect(uffd, page_addr(2), PAGE_SIZE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	start(do_move);
	assert_true(pte_present(tree_pte(mm, MOVED)) && pte_none(pte_at(mm, 0)));
	await_remap(AREA, MOVED, SIZE);
	end(MOVED);
	assert_none();
	assert_int_equal(fill(uffd, MOVED + PAGE_SIZE, 71), PAGE_SIZE);
	assert_int_equal(fill(uffd, MOVED, 71), -EEXIST);
	assert_true(pte_uffd_wp(tree_pte(mm, MOVED + 2 * PAGE_SIZE)) && !pte_uffd_wp(tree_pte(mm, MOVED)));
	finish();
}

/* Row: U4. The pages are there, and their protection, also if their entries change else. */
static void what_moves_stays_registered(void **state)
{
	(void)state;
	move_once("linux-6.15,soft_dirty=on");
	move_once("linux-6.15");
}

static long do_move_over(void)
{
	return sys_mremap(mm, AREA, SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, page_addr(6));
}

static long do_shrink(void)
{
	return sys_mremap(mm, page_addr(6), 2 * PAGE_SIZE, PAGE_SIZE, 0, 0);
}

/* Row: U4. What was mapped there, the move, and what is not any more. */
static void a_move_over_others_is_three_events(void **state)
{
	(void)state;
	begin(UFFD_EVENT_FEATURES, MISSING);
	assert_int_equal(userfaultfd_register(uffd, page_addr(6), PAGE_SIZE, MISSING), 0);
	start(do_move_over);
	await_range(UFFD_EVENT_UNMAP, page_addr(6), page_addr(8));
	await_remap(AREA, page_addr(6), 2 * PAGE_SIZE);
	await_range(UFFD_EVENT_UNMAP, page_addr(2), page_addr(4));
	await_range(UFFD_EVENT_UNMAP, AREA, page_addr(2));
	end((long)page_addr(6));
	assert_none();
	start(do_shrink);
	await_range(UFFD_EVENT_UNMAP, page_addr(7), page_addr(8));
	end((long)page_addr(6));
	finish();
}

/* ---- madvise ---- */

static int advice;

static long do_advise(void)
{
	return sys_madvise(mm, AREA, SIZE, advice);
}

/* Row: U4. They are there until that is read. */
static void pages_go_once_that_is_read(void **state)
{
	static const int all[] = { MADV_DONTNEED, MADV_DONTNEED_LOCKED, MADV_FREE };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		begin(UFFD_FEATURE_EVENT_REMOVE, MISSING);
		assert_int_equal(sys_mlock2(mm, AREA, PAGE_SIZE, MLOCK_ONFAULT), 0);
		advice = all[i];
		if (advice != MADV_DONTNEED_LOCKED) {
			assert_int_equal(do_advise(), -EINVAL);
			assert_none();
		}
		assert_int_equal(sys_munlock(mm, AREA, PAGE_SIZE), 0);
		start(do_advise);
		assert_true(pte_present(pte_at(mm, 0)) && pte_dirty(pte_at(mm, 0)));
		await_range(UFFD_EVENT_REMOVE, AREA, AREA + SIZE);
		end(0);
		assert_none();
		assert_true(advice == MADV_FREE ? !pte_dirty(pte_at(mm, 2)) : pte_none(pte_at(mm, 2)));
		finish();
	}
}

/* Row: U4. The rest is reported anew. */
static void a_vma_may_be_split_meanwhile(void **state)
{
	(void)state;
	begin(UFFD_FEATURE_EVENT_REMOVE, MISSING);
	advice = MADV_DONTNEED;
	start(do_advise);
	assert_int_equal(sys_mprotect(mm, page_addr(2), PAGE_SIZE, PROT_READ), 0);
	await_range(UFFD_EVENT_REMOVE, AREA, AREA + SIZE);
	await_range(UFFD_EVENT_REMOVE, page_addr(2), page_addr(3));
	await_range(UFFD_EVENT_REMOVE, page_addr(3), page_addr(4));
	end(0);
	assert_true(pte_none(pte_at(mm, 2)));
	start(do_advise);
	assert_int_equal(sys_munmap(mm, AREA, PAGE_SIZE), 0);
	await_range(UFFD_EVENT_REMOVE, AREA, page_addr(2));
	threads_join(waiting.thread);
	assert_int_equal(waiting.ret, -ENOMEM);
	assert_none();
	finish();
}

static long do_punch(void)
{
	return sys_madvise(mm, MOVED, SIZE, MADV_REMOVE);
}

/* Row: U4. Of a file, too. */
static void a_hole_is_reported(void **state)
{
	(void)state;
	begin(UFFD_FEATURE_EVENT_REMOVE, MISSING);
	assert_int_equal(sys_mmap(mm, MOVED, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0),
			 MOVED);
	assert_int_equal(do_user_addr_fault(mm, MOVED, FAULT_FLAG_WRITE), 0);
	assert_int_equal(userfaultfd_register(uffd, MOVED, SIZE, MISSING), 0);
	start(do_punch);
	assert_true(pte_present(tree_pte(mm, MOVED)));
	await_range(UFFD_EVENT_REMOVE, MOVED, MOVED + SIZE);
	end(0);
	assert_true(pte_none(tree_pte(mm, MOVED)));
	finish();
}

/* ---- munmap ---- */

static long do_unmap(void)
{
	return sys_munmap(mm, AREA, LEN);
}

static long do_map(void)
{
	return sys_mmap(mm, AREA, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
}

/* Row: U4. Once to each userfaultfd, when the pages have gone. */
static void what_is_unmapped_is_reported_once(void **state)
{
	struct userfaultfd_ctx *other, *child;
	struct uffd_msg msg;

	(void)state;
	begin(UFFD_FEATURE_EVENT_UNMAP, MISSING);
	other = open_uffd(UFFD_FEATURE_EVENT_UNMAP, page_addr(5), PAGE_SIZE, MISSING);
	assert_int_equal(userfaultfd_register(uffd, page_addr(6), PAGE_SIZE, MISSING), 0);
	assert_int_equal(userfaultfd_register(uffd, page_addr(8), PAGE_SIZE, MISSING), 0);
	start(do_map);
	assert_true(pte_none(pte_at(mm, 0)));
	await_range(UFFD_EVENT_UNMAP, AREA, AREA + SIZE);
	end(AREA);
	start(do_unmap);
	assert_int_equal(userfaultfd_zeropage(other, page_addr(5), PAGE_SIZE, 0), -EAGAIN);
	while (userfaultfd_read_msg(other, &msg, &child))	/* in the order of VMAs */
		sleep_yield();
	assert_int_equal(msg.event, UFFD_EVENT_UNMAP);
	await_range(UFFD_EVENT_UNMAP, AREA, AREA + LEN);
	end(0);
	assert_none();
	userfaultfd_release(other);
	finish();
}

/* Row: U4. */
static void what_was_not_asked_for_is_not_reported(void **state)
{
	(void)state;
	begin(0, MISSING);
	advice = MADV_DONTNEED;
	assert_int_equal(do_advise(), 0);
	assert_int_equal(do_fork(), 0);
	assert_int_equal(do_move(), MOVED);
	assert_int_equal(do_unmap(), 0);
	assert_int_equal(userfaultfd_zeropage(uffd, MOVED, PAGE_SIZE, 0), -ENOENT);
	assert_none();
	mm_exit(waiting.child);
	finish();
}

/* ---- reads and the end ---- */

static void take_fault(void *arg, unsigned int index)
{
	(void)index;
	*(vm_fault_t *)arg = do_user_addr_fault(mm, page_addr(1), 0);
}

/* Row: U4. A fault meanwhile waits as always; the page comes once the event was read. */
static void faults_are_read_before_events(void **state)
{
	struct test_threads *thread;
	vm_fault_t ret = 1;
	struct uffd_msg msg;

	(void)state;
	begin(UFFD_FEATURE_EVENT_REMOVE, MISSING);
	advice = MADV_DONTNEED;
	start(do_advise);
	thread = threads_start(1, take_fault, &ret);
	while (!events_total(EV_UFFD_WAIT))
		sleep_yield();
	assert_null(read_one(&msg));
	assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
	assert_int_equal(msg.arg.pagefault.address, page_addr(1));
	assert_int_equal(fill(uffd, page_addr(1), 7), -EAGAIN);
	await_range(UFFD_EVENT_REMOVE, AREA, AREA + SIZE);
	end(0);
	assert_int_equal(fill(uffd, page_addr(1), 7), PAGE_SIZE);
	threads_join(thread);
	assert_int_equal(ret, 0);
	finish();
}

static long do_unmap_all(void)
{
	return sys_munmap(mm, AREA, SIZE);
}

/* Row: U4. A fork that was not read leaves the child's VMAs to none. */
static void no_event_outlives_its_userfaultfd(void **state)
{
	static long (*const ops[])(void) = { do_fork, do_move, do_advise, do_unmap_all };

	(void)state;
	advice = MADV_DONTNEED;
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		begin(UFFD_EVENT_FEATURES, MISSING);
		start(ops[i]);
		assert_false(step_within(&waiting.done, 1, 20));
		userfaultfd_release(uffd);
		threads_join(waiting.thread);
		assert_true(waiting.ret >= 0);
		if (waiting.child) {
			write_word(waiting.child, 1, 5);
			mm_exit(waiting.child);
		}
		uffd = userfaultfd_create(mm);
		finish();
	}
}

/* Row: U4. */
static void features(void **state)
{
	(void)state;
	begin(0, MISSING);
	assert_int_equal(userfaultfd_api(uffd, UFFD_FEATURE_EVENT_FORK), -EINVAL);
	userfaultfd_release(uffd);
	uffd = userfaultfd_create(mm);
	assert_int_equal(userfaultfd_api(uffd, UFFD_FEATURE_EVENT_FORK | 1ull << 40), -EINVAL);
	assert_int_equal(userfaultfd_api(uffd, UFFD_FEATURE_EVENT_FORK), 0);
	finish();
}

#define TEST(test)	cmocka_unit_test_setup_teardown(test, swap_world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_moves_stays_registered),
		TEST(a_move_over_others_is_three_events),
		TEST(pages_go_once_that_is_read),
		TEST(a_vma_may_be_split_meanwhile),
		TEST(a_hole_is_reported),
		TEST(what_is_unmapped_is_reported_once),
		TEST(what_was_not_asked_for_is_not_reported),
		TEST(faults_are_read_before_events),
		TEST(no_event_outlives_its_userfaultfd),
		TEST(features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
