/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_scan: the PAGEMAP_SCAN ioctl of the running kernel and ours, over the same mappings in the same window: regions,
 * where the scan ended, and errors agree.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/op/exit.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/op/munmap.h"
#include "core/op/pagemap_scan.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"

/* Low, where nothing else is, with or without a sanitizer; around a boundary of page tables, and a table apart. */
#define BOUNDARY	0x20000000ul
#define PAGES		32ul
#define BASE		(BOUNDARY - PAGES / 2 * PAGE_SIZE)
#define END		(BASE + PAGES * PAGE_SIZE)
#define PRIVATE		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED)
#define REGIONS		40ul

/* Newer than Debian 12's headers. Source: include/uapi/linux/fs.h. */
struct live_scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN_IOCTL	_IOWR('f', 16, struct live_scan_arg)

static int fd;
static bool has_scan, has_guards;
static unsigned long agreed[2];		/* scans that failed, and that did not */

static long live_scan(struct pm_scan_arg *arg)
{
	struct live_scan_arg live = {
		.size = sizeof(live), .flags = arg->flags, .start = arg->start, .end = arg->end,
		.walk_end = arg->walk_end, .vec = (uintptr_t)arg->vec, .vec_len = arg->vec_len,
		.max_pages = arg->max_pages, .category_inverted = arg->category_inverted,
		.category_mask = arg->category_mask, .category_anyof_mask = arg->category_anyof_mask,
		.return_mask = arg->return_mask,
	};
	int got = ioctl(fd, SCAN_IOCTL, &live);

	arg->walk_end = live.walk_end;
	return got < 0 ? -errno : got;
}

static bool agree(struct mm_struct *mm, const struct pm_scan_arg *arg)
{
	struct page_region live_regions[REGIONS] = { 0 }, our_regions[REGIONS] = { 0 };
	struct pm_scan_arg live = *arg, ours = *arg;
	long live_got, our_got;

	if (arg->vec) {
		live.vec = live_regions;
		ours.vec = our_regions;
	}
	live_got = live_scan(&live);
	our_got = sys_pagemap_scan(mm, &ours);
	agreed[live_got >= 0]++;
	if (live_got == our_got && live.walk_end == ours.walk_end &&
	    !memcmp(live_regions, our_regions, sizeof(our_regions)))
		return true;
	fprintf(stderr, "flags %lx %lx to %lx, %lu regions, %lu pages, inverted %lx all %lx any %lx return %lx:\n",
		arg->flags, arg->start, arg->end, arg->vec_len, arg->max_pages, arg->category_inverted,
		arg->category_mask, arg->category_anyof_mask, arg->return_mask);
	fprintf(stderr, "  the kernel gives %ld up to %lx, ours %ld up to %lx\n", live_got, live.walk_end, our_got,
		ours.walk_end);
	for (unsigned int i = 0; i < REGIONS && (live_regions[i].end || our_regions[i].end); i++)
		fprintf(stderr, "  %lx to %lx: %lx\t%lx to %lx: %lx\n", live_regions[i].start, live_regions[i].end,
			live_regions[i].categories, our_regions[i].start, our_regions[i].end,
			our_regions[i].categories);
	return false;
}

/* Makes and unmakes mappings on both sides. */
static void change(struct rng *rng, struct mm_struct *mm)
{
	unsigned long page = rng_below(rng, PAGES), pages = 1 + rng_below(rng, min(PAGES - page, 8ul));
	unsigned long addr = BASE + page * PAGE_SIZE, len = pages * PAGE_SIZE;
	int prot = rng_below(rng, 4) ? PROT_READ | PROT_WRITE : PROT_READ, advice;
	bool write = rng_below(rng, 2);

	switch (rng_below(rng, 8)) {
	case 0:
		assert_int_equal(live_mmap(addr, len, prot, PRIVATE), sys_mmap(mm, addr, len, prot, PRIVATE, 0));
		break;
	case 1:
		if (rng_below(rng, 3) == 0)
			assert_int_equal(live_munmap(addr, len), sys_munmap(mm, addr, len));
		break;
	case 2:
		advice = !has_guards || rng_below(rng, 2) ? MADV_DONTNEED :
			 rng_below(rng, 2) ? MADV_GUARD_INSTALL : MADV_GUARD_REMOVE;
		assert_int_equal(live_madvise(addr, len, advice), sys_madvise(mm, addr, len, advice));
		break;
	default:
		assert_int_equal(live_touch(addr, write, 7), our_touch(mm, addr, write, 7));
	}
}

static uint64_t random_categories(struct rng *rng)
{
	return rng_below(rng, 2) ? 0 : rng_next(rng) & rng_next(rng) & PM_SCAN_CATEGORIES & ~PAGE_IS_SOFT_DIRTY;
}

static struct pm_scan_arg random_scan(struct rng *rng)
{
	static struct page_region any;
	unsigned long a = rng_below(rng, PAGES + 1), b = rng_below(rng, PAGES + 1);
	struct pm_scan_arg arg = {
		.start = BASE + min(a, b) * PAGE_SIZE, .end = BASE + max(a, b) * PAGE_SIZE, .vec = &any,
		.walk_end = 1,
		.vec_len = rng_below(rng, 3) ? REGIONS : rng_below(rng, 5),
		.max_pages = rng_below(rng, 2) ? 0 : rng_below(rng, 10),
		.category_inverted = random_categories(rng), .category_mask = random_categories(rng),
		.category_anyof_mask = random_categories(rng),
		.return_mask = rng_below(rng, 2) ? PM_SCAN_CATEGORIES : random_categories(rng),
	};

	if (rng_below(rng, 16) == 0)
		arg.end += rng_below(rng, PAGE_SIZE);
	if (rng_below(rng, 32) == 0)
		arg.start += rng_below(rng, PAGE_SIZE);
	if (rng_below(rng, 32) == 0)
		arg.flags = rng_below(rng, 5);
	if (rng_below(rng, 64) == 0)
		arg.vec = NULL;
	if (rng_below(rng, 64) == 0)
		arg.category_mask = 1ul << rng_below(rng, 12);
	if (rng_below(rng, 64) == 0)
		arg.end = rng_below(rng, 2) ? TASK_SIZE + rng_below(rng, 3) : arg.start - PAGE_SIZE;
	return arg;
}

/* Row: G2. */
static void random_scans_agree(void **state)
{
	(void)state;
	if (!has_scan)
		skip();
	live_catch_faults();
	for (unsigned int p = 0; p < nr_world_policies; p++) {
		struct mm_struct *mm = world_mm(world_policies[p]);
		struct rng rng;

		rng_init(&rng, test_seed() * 100 + p);
		for (unsigned int i = 0; i < test_rounds(10000); i++) {
			struct pm_scan_arg arg = random_scan(&rng);

			change(&rng, mm);
			/* The process has other mappings above. */
			if (arg.end >= TASK_SIZE) {
				arg.category_mask = PAGE_IS_WPALLOWED;
				arg.category_inverted = 0;
			}
			assert_true(agree(mm, &arg));
		}
		assert_int_equal(live_munmap(BASE, PAGES * PAGE_SIZE), 0);
		mm_exit(mm);
	}
	assert_true(agreed[0] && agreed[1]);
}

/* The comparison can fail. */
static void a_difference_would_be_reported(void **state)
{
	static struct page_region any;
	const struct pm_scan_arg arg = { .start = BASE, .end = END, .vec = &any, .vec_len = REGIONS };
	struct mm_struct *mm;

	(void)state;
	if (!has_scan)
		skip();
	mm = world_mm("linux-6.15");
	assert_true(agree(mm, &arg));
	assert_true(sys_mmap(mm, BASE, PAGE_SIZE, PROT_READ, PRIVATE, 0) == (long)BASE);
	assert_false(agree(mm, &arg));
	mm_exit(mm);
}

static int up(void **state)
{
	struct pm_scan_arg arg = { .start = BASE, .end = END };

	(void)state;
	/* Without huge pages, which ours has where it is asked for them. */
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) || !live_is_free(BASE, END))
		return -1;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	has_scan = fd >= 0 && live_scan(&arg) == 0;
	if (!has_scan)
		fprintf(stderr, "the running kernel has no PAGEMAP_SCAN: not compared\n");
	has_guards = live_has_advice(BASE, MADV_GUARD_INSTALL);
	world_start(4096, 64);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_scans_agree),
		cmocka_unit_test(a_difference_would_be_reported),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
