/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_limit: calls of an mm that has, almost has, or exceeds by one the maximum of VMAs; results and maps are those of
 * the running kernel. There all other VMAs are real; here they are only counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/mlock.h"
#include "core/op/mremap.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/ops.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"

#define AT		0x20000000ul	/* low, where nothing else is */
#define PAGES		48ul
#define PAGE(n)		(AT + (unsigned long)(n) * PAGE_SIZE)
#define FILLER(n)	(0x30000000ul + 2ul * (unsigned long)(n) * PAGE_SIZE)
#define FIXED		(ANON | MAP_NORESERVE | MAP_FIXED)
#define MOVE		(MREMAP_MAYMOVE | MREMAP_FIXED)
#define FEWEST		(-8)		/* VMAs more than the maximum: from this */
#define MOST		1		/* to this */

/* Pages 0 to 3 and 10 to 13 can be read and written, 4 to 7 read; 8 and 9 are not mapped. */
static const struct area {
	unsigned int first, pages;
	int prot;
} areas[] = { { 0, 4, READ_WRITE }, { 4, 4, PROT_READ }, { 10, 4, READ_WRITE } };

#define MMAP(first, pages, prot)	{ CALL_MMAP, first, pages, prot, 0, 0 }
#define MUNMAP(first, pages)		{ CALL_MUNMAP, first, pages, 0, 0, 0 }
#define MPROTECT(first, pages, prot)	{ CALL_MPROTECT, first, pages, prot, 0, 0 }
#define MLOCK(first, pages)		{ CALL_MLOCK, first, pages, 0, 0, 0 }
#define MADVISE(first, pages, advice)	{ CALL_MADVISE, first, pages, advice, 0, 0 }
#define MREMAP(first, pages, flags, new_pages, to) { CALL_MREMAP, first, pages, flags, new_pages, to }

/* Pages @first to @first + @pages - 1. @arg: permissions, advice or flags. */
static const struct call {
	enum { CALL_MMAP, CALL_MUNMAP, CALL_MPROTECT, CALL_MLOCK, CALL_MADVISE, CALL_MREMAP } kind;
	unsigned int first, pages;
	int arg;
	unsigned int new_pages, to;
} calls[] = {
	MPROTECT(3, 1, PROT_READ),		/* a boundary moves up, down */
	MPROTECT(4, 1, READ_WRITE),
	MPROTECT(0, 4, PROT_READ),		/* two become one */
	MPROTECT(4, 4, READ_WRITE),
	MPROTECT(0, 1, PROT_READ),		/* one split, two */
	MPROTECT(1, 2, PROT_READ),
	MPROTECT(2, 4, PROT_NONE),		/* of each of two */
	MPROTECT(2, 4, READ_WRITE),
	MPROTECT(0, 8, PROT_NONE),
	MUNMAP(1, 2),
	MUNMAP(0, 1),
	MUNMAP(2, 4),
	MUNMAP(0, 12),
	MUNMAP(8, 1),
	MMAP(1, 2, READ_WRITE),			/* over others */
	MMAP(1, 2, PROT_READ),
	MMAP(2, 4, PROT_NONE),
	MMAP(0, 12, PROT_NONE),
	MMAP(8, 1, PROT_READ),			/* next to one, to two, to none */
	MMAP(8, 2, PROT_READ),
	MMAP(9, 1, PROT_NONE),
	MMAP(20, 1, READ_WRITE),
	MLOCK(1, 2),
	MLOCK(0, 1),
	MLOCK(0, 8),
	MLOCK(2, 4),
	MADVISE(1, 2, MADV_DONTNEED),
	MADVISE(1, 2, MADV_GUARD_INSTALL),
	MADVISE(1, 2, MADV_POPULATE_READ),
	MADVISE(1, 2, MADV_HUGEPAGE),
	MADVISE(0, 1, MADV_NOHUGEPAGE),
	MADVISE(0, 4, MADV_HUGEPAGE),
	MADVISE(2, 4, MADV_HUGEPAGE),
	MREMAP(0, 4, 0, 2, 0),			/* shrink */
	MREMAP(0, 2, 0, 1, 0),
	MREMAP(1, 2, 0, 1, 0),
	MREMAP(4, 4, 0, 5, 0),			/* grow in place, grow up to the next */
	MREMAP(4, 4, 0, 6, 0),
	MREMAP(0, 4, MREMAP_MAYMOVE, 5, 0),	/* grow elsewhere */
	MREMAP(1, 2, MREMAP_MAYMOVE, 5, 0),
	MREMAP(0, 4, MOVE, 4, 20),		/* move all, a part, several */
	MREMAP(1, 2, MOVE, 2, 20),
	MREMAP(0, 8, MOVE, 8, 20),
	MREMAP(2, 10, MOVE, 10, 20),
	MREMAP(0, 2, MOVE, 2, 5),		/* over others */
	MREMAP(1, 1, MOVE, 1, 5),
	MREMAP(0, 4, MOVE, 2, 20),		/* shrink, and grow, there */
	MREMAP(0, 3, MOVE, 2, 20),
	MREMAP(0, 4, MOVE, 6, 20),
	MREMAP(0, 4, MOVE | MREMAP_DONTUNMAP, 4, 20),
	MREMAP(1, 2, MOVE | MREMAP_DONTUNMAP, 2, 20),
};

/* ---- the running kernel ---- */

static long live_call(const struct call *call)
{
	unsigned long addr = PAGE(call->first), len = call->pages * PAGE_SIZE;

	switch (call->kind) {
	case CALL_MMAP:
		return live_mmap(addr, len, call->arg, FIXED);
	case CALL_MUNMAP:
		return live_munmap(addr, len);
	case CALL_MPROTECT:
		return live_mprotect(addr, len, call->arg);
	case CALL_MLOCK:
		return live_mlock(addr, len, call->arg);
	case CALL_MADVISE:
		return live_madvise(addr, len, call->arg);
	default:
		return live_mremap(addr, len, call->new_pages * PAGE_SIZE, call->arg, PAGE(call->to));
	}
}

static unsigned int fillers;

static bool fill_one(void)
{
	bool mapped = live_mmap(FILLER(fillers), PAGE_SIZE, PROT_READ, FIXED) > 0;

	fillers += mapped;
	return mapped;
}

static void empty_one(void)
{
	BUG_ON(live_munmap(FILLER(--fillers), PAGE_SIZE));
}

/* The areas are mapped, with as many other VMAs that there are @more than the maximum. */
static void live_scene(int more)
{
	for (unsigned int i = 0; fillers && i < 32; i++)
		empty_one();
	BUG_ON(live_munmap(PAGE(0), PAGES * PAGE_SIZE));
	for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++)
		BUG_ON(live_mmap(PAGE(areas[i].first), areas[i].pages * PAGE_SIZE, areas[i].prot, FIXED) < 0);
	while (fill_one())	/* mmap() checks the number before it adds one */
		;
	for (; more < MOST; more++)
		empty_one();
}

/* ---- ours ---- */

static long our_call(struct mm_struct *mm, const struct call *call)
{
	unsigned long addr = PAGE(call->first), len = call->pages * PAGE_SIZE;

	switch (call->kind) {
	case CALL_MMAP:
		return sys_mmap(mm, addr, len, call->arg, FIXED, 0);
	case CALL_MUNMAP:
		return sys_munmap(mm, addr, len);
	case CALL_MPROTECT:
		return sys_mprotect(mm, addr, len, call->arg);
	case CALL_MLOCK:
		return sys_mlock2(mm, addr, len, call->arg);
	case CALL_MADVISE:
		return sys_madvise(mm, addr, len, call->arg);
	default:
		return sys_mremap(mm, addr, len, call->new_pages * PAGE_SIZE, call->arg, PAGE(call->to));
	}
}

static struct mm_struct *our_scene(void)
{
	struct mm_struct *mm = world_mm("linux-6.15");

	for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++)
		BUG_ON(sys_mmap(mm, PAGE(areas[i].first), areas[i].pages * PAGE_SIZE, areas[i].prot, FIXED, 0) < 0);
	return mm;
}

static long our_call_at_limit(struct mm_struct *mm, const struct call *call, int more)
{
	unsigned int others = DEFAULT_MAX_MAP_COUNT - mm->map_count + (unsigned int)more;
	long ret;

	mm->map_count += others;
	ret = our_call(mm, call);
	mm->map_count -= others;
	return ret;
}

/* ---- both ---- */

/* A place that was searched for: that there was one is what is compared. */
static long placed(long ret)
{
	return ret > 0 && ((unsigned long)ret < AT || (unsigned long)ret >= PAGE(PAGES)) ? 1 : ret;
}

static bool agrees(const struct call *call, int more)
{
	struct mm_struct *mm = our_scene();
	long live, ours;
	bool same;

	live_scene(more);
	live = placed(live_call(call));
	ours = placed(our_call_at_limit(mm, call, more));
	same = live == ours && live_vmas_agree(mm, PAGE(0), PAGE(PAGES));
	if (!same)
		fprintf(stderr, "call %u (%u+%u to %u), VMAs: the maximum %+d: the kernel gives %ld, ours %ld\n",
			(unsigned int)(call - calls), call->first, call->pages, call->to, more, live, ours);
	if (!more && call->kind == CALL_MREMAP)
		assert_at_rest(mm);
	mm_exit(mm);
	return same;
}

/* In a child: the parent stays small. */
static bool all_agree(void)
{
	bool may_lock = live_may_lock(AT, PAGES * PAGE_SIZE);
	unsigned int differ = 0;

	world_start(1024, 64);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		for (int more = FEWEST; more <= MOST; more++)
			if (calls[i].kind != CALL_MLOCK || may_lock)
				differ += !agrees(&calls[i], more);
	return world_stop() && !differ;
}

/* The maximum of VMAs that the running kernel has; 0: it is not ours. */
static unsigned int live_max_map_count(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	unsigned int max = 0;

	if (file && fscanf(file, "%u", &max) != 1)
		max = 0;
	if (file)
		fclose(file);
	return max;
}

/* Row: G2. */
static void calls_at_the_limit_agree(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	if (FAULTLINE_PLAIN_ALLOC) {
		fprintf(stderr, "at the limit a sanitizer has no memory for itself: not compared\n");
		skip();
	}
	if (!live_is_at_least(6, 18) || live_max_map_count() != DEFAULT_MAX_MAP_COUNT) {
		fprintf(stderr, "the running kernel is older than 6.18, or allows more VMAs: not compared\n");
		skip();
	}
	pid = fork();
	if (pid == 0)
		_exit(all_agree() ? 0 : 1);
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_at_the_limit_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
