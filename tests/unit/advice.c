/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * advice: a table of results, for every advice over every kind of memory. Ours and the running kernel must both give
 * them. The kernel's hugetlb mapping reserves no huge pages, so the pool may be empty; its raw frames are those of
 * [vvar].
 *
 * Not compared: MADV_COLLAPSE of a file, which depends on the file system; kernels before 6.18, whose rules differ.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"
#include "tests/lib/model/memory_kinds.h"

#define MAPPED		KIND_MAPPED
#define NR_ADVICES	10

static const int advices[NR_ADVICES] = { MADV_DONTNEED, MADV_PAGEOUT, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
					 MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_COLLAPSE, MADV_GUARD_INSTALL,
					 MADV_GUARD_REMOVE, MADV_DONTNEED_LOCKED };
static const char *const names[NR_ADVICES] = { "DONTNEED", "PAGEOUT", "HUGEPAGE", "NOHUGEPAGE", "POPULATE_READ",
					       "POPULATE_WRITE", "COLLAPSE", "GUARD_INSTALL", "GUARD_REMOVE",
					       "DONTNEED_LOCKED" };

/* @start bytes into the memory, @len bytes; the results in the order of advices[]. */
struct row {
	const char *name;
	enum memory_kind kind;
	unsigned long start, len;
	int results[NR_ADVICES];
};

#define ALL_0		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define NO_COLLAPSE	{ 0, 0, 0, 0, 0, 0, -EINVAL, 0, 0, 0 }
#define ALL_EINVAL	{ -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL }
#define UNMAPPED(collapse) \
	{ -ENOMEM, -ENOMEM, -ENOMEM, -ENOMEM, -ENOMEM, -ENOMEM, collapse, -ENOMEM, -ENOMEM, -ENOMEM }
#define POPULATES(r, w, collapse) { 0, 0, 0, 0, r, w, collapse, 0, 0, 0 }
#define OF_POOL(dontneed, huge) \
	{ dontneed, -EINVAL, huge, huge, -EFAULT, -EFAULT, -EINVAL, -EINVAL, -EINVAL, dontneed }
#define OF_RAW(huge)	{ -EINVAL, -EINVAL, huge, huge, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EINVAL }
#define OF_LOCKED(collapse) { -EINVAL, -EINVAL, 0, 0, 0, 0, collapse, -EINVAL, 0, 0 }

static const struct row rows[] = {
	{ "one page, nothing touched", FRESH, 0, PAGE_SIZE, NO_COLLAPSE },
	{ "one byte", FRESH, 0, 1, NO_COLLAPSE },
	{ "a huge page's worth, nothing touched", FRESH, 0, PMD_SIZE, NO_COLLAPSE },
	{ "a page of what was written", WRITTEN, 0, PAGE_SIZE, ALL_0 },
	{ "over a boundary of huge pages, none whole", WRITTEN, PAGE_SIZE, PMD_SIZE, ALL_0 },
	{ "inside one huge page, none whole", WRITTEN, PAGE_SIZE, PAGE_SIZE, NO_COLLAPSE },
	{ "a huge page's worth, written", WRITTEN, 0, PMD_SIZE, ALL_0 },
	{ "read-only", READ_ONLY, 0, PMD_SIZE, POPULATES(0, -EINVAL, -EINVAL) },
	{ "no access", NO_ACCESS, 0, PMD_SIZE, POPULATES(-EINVAL, -EINVAL, -EINVAL) },
	{ "a page of a leaf", HUGE_LEAF, 0, PAGE_SIZE, ALL_0 },
	{ "a leaf", HUGE_LEAF, 0, PMD_SIZE, ALL_0 },
	{ "guards", GUARDED, 0, 2 * PAGE_SIZE, POPULATES(-EFAULT, -EFAULT, 0) },
	{ "nothing mapped", NOTHING, 0, PAGE_SIZE, UNMAPPED(-ENOMEM) },
	{ "over a hole", HOLE, 0, 4 * PAGE_SIZE, UNMAPPED(-EINVAL) },
	{ "from a hole on", HOLE, PAGE_SIZE, 2 * PAGE_SIZE, UNMAPPED(-EINVAL) },
	{ "over the end", FRESH, PMD_SIZE, 2 * PMD_SIZE, UNMAPPED(-EINVAL) },
	{ "not a page's start", FRESH, 1, PAGE_SIZE, ALL_EINVAL },
	{ "no length", FRESH, 0, 0, ALL_0 },
	{ "a length that rounds up to 0", FRESH, 0, -1ul, ALL_EINVAL },
	{ "over the end of addresses", FRESH, 0, -PAGE_SIZE, ALL_EINVAL },
	{ "a private file", FILE_PRIVATE, 0, PMD_SIZE, NO_COLLAPSE },
	{ "a private file beyond its end", FILE_PRIVATE, PMD_SIZE, PMD_SIZE, POPULATES(-EFAULT, -EFAULT, -EINVAL) },
	{ "a shared file", FILE_SHARED, 0, PMD_SIZE, NO_COLLAPSE },
	{ "a shared file beyond its end", FILE_SHARED, PMD_SIZE, PMD_SIZE, POPULATES(-EFAULT, -EFAULT, -EINVAL) },
	{ "hugetlb", HUGE_POOL, 0, MAPPED, OF_POOL(0, 0) },
	{ "one huge page of hugetlb", HUGE_POOL, PMD_SIZE, PMD_SIZE, OF_POOL(0, 0) },
	{ "inside a huge page of hugetlb", HUGE_POOL, PAGE_SIZE, 2 * PAGE_SIZE, OF_POOL(-EINVAL, -EINVAL) },
	{ "the first page of hugetlb", HUGE_POOL, 0, PAGE_SIZE, OF_POOL(0, -EINVAL) },
	{ "a huge page of hugetlb and a page", HUGE_POOL, 0, PMD_SIZE + PAGE_SIZE, OF_POOL(0, -EINVAL) },
	{ "to the end of hugetlb", HUGE_POOL, PAGE_SIZE, MAPPED - PAGE_SIZE, OF_POOL(-EINVAL, -EINVAL) },
	{ "a raw frame of several", RAW, 0, PAGE_SIZE, OF_RAW(-EINVAL) },	/* before all of them take the flag */
	{ "raw frames", RAW, 0, 0, OF_RAW(0) },
	{ "a page of locked memory", LOCKED, 0, PAGE_SIZE, OF_LOCKED(0) },
	{ "a locked huge page's worth", LOCKED, 0, PMD_SIZE, OF_LOCKED(0) },
	{ "from locked memory on", LOCKED, 0, MAPPED, OF_LOCKED(-EINVAL) },
};

/* The length 0 of raw frames stands for all @mapped bytes of them. */
static unsigned long length_of(const struct row *row, unsigned long mapped)
{
	return row->kind == RAW && !row->len ? mapped : row->len;
}

/* How many results of @row are not ours. */
static unsigned int our_differences(const struct row *row)
{
	unsigned int differ = 0;

	for (unsigned int i = 0; i < NR_ADVICES; i++) {
		unsigned long size, at = our_kind_at(row->kind, &size);
		struct mm_struct *mm = our_kind(row->kind);
		int ours = sys_madvise(mm, at + row->start, length_of(row, size), advices[i]);

		if (ours != row->results[i]) {
			fprintf(stderr, "%s: %s gives %d, not %d\n", row->name, names[i], ours, row->results[i]);
			differ++;
		}
		assert_at_rest(mm);
		mm_exit(mm);
	}
	return differ;
}

/* Row: G2. */
static void every_advice_has_its_result(void **state)
{
	unsigned int differ = 0;

	(void)state;
	if (!THP_POSSIBLE)
		skip();
	memory_kinds_up();
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		differ += our_differences(&rows[i]);
	assert_int_equal(differ, 0);
	memory_kinds_down();
}

/* ---- the running kernel ---- */

/* COLLAPSE may find no free huge page, or a page in use: such a result is not compared. */
static bool compared(const struct row *row, unsigned int i, long live)
{
	if (advices[i] == MADV_COLLAPSE)
		return row->kind != FILE_PRIVATE && row->kind != FILE_SHARED &&
		       (row->results[i] || (live != -ENOMEM && live != -EAGAIN));
	return true;
}

static unsigned int live_differences(const struct row *row)
{
	unsigned long size, at = live_kind_at(row->kind, &size);
	unsigned int differ = 0;

	for (unsigned int i = 0; i < NR_ADVICES && live_kind(row->kind); i++) {
		long live = live_madvise(at + row->start, length_of(row, size), advices[i]);

		if (live != row->results[i] && compared(row, i, live)) {
			fprintf(stderr, "%s: %s of the running kernel gives %ld, not %d\n", row->name, names[i], live,
				row->results[i]);
			differ++;
		}
		assert_int_equal(live_munmap(KIND_AT, MAPPED), 0);
	}
	return differ;
}

/* Row: G2. */
static void the_running_kernel_agrees(void **state)
{
	unsigned int differ = 0;

	(void)state;
	if (!THP_POSSIBLE || !live_is_at_least(6, 18)) {
		fprintf(stderr, "the running kernel is older than 6.18: not compared\n");
		skip();
	}
	memory_kinds_up();
	live_catch_faults();
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		differ += live_differences(&rows[i]);
	assert_int_equal(differ, 0);
	memory_kinds_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_advice_has_its_result),
		cmocka_unit_test(the_running_kernel_agrees),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
