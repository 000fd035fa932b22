/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_advice: advice on the running kernel and on ours: results for every kind of memory, VMAs that it splits and
 * merges, and what a child has of advised memory.
 *
 * Compared with Linux 6.18 and later: earlier rules differ.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "core/mm/mm.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"
#include "tests/lib/model/memory_kinds.h"

#define AT	KIND_AT
#define PAGES	16ul
#define PRIVATE	(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED)

static const int advices[] = { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK,
			       MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_COLD, MADV_FREE };

/* @len 0: all of the memory. */
static const struct range {
	unsigned long start, len;
} ranges[] = { { 0, PAGE_SIZE }, { 0, PMD_SIZE }, { 0, 0 }, { PAGE_SIZE, 2 * PAGE_SIZE }, { PMD_SIZE, 2 * PMD_SIZE } };

static unsigned int differences(enum memory_kind kind, struct range range, int advice)
{
	unsigned long size, at = live_kind_at(kind, &size);
	struct mm_struct *mm;
	long live, ours;

	/* Part of the running kernel's raw frames only: what changed all of them would last. */
	if ((kind == RAW && range.len != PAGE_SIZE) || !live_kind(kind))
		return 0;
	live = live_madvise(at + range.start, range.len ? range.len : size, advice);
	assert_int_equal(live_munmap(AT, KIND_MAPPED), 0);
	mm = our_kind(kind);
	at = our_kind_at(kind, &size);
	ours = sys_madvise(mm, at + range.start, range.len ? range.len : size, advice);
	mm_exit(mm);
	if (live != ours)
		fprintf(stderr, "kind %d from %lx len %lx advice %d: the kernel gives %ld, ours %ld\n", (int)kind,
			range.start, range.len, advice, live, ours);
	return live != ours;
}

/* Row: G2. */
static void results_agree(void **state)
{
	unsigned int differ = 0;

	(void)state;
	if (!live_is_at_least(6, 18))
		skip();
	memory_kinds_up();
	live_catch_faults();
	for (unsigned int i = 0; i < ARRAY_SIZE(advices); i++)
		for (unsigned int kind = NOTHING; kind < NR_MEMORY_KINDS; kind++)
			for (unsigned int r = 0; r < ARRAY_SIZE(ranges); r++)
				differ += differences(kind, ranges[r], advices[i]);
	memory_kinds_down();
	assert_int_equal(differ, 0);
}

/* ---- fork ---- */

/* In the child of a fork, with the child that ours had before. */
static bool child_agrees(void *arg)
{
	struct mm_struct *child = arg;

	live_catch_faults();
	for (unsigned long addr = AT; addr < AT + PAGES * PAGE_SIZE; addr += PAGE_SIZE) {
		long live = live_touch(addr, false, 0), ours = our_touch(child, addr, false, 0);

		if (live != ours) {
			fprintf(stderr, "page %lu of the child: the kernel gives %ld, ours %ld\n",
				(addr - AT) / PAGE_SIZE, live, ours);
			return false;
		}
	}
	return live_vmas_agree(child, AT, AT + PAGES * PAGE_SIZE);
}

static void advise_both(struct mm_struct *mm, unsigned long first, unsigned long pages, int advice)
{
	unsigned long addr = AT + first * PAGE_SIZE, len = pages * PAGE_SIZE;

	assert_int_equal(live_madvise(addr, len, advice), 0);
	assert_int_equal(sys_madvise(mm, addr, len, advice), 0);
}

static void touch_both(struct mm_struct *mm, unsigned long page, unsigned char byte)
{
	assert_int_equal(live_touch(AT + page * PAGE_SIZE, true, byte), byte);
	assert_int_equal(our_touch(mm, AT + page * PAGE_SIZE, true, byte), byte);
}

/* Page i holds i + 1. */
static void map_both(struct mm_struct *mm)
{
	assert_int_equal(live_mmap(AT, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, PRIVATE), AT);
	assert_int_equal(sys_mmap(mm, AT, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, PRIVATE, 0), AT);
	for (unsigned long i = 0; i < PAGES; i++)
		touch_both(mm, i, (unsigned char)(i + 1));
}

/* Row: L8. */
static void a_child_has_what_advice_says(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15"), *child, *grandchild;
	char said[512];

	(void)state;
	if (!live_is_at_least(6, 18))
		skip();
	live_catch_faults();
	map_both(mm);
	advise_both(mm, 6, 1, MADV_GUARD_INSTALL);
	advise_both(mm, 1, 3, MADV_DONTFORK);
	advise_both(mm, 3, 1, MADV_DOFORK);
	advise_both(mm, 5, 4, MADV_WIPEONFORK);
	advise_both(mm, 8, 1, MADV_KEEPONFORK);
	advise_both(mm, 9, 2, MADV_WIPEONFORK);
	advise_both(mm, 10, 2, MADV_DONTFORK);
	assert_true(live_vmas_agree(mm, AT, AT + PAGES * PAGE_SIZE));
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_at_rest(mm, child);
	if (!child_ends_well(child_agrees, child, said, sizeof(said)))
		fail_msg("%s", said);
	/* The flags are inherited: what the child writes there its own child does not have. */
	assert_int_equal(our_touch(child, AT + 5 * PAGE_SIZE, true, 7), 7);
	assert_int_equal(sys_fork(child, &grandchild), 0);
	assert_int_equal(our_touch(grandchild, AT + 5 * PAGE_SIZE, false, 0), 0);
	assert_int_equal(our_touch(grandchild, AT + 8 * PAGE_SIZE, false, 0), 9);
	assert_at_rest(mm, child, grandchild);
	mm_exit(grandchild);
	mm_exit(child);
	mm_exit(mm);
	assert_int_equal(live_munmap(AT, PAGES * PAGE_SIZE), 0);
}

/* ---- reclaim ---- */

/* Row: A9. Pages that were written to after MADV_FREE, or before but elsewhere, are kept; others read as zeroes. */
static void freed_pages_read_alike(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15");
	cpu_set_t before, one;

	(void)state;
	if (!live_is_at_least(6, 18))
		skip();
	/* New pages wait for the LRU list in batches of each processor, which reclaim does not find. */
	CPU_ZERO(&one);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	live_catch_faults();
	map_both(mm);
	advise_both(mm, 2, 8, MADV_FREE);
	touch_both(mm, 4, 77);
	advise_both(mm, 6, 2, MADV_COLD);
	advise_both(mm, 0, PAGES, MADV_PAGEOUT);
	for (unsigned long addr = AT; addr < AT + PAGES * PAGE_SIZE; addr += PAGE_SIZE)
		assert_int_equal(live_touch(addr, false, 0), our_touch(mm, addr, false, 0));
	assert_int_equal(our_touch(mm, AT + 2 * PAGE_SIZE, false, 0), 0);
	assert_int_equal(our_touch(mm, AT + 4 * PAGE_SIZE, false, 0), 77);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	mm_exit(mm);
	assert_int_equal(live_munmap(AT, PAGES * PAGE_SIZE), 0);
}

/* Without huge pages, unless they are asked for. */
static int up(void **state)
{
	(void)state;
	if (!live_is_free(AT, AT + KIND_MAPPED))
		return -1;
	world_start(16384, 64);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_agree),
		cmocka_unit_test(a_child_has_what_advice_says),
		cmocka_unit_test(freed_pages_read_alike),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
