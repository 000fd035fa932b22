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
#include <unistd.h>

#include <cmocka.h>

#include "core/faultline.h"
#include "core/mm/huge_memory.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/world.h"
#include "tests/lib/model/live_calls.h"

#define AT		0x20000000ul	/* low, where nothing else is; a huge page begins there */
#define MAPPED		(2 * PMD_SIZE)
#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define HUGETLB		(ANON | MAP_HUGETLB | MAP_NORESERVE)
#define RAW_ORDER	2
#define RAW_BYTES	(PAGE_SIZE << RAW_ORDER)
#define NR_ADVICES	10

static const int advices[NR_ADVICES] = { MADV_DONTNEED, MADV_PAGEOUT, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
					 MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_COLLAPSE, MADV_GUARD_INSTALL,
					 MADV_GUARD_REMOVE, MADV_DONTNEED_LOCKED };
static const char *const names[NR_ADVICES] = { "DONTNEED", "PAGEOUT", "HUGEPAGE", "NOHUGEPAGE", "POPULATE_READ",
					       "POPULATE_WRITE", "COLLAPSE", "GUARD_INSTALL", "GUARD_REMOVE",
					       "DONTNEED_LOCKED" };

enum kind { NOTHING, FRESH, WRITTEN, READ_ONLY, NO_ACCESS, HUGE_LEAF, GUARDED, HOLE, FILE_PRIVATE, FILE_SHARED,
	    HUGE_POOL, RAW, LOCKED };

/* @start bytes into the memory, @len bytes; the results in the order of advices[]. */
struct row {
	const char *name;
	enum kind kind;
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

/* The length 0 of raw frames stands for all @raw bytes of them. */
static unsigned long length_of(const struct row *row, unsigned long raw)
{
	return row->kind == RAW && !row->len ? raw : row->len;
}

static bool is_file(enum kind kind)
{
	return kind == FILE_PRIVATE || kind == FILE_SHARED;
}

static int file_flags(enum kind kind)
{
	return MAP_FIXED | (kind == FILE_SHARED ? MAP_SHARED : MAP_PRIVATE);
}

static int prot_of(enum kind kind)
{
	return kind == READ_ONLY ? PROT_READ : kind == NO_ACCESS ? PROT_NONE : READ_WRITE;
}

/* ---- ours ---- */

static struct file *our_file;		/* as long as a huge page */
static struct page *our_frames;

static long map_ours(struct mm_struct *mm, enum kind kind)
{
	if (kind == NOTHING)
		return AT;
	if (is_file(kind))
		return sys_mmap_file(mm, AT, MAPPED, READ_WRITE, file_flags(kind), our_file, 0);
	if (kind == RAW)
		return sys_mmap_pfn(mm, AT, RAW_BYTES, PROT_READ, MAP_PRIVATE | MAP_FIXED, page_to_pfn(our_frames));
	return sys_mmap(mm, AT, MAPPED, prot_of(kind), kind == HUGE_POOL ? HUGETLB : ANON, 0);
}

static struct mm_struct *our_memory(enum kind kind)
{
	struct mm_struct *mm = world_mm("linux-6.15,thp=madvise");

	assert_int_equal(map_ours(mm, kind), AT);
	if (kind == HUGE_LEAF)
		assert_int_equal(sys_madvise(mm, AT, MAPPED, MADV_HUGEPAGE), 0);
	if (kind == HUGE_LEAF || kind == WRITTEN || kind == LOCKED)
		assert_int_equal(do_user_addr_fault(mm, AT, FAULT_FLAG_WRITE), 0);
	if (kind == GUARDED)
		assert_int_equal(sys_madvise(mm, AT, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	if (kind == HOLE)
		assert_int_equal(sys_munmap(mm, AT + PAGE_SIZE, PAGE_SIZE), 0);
	if (kind == LOCKED)
		assert_int_equal(sys_mlock2(mm, AT, PMD_SIZE, MLOCK_ONFAULT), 0);
	return mm;
}

/* How many results of @row are not ours. */
static unsigned int our_differences(const struct row *row)
{
	unsigned int differ = 0;

	for (unsigned int i = 0; i < NR_ADVICES; i++) {
		struct mm_struct *mm = our_memory(row->kind);
		int ours = sys_madvise(mm, AT + row->start, length_of(row, RAW_BYTES), advices[i]);

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
	our_file = file_create(HPAGE_PMD_NR, HPAGE_PMD_NR, 0, 1);
	our_frames = alloc_raw_frames(RAW_ORDER);
	assert_true(our_file && our_frames);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		differ += our_differences(&rows[i]);
	assert_int_equal(differ, 0);
	free_raw_frames(our_frames, RAW_ORDER);
	file_put(our_file);
}

/* ---- the running kernel ---- */

static int live_fd = -1;		/* of a file as long as a huge page */
static unsigned long vvar, vvar_size;

static long map_live(enum kind kind)
{
	if (is_file(kind))
		return live_mmap_file(AT, MAPPED, READ_WRITE, file_flags(kind), live_fd);
	return live_mmap(AT, MAPPED, prot_of(kind), kind == HUGE_POOL ? HUGETLB : ANON);
}

/* False: the kernel has no memory of the kind; a message says so. */
static bool live_memory(enum kind kind)
{
	long ret;

	if (kind == NOTHING || kind == RAW)
		return true;
	ret = map_live(kind);
	if (ret < 0 && kind == HUGE_POOL) {
		fprintf(stderr, "the running kernel maps no huge pages of hugetlb (%ld): not compared\n", ret);
		return false;
	}
	assert_int_equal(ret, AT);
	if (kind == HUGE_LEAF)
		live_madvise(AT, MAPPED, MADV_HUGEPAGE);
	if (kind == HUGE_LEAF || kind == WRITTEN || kind == LOCKED)
		assert_int_equal(live_touch(AT, true, 1), 1);
	if (kind == GUARDED)
		assert_int_equal(live_madvise(AT, PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	if (kind == HOLE)
		assert_int_equal(live_munmap(AT + PAGE_SIZE, PAGE_SIZE), 0);
	if (kind == LOCKED && live_mlock(AT, PMD_SIZE, MLOCK_ONFAULT)) {
		fprintf(stderr, "the running kernel allows no locked memory: not compared\n");
		assert_int_equal(live_munmap(AT, MAPPED), 0);
		return false;
	}
	return true;
}

/* COLLAPSE may find no free huge page, or a page in use: such a result is not compared. */
static bool compared(const struct row *row, unsigned int i, long live)
{
	if (advices[i] == MADV_COLLAPSE)
		return !is_file(row->kind) && (row->results[i] || (live != -ENOMEM && live != -EAGAIN));
	return true;
}

static unsigned int live_differences(const struct row *row)
{
	const unsigned long at = row->kind == RAW ? vvar : AT;
	unsigned int differ = 0;

	for (unsigned int i = 0; i < NR_ADVICES && live_memory(row->kind); i++) {
		long live = live_madvise(at + row->start, length_of(row, vvar_size), advices[i]);

		if (live != row->results[i] && compared(row, i, live)) {
			fprintf(stderr, "%s: %s of the running kernel gives %ld, not %d\n", row->name, names[i], live,
				row->results[i]);
			differ++;
		}
		assert_int_equal(live_munmap(AT, MAPPED), 0);
	}
	return differ;
}

/* Row: G2. */
static void the_running_kernel_agrees(void **state)
{
	FILE *file = tmpfile();
	unsigned int differ = 0;

	(void)state;
	if (!THP_POSSIBLE || !live_is_at_least(6, 18)) {
		fprintf(stderr, "the running kernel is older than 6.18: not compared\n");
		fclose(file);
		skip();
	}
	assert_non_null(file);
	live_fd = fileno(file);
	assert_int_equal(ftruncate(live_fd, PMD_SIZE), 0);
	if (!live_find("[vvar]", &vvar, &vvar_size) || vvar_size < 2 * PAGE_SIZE)
		fprintf(stderr, "the running kernel has no raw frames in [vvar]: not compared\n");
	live_catch_faults();
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].kind != RAW || vvar_size >= 2 * PAGE_SIZE)
			differ += live_differences(&rows[i]);
	assert_int_equal(differ, 0);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_advice_has_its_result),
		cmocka_unit_test(the_running_kernel_agrees),
	};

	return cmocka_run_group_tests(tests, world_up, world_down);
}
