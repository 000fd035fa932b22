/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_around: what reads, writes, advice and truncation of a mapped file leave present, on the running kernel and on
 * ours, page by page. Its file is a memfd: a page of it that was never touched is not in the page cache.
 *
 * Skipped if the running kernel's fault_around_bytes is not 64 KiB, its default. For a moment another of its threads
 * may hold the lock of a page, which is not mapped then: a difference counts only if it is there each time.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"
#include "tests/lib/scene/file_scene.h"

/* Low, where nothing else is, with or without a sanitizer; around a boundary of page tables. */
#define BOUNDARY	0x20000000ul
#define PAGES		64ul
#define BASE		(BOUNDARY - PAGES / 2 * PAGE_SIZE)
#define TRIES		3

static int pagemap = -1;
static bool guards;		/* the kernel has them in files */

/* (T) the same on both sides: a file, and a mapping of it from @start on */
struct scene {
	struct mm_struct *mm;
	struct file *file;
	int fd, flags;
	unsigned long start, pages;
};

static uint64_t live_present(const struct scene *s)
{
	uint64_t words[PAGES], present = 0;
	const ssize_t size = (ssize_t)(s->pages * sizeof(*words));

	BUG_ON(pread(pagemap, words, (size_t)size, (off_t)((s->start >> PAGE_SHIFT) * sizeof(*words))) != size);
	for (unsigned long i = 0; i < s->pages; i++)
		present |= words[i] >> 63 << i;
	return present;
}

static uint64_t our_present(const struct scene *s)
{
	uint64_t present = 0;

	for (unsigned long i = 0; i < s->pages; i++)
		present |= (uint64_t)pte_present(tree_pte(s->mm, s->start + i * PAGE_SIZE)) << i;
	return present;
}

static bool agree(const char *what, unsigned long page, long live, long ours)
{
	if (live != ours)
		fprintf(stderr, "%s, page %lu: the kernel gives %ld, ours %ld\n", what, page, live, ours);
	return live == ours;
}

static bool both_touch(const struct scene *s, unsigned long page, bool write)
{
	unsigned long addr = s->start + page * PAGE_SIZE;

	return agree(write ? "write" : "read", page, live_touch(addr, write, 1), our_touch(s->mm, addr, write, 1));
}

static bool both_advise(const struct scene *s, unsigned long page, unsigned long pages, int advice)
{
	unsigned long addr = s->start + page * PAGE_SIZE, len = pages * PAGE_SIZE;

	return agree("madvise", page, live_madvise(addr, len, advice), sys_madvise(s->mm, addr, len, advice));
}

static bool both_truncate(const struct scene *s, unsigned long size)
{
	BUG_ON(ftruncate(s->fd, (off_t)(size << PAGE_SHIFT)));
	return !sys_ftruncate(s->file, size);
}

static bool both_do_something(const struct scene *s, struct rng *rng)
{
	unsigned long page = rng_below(rng, s->pages), pages = 1 + rng_below(rng, s->pages - page);

	switch (rng_below(rng, 16)) {
	case 0:
	case 1:
		return both_advise(s, page, pages, MADV_DONTNEED);
	case 2:
		return both_truncate(s, PAGES - rng_below(rng, 8));
	case 3:
		return both_truncate(s, rng_below(rng, PAGES)) && both_truncate(s, PAGES);
	case 4:
		return !guards || both_advise(s, page, 1 + rng_below(rng, 2) % pages, MADV_GUARD_INSTALL);
	case 5:
		return !guards || both_advise(s, page, pages, MADV_GUARD_REMOVE);
	case 6:
	case 7:
		return both_touch(s, page, true);
	default:
		return both_touch(s, page, false);
	}
}

/* Maps the file on both sides, and unmaps its first @head pages again: the VMA begins with page @head. */
static void both_map(struct scene *s, unsigned long head)
{
	unsigned long from = s->start - head * PAGE_SIZE, len = (s->pages + head) * PAGE_SIZE;

	s->mm = world_mm("linux-6.15");
	s->file = file_create(PAGES, PAGES, 0, 1);
	s->fd = memfd_create("faultline", MFD_CLOEXEC);
	BUG_ON(!s->file || s->fd < 0);
	/* Pages that a file grows by hold zeroes. */
	BUG_ON(sys_ftruncate(s->file, 0) || !both_truncate(s, PAGES));
	BUG_ON(live_mmap_file(from, len, RW, s->flags | MAP_FIXED, s->fd, 0) != (long)from);
	map_file_at(s->mm, from, len >> PAGE_SHIFT, RW, s->flags, s->file, 0);
	BUG_ON(head && (live_munmap(from, head * PAGE_SIZE) || sys_munmap(s->mm, from, head * PAGE_SIZE)));
}

static void both_unmap(struct scene *s)
{
	BUG_ON(live_munmap(s->start, s->pages * PAGE_SIZE));
	close(s->fd);
	mm_exit(s->mm);
	file_put(s->file);
}

static bool both_play(uint64_t seed)
{
	struct scene s = { 0 };
	bool alike = true;
	unsigned long head, first;
	struct rng rng;

	rng_init(&rng, seed);
	head = rng_below(&rng, 20);
	first = head + rng_below(&rng, PAGES - head);
	s.flags = rng_below(&rng, 2) ? MAP_SHARED : MAP_PRIVATE;
	s.start = BASE + first * PAGE_SIZE;
	s.pages = 1 + rng_below(&rng, PAGES - first);
	both_map(&s, head);
	for (unsigned int i = 0; alike && i < 60; i++) {
		alike = both_do_something(&s, &rng);
		if (alike && live_present(&s) != our_present(&s)) {
			fprintf(stderr, "seed %lu, step %u: present in the kernel %016lx, in ours %016lx\n",
				(unsigned long)seed, i, (unsigned long)live_present(&s),
				(unsigned long)our_present(&s));
			alike = false;
		}
	}
	both_unmap(&s);
	return alike;
}

/* What the kernel maps by one read of a file in memory. */
static uint64_t live_window(void)
{
	struct scene s = { .flags = MAP_SHARED, .start = BASE, .pages = PAGES };
	uint64_t present;

	both_map(&s, 0);
	for (unsigned long i = 0; i < PAGES; i++)
		live_touch(BASE + i * PAGE_SIZE, false, 0);
	BUG_ON(live_madvise(BASE, PAGES * PAGE_SIZE, MADV_DONTNEED));
	live_touch(BASE + 20 * PAGE_SIZE, false, 0);
	present = live_present(&s);
	guards = !live_madvise(BASE, PAGE_SIZE, MADV_GUARD_INSTALL);
	both_unmap(&s);
	return present;
}

/* Row: L7. */
static void reads_map_the_same_pages_around(void **state)
{
	(void)state;
	live_catch_faults();
	if (live_window() != 0xffff0000) {
		fprintf(stderr, "the running kernel's fault_around_bytes is not 64 KiB: not compared\n");
		skip();
	}
	for (uint64_t seed = test_seed(); seed < test_seed() + test_rounds(300); seed++) {
		unsigned int tries = 0;

		while (!both_play(seed))
			assert_true(++tries < TRIES);
	}
}

static int up(void **state)
{
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0 || prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) || !live_is_free(BASE, BASE + PAGES * PAGE_SIZE))
		return -1;
	return world_up_with_words(state);
}

static int down(void **state)
{
	close(pagemap);
	return world_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_map_the_same_pages_around, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
