/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge: which VMAs mremap(), mmap() and mprotect() make one. Each case is a few calls and the map they leave, a
 * letter for each page of a VMA:
 *
 *	map A B		pages A to B-1, with MAP_NORESERVE; need A B: without; view A B: without, read-only
 *	share A B	the same, of shared memory
 *	deny A B	they become read-only; allow A B: writable again
 *	huge A B	they get MADV_HUGEPAGE; small A B: MADV_NOHUGEPAGE
 *	move A B N	N pages to page B; leave A B N: the source stays mapped, and empty
 *	grow A N M	N pages become M, in place
 *	read A, write A, guard A; fork: the calls after it are the child's
 *
 * Ours and the running kernel must leave the same map. Pages that a last fork must copy, though a fault would restore
 * them, are marked below it: the VMA has an anon_vma, or had guards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"
#include "tests/lib/scene/tree.h"

#define AT		0x20000000ul	/* low, where nothing else is */
#define PAGES		16ul
#define PAGE(n)		(AT + (unsigned long)(n) * PAGE_SIZE)
#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define MOVE		(MREMAP_MAYMOVE | MREMAP_FIXED)

struct merge {
	const char *name, *calls, *map, *copied;
};

static const struct merge merges[] = {
	/*
	 * The page moved between two VMAs joins them while it is still in the first: what is left of that has their
	 * anon_vma.
	 */
	{ "the source keeps the anon_vma of what it was merged with",
	  "map 0 5; map 6 10; write 6; move 2 5 1; move 0 10 1",
	  ".a.bbbbbbbc", NULL },
	{ "the source is merged with the copy, and split again",
	  "map 0 2; map 3 8; read 7; write 0; move 5 2 1",
	  "aaaaa.bb",
	  "       ^" },
	{ "what a child inherited grows up to a VMA without pages",
	  "map 0 1; write 0; fork; map 3 4; grow 0 1 3",
	  "aaaa", NULL },
	{ "and not up to one with its own",
	  "map 0 1; write 0; fork; map 3 4; write 3; grow 0 1 3",
	  "aaab", NULL },
	{ "one without pages grows up to one with",
	  "map 0 1; map 3 4; write 3; grow 0 1 3",
	  "aaaa", NULL },
	{ "and not up to one that a child inherited",
	  "map 3 4; write 3; fork; map 0 1; grow 0 1 3",
	  "aaab", NULL },
	{ "an emptied source that had a guard",
	  "map 0 1; guard 0; leave 0 4 1; read 0",
	  "a...b",
	  "^" },
	{ "pages of one anon_vma meet again",
	  "map 0 3; write 0; move 1 9 1; move 0 8 1",
	  "..a.....bb", NULL },
	{ "pages come back beside a VMA without, which gets their anon_vma",
	  "map 0 1; write 0; move 0 8 1; map 1 2; read 1; move 8 0 1",
	  "aa",
	  " ^" },
	{ "and on both sides of the gap",
	  "map 1 2; write 1; move 1 8 1; map 0 1; map 2 3; read 0; read 2; move 8 1 1",
	  "aaa",
	  "^ ^" },
	{ "but what a child inherited stays apart",
	  "map 0 1; write 0; move 0 8 1; fork; map 1 2; move 8 0 1",
	  "ab", NULL },
	{ "a source without pages takes the numbers of its new place",
	  "map 0 2; write 0; map 8 9; move 8 2 1",
	  "aaa", NULL },
	/* Accounted memory: see core/mm/account.h. */
	{ "what a read-only part was charged for stays, as it may have copies",
	  "need 0 2; write 0; deny 1 2; view 2 3",
	  "abc", NULL },
	{ "and not if there can be none",
	  "need 0 2; deny 1 2; view 2 3",
	  "abb", NULL },
	{ "a mapping is charged for once it allows writes",
	  "view 0 1; allow 0 1; need 1 2",
	  "aa", NULL },
	{ "unless it is never charged for",
	  "map 0 1; deny 0 1; allow 0 1; need 1 2",
	  "ab", NULL },
	{ "nor are read-only mappings of both kinds merged",
	  "map 0 2; deny 1 2; view 2 3",
	  "abc", NULL },
	{ "the charge comes and goes with the permission, if there are no copies",
	  "need 0 2; write 0; deny 1 2; view 2 3; allow 2 3; deny 2 3; allow 1 3",
	  "aaa", NULL },
	/* Shared memory: files, without anon_vmas. */
	{ "guards in a file need no anon_vma, which would keep VMAs apart",
	  "share 0 2; huge 1 2; guard 0; guard 1; small 0 2",
	  "aa", NULL },
	{ "two mappings of shared memory have two files",
	  "share 0 1; share 1 2; write 0; write 1",
	  "ab", NULL },
	{ "pages of one file meet again",
	  "share 0 4; write 1; deny 1 2; move 2 8 1; move 8 2 1; allow 1 2",
	  "aaaa", NULL },
	{ "and not in another order",
	  "share 0 2; move 1 8 1; move 0 1 1; move 8 2 1; share 4 6; move 4 9 1; move 5 4 1; move 9 5 1",
	  ".aa.bc", NULL },
	{ "what grows is beyond the end of its file, and one VMA with it",
	  "share 0 2; grow 0 2 4; write 1",
	  "aaaa", NULL },
};

/* One call of either side, by the numbers in it. False: it failed. */
struct side {
	bool (*map)(unsigned int first, unsigned int end, int prot, int flags);
	bool (*advise)(unsigned int first, unsigned int end, int advice);
	bool (*protect)(unsigned int first, unsigned int end, int prot);
	bool (*move)(unsigned int from, unsigned int to, unsigned int pages, int flags);
	bool (*grow)(unsigned int at, unsigned int pages, unsigned int more);
	bool (*touch)(unsigned int at, bool write);
	bool (*fork)(void);
};

static bool run_call(const struct side *side, const char *call)
{
	unsigned int a, b, n;

	if (sscanf(call, " map %u %u", &a, &b) == 2)
		return side->map(a, b, READ_WRITE, ANON | MAP_NORESERVE);
	if (sscanf(call, " need %u %u", &a, &b) == 2)
		return side->map(a, b, READ_WRITE, ANON);
	if (sscanf(call, " share %u %u", &a, &b) == 2)
		return side->map(a, b, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	if (sscanf(call, " view %u %u", &a, &b) == 2)
		return side->map(a, b, PROT_READ, ANON);
	if (sscanf(call, " deny %u %u", &a, &b) == 2)
		return side->protect(a, b, PROT_READ);
	if (sscanf(call, " allow %u %u", &a, &b) == 2)
		return side->protect(a, b, READ_WRITE);
	if (sscanf(call, " move %u %u %u", &a, &b, &n) == 3)
		return side->move(a, b, n, MOVE);
	if (sscanf(call, " leave %u %u %u", &a, &b, &n) == 3)
		return side->move(a, b, n, MOVE | MREMAP_DONTUNMAP);
	if (sscanf(call, " grow %u %u %u", &a, &b, &n) == 3)
		return side->grow(a, b, n);
	if (sscanf(call, " read %u", &a) == 1)
		return side->touch(a, false);
	if (sscanf(call, " write %u", &a) == 1)
		return side->touch(a, true);
	if (sscanf(call, " guard %u", &a) == 1)
		return side->advise(a, a + 1, MADV_GUARD_INSTALL);
	if (sscanf(call, " huge %u %u", &a, &b) == 2)
		return side->advise(a, b, MADV_HUGEPAGE);
	if (sscanf(call, " small %u %u", &a, &b) == 2)
		return side->advise(a, b, MADV_NOHUGEPAGE);
	return strstr(call, "fork") && side->fork();
}

static bool run_calls(const struct side *side, const char *calls)
{
	for (const char *call = calls; call; call = strchr(call, ';')) {
		call += *call == ';';
		if (!run_call(side, call)) {
			fprintf(stderr, "failed:%s\n", call);
			return false;
		}
	}
	return true;
}

/* Draws a VMA into the map, which dots fill. */
static void draw(char *map, unsigned long start, unsigned long end, char letter)
{
	for (unsigned long n = 0; n < PAGES; n++)
		if (PAGE(n) >= start && PAGE(n) < end)
			map[n] = letter;
}

/* The map without dots at its end. */
static bool map_is(const struct merge *merge, char *map, const char *whose)
{
	for (unsigned long n = PAGES; n && map[n - 1] == '.'; n--)
		map[n - 1] = '\0';
	if (!strcmp(map, merge->map))
		return true;
	fprintf(stderr, "%s (%s):\n%s should leave\n%s, but leaves\n%s\n", merge->name, merge->calls, whose, merge->map,
		map);
	return false;
}

/* ---- ours ---- */

static struct mm_struct *mm, *parent;

static bool our_map(unsigned int first, unsigned int end, int prot, int flags)
{
	return sys_mmap(mm, PAGE(first), (end - first) * PAGE_SIZE, prot, flags, 0) == (long)PAGE(first);
}

static bool our_protect(unsigned int first, unsigned int end, int prot)
{
	return !sys_mprotect(mm, PAGE(first), (end - first) * PAGE_SIZE, prot);
}

static bool our_move(unsigned int from, unsigned int to, unsigned int pages, int flags)
{
	return sys_mremap(mm, PAGE(from), pages * PAGE_SIZE, pages * PAGE_SIZE, flags, PAGE(to)) == (long)PAGE(to);
}

static bool our_grow(unsigned int at, unsigned int pages, unsigned int more)
{
	return sys_mremap(mm, PAGE(at), pages * PAGE_SIZE, more * PAGE_SIZE, 0, 0) == (long)PAGE(at);
}

static bool our_access(unsigned int at, bool write)
{
	return !do_user_addr_fault(mm, PAGE(at), write ? FAULT_FLAG_WRITE : 0);
}

static bool our_advise(unsigned int first, unsigned int end, int advice)
{
	return !sys_madvise(mm, PAGE(first), (end - first) * PAGE_SIZE, advice);
}

static bool our_fork(void)
{
	parent = mm;
	return !sys_fork(parent, &mm);
}

static const struct side ours = { our_map, our_advise, our_protect, our_move, our_grow, our_access, our_fork };

static bool our_map_is(const struct merge *merge)
{
	char map[PAGES + 1] = { 0 }, letter = 'a';
	struct vm_area_struct *vma;

	memset(map, '.', PAGES);
	for (unsigned long at = AT; (vma = vma_tree_find(&mm->tree, at)); at = vma->vm_end)
		draw(map, vma->vm_start, vma->vm_end, letter++);
	return map_is(merge, map, "ours");
}

/* What is marked is in the child of a fork. */
static bool our_copies_are(const struct merge *merge)
{
	struct mm_struct *child;
	bool right = true;

	BUG_ON(sys_fork(mm, &child));
	for (unsigned int n = 0; merge->copied && merge->copied[n]; n++)
		if (merge->copied[n] == '^' && pte_none(tree_pte(child, PAGE(n)))) {
			fprintf(stderr, "%s (%s): page %u is not copied\n", merge->name, merge->calls, n);
			right = false;
		}
	mm_exit(child);
	return right;
}

/* Rows: A1, L8. */
static void ours_merges_so(void **state)
{
	unsigned int wrong = 0;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(merges); i++) {
		const struct merge *merge = &merges[i];

		mm = world_mm("linux-6.15");
		parent = NULL;
		wrong += !run_calls(&ours, merge->calls) || !our_map_is(merge) || !our_copies_are(merge);
		if (parent)
			assert_at_rest(parent, mm);
		else
			assert_at_rest(mm);
		mm_exit(mm);
		if (parent)
			mm_exit(parent);
	}
	assert_int_equal(wrong, 0);
}

/* One VMA of three, after these calls; and whether it may have guards: it may if one of the three had. */
static const struct joined {
	const char *calls;
	bool maybe_guard;
} joined[] = {
	{ "map 0 1; map 2 3; map 8 9; move 8 1 1", false },
	{ "map 0 1; map 2 3; map 8 9; guard 0; move 8 1 1", true },
	{ "map 0 1; map 2 3; map 8 9; guard 2; move 8 1 1", true },
	{ "map 0 3; guard 1; move 1 8 1; move 8 1 1", true },
};

/* Row: G1. */
static void a_guard_on_any_side_marks_the_whole(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(joined); i++) {
		const struct merge all = { "joined on both sides", joined[i].calls, "aaa", NULL };

		mm = world_mm("linux-6.15");
		assert_true(run_calls(&ours, joined[i].calls) && our_map_is(&all));
		if (load_relaxed(&vma_tree_find(&mm->tree, AT)->vm_maybe_guard) != joined[i].maybe_guard)
			fail_msg("%s: vm_maybe_guard is not %d", joined[i].calls, joined[i].maybe_guard);
		assert_at_rest(mm);
		mm_exit(mm);
	}
}

/* ---- the running kernel: each case in a process of its own ---- */

static bool live_map(unsigned int first, unsigned int end, int prot, int flags)
{
	return live_mmap(PAGE(first), (end - first) * PAGE_SIZE, prot, flags) == (long)PAGE(first);
}

static bool live_protect(unsigned int first, unsigned int end, int prot)
{
	return !live_mprotect(PAGE(first), (end - first) * PAGE_SIZE, prot);
}

static bool live_move(unsigned int from, unsigned int to, unsigned int pages, int flags)
{
	return live_mremap(PAGE(from), pages * PAGE_SIZE, pages * PAGE_SIZE, flags, PAGE(to)) == (long)PAGE(to);
}

static bool live_grow(unsigned int at, unsigned int pages, unsigned int more)
{
	return live_mremap(PAGE(at), pages * PAGE_SIZE, more * PAGE_SIZE, 0, 0) == (long)PAGE(at);
}

static bool live_access(unsigned int at, bool write)
{
	return live_touch(PAGE(at), write, 0) == 0;
}

static bool live_advise(unsigned int first, unsigned int end, int advice)
{
	return !live_madvise(PAGE(first), (end - first) * PAGE_SIZE, advice);
}

/* The parent ends as its child does. */
static bool live_fork(void)
{
	pid_t pid = fork();
	int status;

	if (pid > 0)
		_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 2);
	return pid == 0;
}

static const struct side live = { live_map, live_advise, live_protect, live_move, live_grow, live_access, live_fork };

static bool live_map_is(const struct merge *merge)
{
	char map[PAGES + 1] = { 0 };
	struct live_vma vmas[PAGES];
	unsigned int nr = live_vmas(AT, PAGE(PAGES), vmas, PAGES);

	memset(map, '.', PAGES);
	for (unsigned int i = 0; i < nr; i++)
		draw(map, vmas[i].start, vmas[i].end, (char)('a' + i));
	return map_is(merge, map, "the running kernel");
}

static bool live_agrees(const struct merge *merge)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run_calls(&live, merge->calls) && live_map_is(merge) ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Rows: A1, G2. */
static void the_running_kernel_merges_so(void **state)
{
	unsigned int wrong = 0;

	(void)state;
	if (!live_is_at_least(6, 18)) {
		fprintf(stderr, "the running kernel is older than 6.18: not compared\n");
		skip();
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(merges); i++)
		wrong += !live_agrees(&merges[i]);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_merges_so),
		cmocka_unit_test(a_guard_on_any_side_marks_the_whole),
		cmocka_unit_test(the_running_kernel_merges_so),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
