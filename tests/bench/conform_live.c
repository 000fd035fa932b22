/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conform_live.c - the live side of conform: its processes survive what sequences do to them, are as new after each
 * reset, and see what the kernel is known to do.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "bench/conform/agent.h"

#define PAGES		16
#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED)
#define RUN(...)	(side->run(side, &(struct op){ __VA_ARGS__ }))
#define MAP(nr)		RUN(.kind = OP_MMAP, .pages = (nr), .prot = READ_WRITE, .flags = ANON)

static struct side *side;
static struct process_state state, other;

static int fresh(void **unused)
{
	(void)unused;
	if (side)
		side->reset(side, PAGES);
	return 0;
}

static void look(unsigned int process, struct process_state *seen)
{
	side->look(side, process, seen);
}

/* ---- accesses ---- */
static void signals_have_their_codes(void **unused)
{
	(void)unused;
	assert_int_equal(RUN(.kind = OP_READ, .first = 3), RESULT_SIGNAL(SIGSEGV, SEGV_MAPERR));
	assert_int_equal(MAP(4), 0);
	assert_int_equal(RUN(.kind = OP_MPROTECT, .pages = 1, .prot = PROT_READ), 0);
	assert_int_equal(RUN(.kind = OP_WRITE, .byte = 1), RESULT_SIGNAL(SIGSEGV, SEGV_ACCERR));
	assert_int_equal(RUN(.kind = OP_WRITE, .first = 1, .byte = 7), 7);
	assert_int_equal(RUN(.kind = OP_READ, .first = 1), 7);
	assert_int_equal(RUN(.kind = OP_READ, .first = 1, .skew = 1), 0);
	assert_int_equal(RUN(.kind = OP_MMAP, .first = 4, .pages = 4, .prot = READ_WRITE, .file = 2, .pgoff = 1,
			     .flags = MAP_SHARED | MAP_FIXED), 4);
	assert_int_equal(RUN(.kind = OP_READ, .first = 6), file_byte(2, 3));
	assert_int_equal(RUN(.kind = OP_TRUNCATE, .file = 2, .pages = 3), 0);
	assert_int_equal(RUN(.kind = OP_READ, .first = 6), RESULT_SIGNAL(SIGBUS, BUS_ADRERR));
	assert_int_equal(RUN(.kind = OP_READ, .first = 5), file_byte(2, 2));
}

/* ---- trees ---- */
static void trees_grow_four_deep_and_survive_the_middle(void **unused)
{
	unsigned char wanted[WINDOW_PAGES_MAX] = { [0] = 1, [1] = 1 };
	int bytes[WINDOW_PAGES_MAX];

	(void)unused;
	assert_int_equal(MAP(2), 0);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(RUN(.kind = OP_WRITE, .process = i, .byte = (unsigned char)(i + 1)), i + 1);
		if (i < 4)
			assert_int_equal(RUN(.kind = OP_FORK, .process = i, .to = i + 1), 0);
	}
	assert_int_equal(RUN(.kind = OP_EXIT, .process = 2), 0);
	for (unsigned int i = 0; i < 5; i++)
		if (i != 2)
			assert_int_equal(RUN(.kind = OP_READ, .process = i), i + 1);
	side->contents(side, 4, wanted, bytes);
	assert_int_equal(bytes[0], 5);
	assert_int_equal(bytes[1], 0);
	assert_int_equal(RUN(.kind = OP_FORK, .process = 4, .to = 2), 0);
	assert_int_equal(RUN(.kind = OP_READ, .process = 2), 5);
}

static void a_fork_shares_frames_until_a_write(void **unused)
{
	(void)unused;
	assert_int_equal(MAP(4), 0);
	assert_int_equal(RUN(.kind = OP_WRITE, .first = 1, .byte = 1), 1);
	assert_int_equal(RUN(.kind = OP_READ, .first = 2), 0);
	look(0, &state);
	assert_int_equal(state.nr_vmas, 1);
	assert_int_equal(state.vmas[0].end, 4);
	assert_int_equal(state.pages[0].bits, 0);
	assert_int_equal(state.pages[1].bits & (PAGE_PRESENT | PAGE_MAPPED_ONCE | PAGE_INCORE | PAGE_OF_FILE),
			 PAGE_PRESENT | PAGE_MAPPED_ONCE | PAGE_INCORE);
	assert_int_equal(RUN(.kind = OP_FORK, .to = 1), 0);
	look(0, &state);
	look(1, &other);
	assert_false(state.pages[1].bits & PAGE_MAPPED_ONCE);
	assert_int_equal(state.pages[2].bits & PAGE_PRESENT, other.pages[2].bits & PAGE_PRESENT);
	if (!side->knows.mapcounts)
		return;
	assert_int_equal(state.pages[1].frame, other.pages[1].frame);
	assert_int_equal(state.pages[1].mapcount, 2);
	assert_false(state.pages[1].bits & PAGE_ANON_EXCLUSIVE);
	assert_int_equal(RUN(.kind = OP_WRITE, .process = 1, .first = 1, .byte = 2), 2);
	look(1, &other);
	assert_int_not_equal(state.pages[1].frame, other.pages[1].frame);
	assert_true(other.pages[1].bits & PAGE_ANON_EXCLUSIVE);
}

/* Pages of the process in all. */
static void expect_total(long pages)
{
	if (side->knows.rss)
		assert_int_equal(state.total, pages);
}

static void details_are_shown_when_asked_for(void **unused)
{
	(void)unused;
	assert_int_equal(MAP(6), 0);
	assert_int_equal(RUN(.kind = OP_MADVISE, .first = 4, .pages = 2, .advice = MADV_DONTFORK), 0);
	look(0, &state);
	assert_false(state.detailed);
	side->thorough = true;
	look(0, &state);
	assert_true(state.detailed && state.nr_vmas == 2);
	expect_total(6);
	assert_int_equal(state.locked, 0);
	assert_int_equal(state.vmas[0].vm_flags & (VMA_DONTFORK | VMA_NORESERVE | VMA_MAYWRITE),
			 VMA_NORESERVE | VMA_MAYWRITE);
	assert_true(state.vmas[1].vm_flags & VMA_DONTFORK);
	if (RUN(.kind = OP_MLOCK, .pages = 2, .flags = MLOCK_ONFAULT) == 0) {
		look(0, &state);
		assert_int_equal(state.locked, 2);
		assert_int_equal(state.vmas[0].vm_flags & (VMA_LOCKED | VMA_LOCKONFAULT), VMA_LOCKED | VMA_LOCKONFAULT);
	}
	assert_int_equal(RUN(.kind = OP_FORK, .to = 1), 0);
	look(1, &state);
	expect_total(4);
	side->thorough = false;
}

/* ---- pins ---- */
static void a_pinned_page_is_copied_by_fork(void **unused)
{
	long ret;

	(void)unused;
	assert_int_equal(MAP(2), 0);
	assert_int_equal(RUN(.kind = OP_WRITE, .byte = 1), 1);
	ret = RUN(.kind = OP_PIN, .to = 3, .flags = 1);
	if (ret == -ENOSYS)
		skip();
	assert_int_equal(ret, 0);
	assert_int_equal(RUN(.kind = OP_PIN, .first = 5, .to = 4, .flags = 1), -EFAULT);
	assert_int_equal(RUN(.kind = OP_PIN, .to = 5), 0);
	look(0, &state);
	assert_int_equal(RUN(.kind = OP_FORK, .to = 1), 0);
	look(0, &other);
	assert_int_equal(state.pages[0].bits, other.pages[0].bits);	/* not shared */
	assert_int_equal(RUN(.kind = OP_UNPIN, .to = 3), 0);
	assert_int_equal(RUN(.kind = OP_FORK, .to = 2), 0);
	look(0, &other);
	assert_int_not_equal(state.pages[0].bits, other.pages[0].bits);
}

/* ---- resets ---- */
static void make_a_mess(void)
{
	assert_int_equal(MAP(PAGES + 8), 0);
	RUN(.kind = OP_MLOCK, .first = 2, .pages = 4);
	assert_int_equal(RUN(.kind = OP_MMAP, .first = 4, .pages = 4, .prot = READ_WRITE, .file = 1,
			     .flags = MAP_SHARED | MAP_FIXED), 4);
	assert_int_equal(RUN(.kind = OP_WRITE, .first = 5, .byte = 99), 99);
	assert_int_equal(RUN(.kind = OP_TRUNCATE, .file = 1, .pages = 2), 0);
	assert_int_equal(RUN(.kind = OP_FORK, .to = 1), 0);
	RUN(.kind = OP_MMAP, .process = 1, .pages = 2, .prot = READ_WRITE, .flags = ANON & ~MAP_FIXED);
	RUN(.kind = OP_PIN, .process = 1, .first = 1, .to = 0);
}

static void check_fresh(void)
{
	side->reset(side, PAGES);
	look(0, &state);
	assert_int_equal(state.nr_vmas, 0);
	assert_int_equal(RUN(.kind = OP_READ, .first = 1), RESULT_SIGNAL(SIGSEGV, SEGV_MAPERR));
	assert_int_equal(RUN(.kind = OP_MMAP, .pages = FILE_PAGES, .prot = PROT_READ, .file = 1,
			     .flags = MAP_SHARED | MAP_FIXED), 0);
	for (int i = 0; i < FILE_PAGES; i++)
		assert_int_equal(RUN(.kind = OP_READ, .first = i), file_byte(1, i));
	assert_int_equal(RUN(.kind = OP_FORK, .to = 1), 0);
	assert_int_equal(RUN(.kind = OP_EXIT, .process = 1), 0);
}

static void nothing_is_left_after_a_reset(void **unused)
{
	pid_t pid = agent_exchange(0)->pid;

	(void)unused;
	make_a_mess();
	check_fresh();
	assert_int_equal(agent_exchange(0)->pid, pid);
	make_a_mess();
	if (RUN(.kind = OP_MSEAL, .first = 3, .pages = 1) == 0) {
		assert_int_equal(RUN(.kind = OP_MUNMAP, .pages = PAGES), -EPERM);
		check_fresh();
		assert_int_not_equal(agent_exchange(0)->pid, pid);
	}
	make_a_mess();
	assert_int_equal(RUN(.kind = OP_EXIT), 0);
	check_fresh();
}

static void a_process_that_is_killed_is_reported(void **unused)
{
	(void)unused;
	assert_int_equal(MAP(2), 0);
	assert_int_equal(RUN(.kind = OP_FORK, .to = 1), 0);
	assert_int_equal(kill(agent_exchange(1)->pid, SIGKILL), 0);
	assert_int_equal(RUN(.kind = OP_READ, .process = 1), RESULT_DEAD);
	assert_int_equal(RUN(.kind = OP_FORK, .process = 1, .to = 2), RESULT_DEAD);
	look(1, &state);
	assert_int_equal(state.nr_vmas, 0);
	assert_int_equal(RUN(.kind = OP_READ), 0);
	check_fresh();
}

/* What else leaves an agent as it is. */
static void other_calls_are_the_kernels(void **unused)
{
	(void)unused;
	assert_int_equal(MAP(PAGES), 0);
	assert_int_equal(RUN(.kind = OP_MMAP, .first = 3, .pages = 2, .prot = PROT_READ,
			     .flags = ANON & ~MAP_FIXED), RESULT_ELSEWHERE);
	assert_int_equal(RUN(.kind = OP_MREMAP, .first = 3, .pages = 2, .new_pages = 2, .to = 9,
			     .flags = MREMAP_MAYMOVE | MREMAP_FIXED), 9);
	assert_int_equal(RUN(.kind = OP_MREMAP, .first = 9, .pages = 2, .new_pages = 8, .flags = MREMAP_MAYMOVE),
			 RESULT_ELSEWHERE);
	assert_int_equal(RUN(.kind = OP_MUNMAP, .pages = 2, .skew = 1), -EINVAL);
	assert_int_equal(RUN(.kind = OP_MINCORE, .pages = 3), 0);
	assert_int_equal(RUN(.kind = OP_MINCORE, .pages = 4), -ENOMEM);
	assert_int_equal(RUN(.kind = OP_MSYNC, .pages = 3, .flags = MS_SYNC), 0);
	assert_int_equal(RUN(.kind = OP_MADVISE, .pages = 1, .advice = MADV_DONTNEED), 0);
	assert_int_equal(RUN(.kind = OP_MOVE_PAGES), -ENOENT);
	assert_int_equal(RUN(.kind = OP_MUNLOCKALL), 0);
	assert_int_equal(RUN(.kind = OP_UNPIN), 0);
	side->thorough = true;
	look(0, &state);
	side->thorough = false;
	assert_int_equal(state.nr_vmas, 3);
	assert_int_equal(state.vmas[1].first, 5);
	assert_int_equal(state.vmas[2].first, 11);
	expect_total(3 + 4 + 5);	/* what was mapped elsewhere is gone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(signals_have_their_codes, fresh),
		cmocka_unit_test_setup(trees_grow_four_deep_and_survive_the_middle, fresh),
		cmocka_unit_test_setup(a_fork_shares_frames_until_a_write, fresh),
		cmocka_unit_test_setup(details_are_shown_when_asked_for, fresh),
		cmocka_unit_test_setup(a_pinned_page_is_copied_by_fork, fresh),
		cmocka_unit_test_setup(nothing_is_left_after_a_reset, fresh),
		cmocka_unit_test_setup(a_process_that_is_killed_is_reported, fresh),
		cmocka_unit_test_setup(other_calls_are_the_kernels, fresh),
	};
	const char *why;
	int failed;

	side = live_side(&why);
	if (!side) {
		print_message("no live side here: %s\n", why);
		return 0;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	side->end(side);
	return failed;
}
