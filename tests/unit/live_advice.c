/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_advice: advice, msync() and mseal() on the running kernel and on ours: results for every kind of memory, VMAs
 * that they split and merge, what a child has of advised memory, and what is sealed.
 *
 * Compared with Linux 6.18 and later: earlier rules differ.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/mm/mm.h"
#include "core/op/mseal.h"
#include "core/op/msync.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/child.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"
#include "tests/lib/model/memory_kinds.h"

#define AT	KIND_AT
#define PAGES	16ul
#define PRIVATE	(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED)

static const int advices[] = { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK,
			       MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_COLD, MADV_FREE, MADV_WILLNEED,
			       MADV_REMOVE };
static const int syncs[] = { 0, MS_ASYNC, MS_SYNC, MS_INVALIDATE, MS_SYNC | MS_INVALIDATE, MS_ASYNC | MS_INVALIDATE,
			     MS_ASYNC | MS_SYNC, 8 };

/* @len 0: all of the memory. */
static const struct range {
	unsigned long start, len;
} ranges[] = { { 0, PAGE_SIZE }, { 0, PMD_SIZE }, { 0, 0 }, { PAGE_SIZE, 2 * PAGE_SIZE }, { PMD_SIZE, 2 * PMD_SIZE } };

/* Of msync() with flags @what, or of madvise(). */
static unsigned int differences(enum memory_kind kind, struct range range, bool sync, int what)
{
	unsigned long size, at = live_kind_at(kind, &size);
	struct mm_struct *mm;
	long live, ours;

	/* Part of the running kernel's raw frames only: what changed all of them would last. */
	if ((kind == RAW && range.len != PAGE_SIZE) || !live_kind(kind))
		return 0;
	live = (sync ? live_msync : live_madvise)(at + range.start, range.len ? range.len : size, what);
	assert_int_equal(live_munmap(AT, KIND_MAPPED), 0);
	mm = our_kind(kind);
	at = our_kind_at(kind, &size);
	ours = (sync ? sys_msync : sys_madvise)(mm, at + range.start, range.len ? range.len : size, what);
	mm_exit(mm);
	if (live != ours)
		fprintf(stderr, "kind %d from %lx len %lx %s %d: the kernel gives %ld, ours %ld\n", (int)kind,
			range.start, range.len, sync ? "msync" : "advice", what, live, ours);
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
	for (unsigned int kind = NOTHING; kind < NR_MEMORY_KINDS; kind++) {
		for (unsigned int r = 0; r < ARRAY_SIZE(ranges); r++) {
			for (unsigned int i = 0; i < ARRAY_SIZE(advices); i++)
				differ += differences(kind, ranges[r], false, advices[i]);
			for (unsigned int i = 0; i < ARRAY_SIZE(syncs); i++)
				differ += differences(kind, ranges[r], true, syncs[i]);
		}
	}
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

/* One before the end is looked at; those at the end are not, nor is the advice for them alone. */
static void empty_ranges_at_the_end_are_not_looked_at(void **state)
{
	const struct iovec vec[] = { { (void *)(AT + 1), 0 }, { (void *)AT, PAGE_SIZE }, { (void *)(AT + 1), 0 } };
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)state;
	if (!live_is_at_least(6, 18))
		skip();
	map_both(mm);
	for (unsigned int i = 0; i < 9; i++)
		if (i / 3 + i % 3 < 3)
			assert_int_equal(live_process_madvise(vec + i / 3, i % 3 + 1, i ? MADV_COLD : 99, 0),
					 sys_process_madvise(mm, vec + i / 3, i % 3 + 1, i ? MADV_COLD : 99, 0, false));
	assert_int_equal(sys_process_madvise(mm, vec, 1, 99, 0, false), 0);
	mm_exit(mm);
	assert_int_equal(live_munmap(AT, PAGES * PAGE_SIZE), 0);
}

/* ---- seals ---- */

/* (T) all of it: what the two sides are asked */
struct sealed_call {
	unsigned long which, addr, len, to;
	int prot, advice;
};

static long live_call(const struct sealed_call *c)
{
	const struct iovec vec[] = { { (void *)c->addr, c->len }, { (void *)c->to, PAGE_SIZE } };

	switch (c->which) {
	case 0:
		return live_mmap(c->addr, c->len, c->prot, PRIVATE);
	case 1:
		return live_munmap(c->addr, c->len);
	case 2:
		return live_mprotect(c->addr, c->len, c->prot);
	case 3:
		return live_mremap(c->addr, c->len, c->len, MREMAP_MAYMOVE | MREMAP_FIXED, c->to);
	case 4:
		return live_mremap(c->addr, c->len, PAGE_SIZE, 0, 0);
	case 5:
		return live_mseal(c->addr, c->len, 0);
	case 6:
		return live_process_madvise(vec, ARRAY_SIZE(vec), c->advice, 0);
	case 7:
		return live_madvise(c->addr, c->len, c->advice);
	default:
		return live_touch(c->addr, c->prot & PROT_WRITE, 5);
	}
}

static long our_call(struct mm_struct *mm, const struct sealed_call *c)
{
	const struct iovec vec[] = { { (void *)c->addr, c->len }, { (void *)c->to, PAGE_SIZE } };

	switch (c->which) {
	case 0:
		return sys_mmap(mm, c->addr, c->len, c->prot, PRIVATE, 0);
	case 1:
		return sys_munmap(mm, c->addr, c->len);
	case 2:
		return sys_mprotect(mm, c->addr, c->len, c->prot);
	case 3:
		return sys_mremap(mm, c->addr, c->len, c->len, MREMAP_MAYMOVE | MREMAP_FIXED, c->to);
	case 4:
		return sys_mremap(mm, c->addr, c->len, PAGE_SIZE, 0, 0);
	case 5:
		return sys_mseal(mm, c->addr, c->len, 0);
	case 6:
		return sys_process_madvise(mm, vec, ARRAY_SIZE(vec), c->advice, 0, false);
	case 7:
		return sys_madvise(mm, c->addr, c->len, c->advice);
	default:
		return our_touch(mm, c->addr, c->prot & PROT_WRITE, 5);
	}
}

static struct sealed_call random_sealed_call(struct rng *rng)
{
	static const int discards[] = { MADV_DONTNEED, MADV_FREE, MADV_DONTFORK, MADV_WIPEONFORK, MADV_GUARD_INSTALL,
					MADV_GUARD_REMOVE, MADV_COLD, MADV_NORMAL, MADV_DONTNEED_LOCKED };

	return (struct sealed_call){
		.which = rng_below(rng, 9), .addr = AT + rng_below(rng, PAGES) * PAGE_SIZE,
		.len = (1 + rng_below(rng, 5)) * PAGE_SIZE, .to = AT + rng_below(rng, PAGES) * PAGE_SIZE,
		.prot = rng_below(rng, 2) ? PROT_READ : PROT_READ | PROT_WRITE,
		.advice = discards[rng_below(rng, ARRAY_SIZE(discards))],
	};
}

/* In a child, as nothing else ends the seals of the running kernel. */
static bool sealed_calls_agree(void *arg)
{
	struct rng *rng = arg;
	struct mm_struct *mm = world_mm("linux-6.15");

	live_catch_faults();
	for (unsigned int i = 0; i < 60; i++) {
		struct sealed_call call = random_sealed_call(rng);
		long live = live_call(&call), ours = our_call(mm, &call);

		if (live == ours && (call.which == 8 || live_vmas_agree(mm, AT, AT + 2 * PAGES * PAGE_SIZE)))
			continue;
		fprintf(stderr, "call %lu page %lu pages %lu to %lu prot %d advice %d: the kernel gives %ld, we %ld\n",
			call.which, (call.addr - AT) / PAGE_SIZE, call.len / PAGE_SIZE, (call.to - AT) / PAGE_SIZE,
			call.prot, call.advice, live, ours);
		return false;
	}
	return true;
}

/* Row: G2. */
static void sealed_memory_stays(void **state)
{
	char said[512];
	struct rng rng;

	(void)state;
	if (!live_is_at_least(6, 18))
		skip();
	for (unsigned int i = 0; i < test_rounds(60); i++) {
		rng_init(&rng, test_seed() * 1000 + i);
		if (!child_ends_well(sealed_calls_agree, &rng, said, sizeof(said)))
			fail_msg("%s", said);
	}
}

static void seals_are_inherited_and_end_with_the_mm(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15"), *child;

	(void)state;
	assert_int_equal(sys_mmap(mm, AT, 4 * PAGE_SIZE, PROT_READ, PRIVATE, 0), AT);
	assert_int_equal(sys_mseal(mm, AT, PAGE_SIZE, 1), -EINVAL);
	assert_int_equal(sys_mseal(mm, AT + 1, PAGE_SIZE, 0), -EINVAL);
	assert_int_equal(sys_mseal(mm, AT, -1ul, 0), -EINVAL);
	assert_int_equal(sys_mseal(mm, AT, 0, 0), 0);
	assert_int_equal(sys_mseal(mm, AT, 5 * PAGE_SIZE, 0), -ENOMEM);
	assert_int_equal(sys_munmap(mm, AT + 3 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(sys_mseal(mm, AT, 2 * PAGE_SIZE, 0), 0);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_munmap(child, AT + PAGE_SIZE, PAGE_SIZE), -EPERM);
	assert_int_equal(sys_munmap(child, AT + 2 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(sys_process_madvise(mm, NULL, 0, MADV_COLD, 1, false), -EINVAL);
	assert_int_equal(sys_process_madvise(mm, NULL, 0, MADV_FREE, 0, true), -EINVAL);
	assert_int_equal(sys_process_madvise(mm, NULL, 0, MADV_COLD, 0, true), 0);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
}

/* ---- all memory locked ---- */

static bool both_are(long live, long ours, struct mm_struct *mm)
{
	unsigned char live_vec[PAGES] = { 0 }, our_vec[PAGES] = { 0 };

	if (live != ours || !live_vmas_agree(mm, AT, AT + PAGES * PAGE_SIZE))
		return false;
	for (unsigned long i = 0; i < PAGES; i++) {
		live = live_mincore(AT + i * PAGE_SIZE, PAGE_SIZE, &live_vec[i]);
		ours = sys_mincore(mm, AT + i * PAGE_SIZE, PAGE_SIZE, &our_vec[i]);
		if (live != ours || (live_vec[i] & 1) != our_vec[i])
			return false;
	}
	return true;
}

static bool map_more(struct mm_struct *mm, unsigned long first, int prot)
{
	unsigned long addr = AT + first * PAGE_SIZE;

	return both_are(live_mmap(addr, 3 * PAGE_SIZE, prot, PRIVATE),
			sys_mmap(mm, addr, 3 * PAGE_SIZE, prot, PRIVATE, 0), mm);
}

static bool lock_all(struct mm_struct *mm, int flags)
{
	return both_are(live_mlockall(flags), sys_mlockall(mm, flags), mm);
}

/* In a child, as it locks the program's memory, too. Current memory is only locked: it is large. */
static bool mlockall_agrees(void *arg)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	(void)arg;
	BUG_ON(!lock_all(mm, 0) || !lock_all(mm, 8) || !lock_all(mm, MCL_ONFAULT) || !lock_all(mm, MCL_CURRENT | 8));
	BUG_ON(!map_more(mm, 0, PROT_READ | PROT_WRITE) || !lock_all(mm, MCL_FUTURE));
	BUG_ON(!map_more(mm, 3, PROT_READ | PROT_WRITE) || !map_more(mm, 6, PROT_READ) || !map_more(mm, 1, PROT_NONE));
	BUG_ON(!lock_all(mm, MCL_FUTURE | MCL_ONFAULT) || !map_more(mm, 9, PROT_READ | PROT_WRITE));
	BUG_ON(!lock_all(mm, MCL_CURRENT | MCL_ONFAULT) || !map_more(mm, 12, PROT_READ | PROT_WRITE));
	BUG_ON(!lock_all(mm, MCL_FUTURE) || !both_are(live_munlockall(), sys_munlockall(mm), mm));
	BUG_ON(!lock_all(mm, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || !map_more(mm, 13, PROT_READ | PROT_WRITE));
	return true;
}

/* Row: G2. */
static void all_memory_is_locked(void **state)
{
	struct mm_struct *mm = world_mm("linux-6.15"), *child;
	char said[512];

	(void)state;
	assert_int_equal(sys_mmap(mm, AT, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, PRIVATE, 0), AT);
	assert_int_equal(sys_mmap(mm, AT + 4 * PAGE_SIZE, PAGE_SIZE, PROT_NONE, PRIVATE, 0), AT + 4 * PAGE_SIZE);
	assert_int_equal(sys_mmap(mm, AT + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ, PRIVATE, 0), AT + 5 * PAGE_SIZE);
	assert_int_equal(sys_mlockall(mm, MCL_CURRENT | MCL_FUTURE), 0);
	assert_int_equal(mm->locked_vm, 6);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 4);
	assert_at_rest(mm);
	assert_int_equal(sys_fork(mm, &child), 0);
	assert_int_equal(sys_mmap(child, AT, PAGE_SIZE, PROT_READ, PRIVATE, 0), AT);
	assert_int_equal(child->locked_vm, 0);
	assert_at_rest(mm, child);
	mm_exit(child);
	mm_exit(mm);
	if (!live_is_at_least(6, 18) || !live_may_lock(AT, KIND_MAPPED))
		skip();
	if (!child_ends_well(mlockall_agrees, NULL, said, sizeof(said)))
		fail_msg("%s", said);
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
		cmocka_unit_test(empty_ranges_at_the_end_are_not_looked_at),
		cmocka_unit_test(sealed_memory_stays),
		cmocka_unit_test(seals_are_inherited_and_end_with_the_mm),
		cmocka_unit_test(all_memory_is_locked),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
