/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_mm.c - an mm made after a captured layout has what the layout says, VMA by VMA and page by page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>

#include "core/faultline.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/harness/world.h"
#include "workloads/lib/layout_mm.h"

#define LAYOUTS	FAULTLINE_SOURCE_DIR "/workloads/layouts/"

static int up(void **state)
{
	(void)state;
	world_start(1ul << 17, 0);
	return 0;
}

/* A layout held in arrays, so that a test says what is in it. */
#define LAYOUT(v, r) ((struct layout){ .nr_vmas = ARRAY_SIZE(v), .nr_runs = ARRAY_SIZE(r), .vmas = (v), .runs = (r) })

static unsigned long flags_of(const struct layout_vma *vma)
{
	return (vma->read ? VM_READ : 0) | (vma->write ? VM_WRITE : 0) | (vma->exec ? VM_EXEC : 0);
}

static void expect_vma(struct mm_struct *mm, const struct layout_vma *expected)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, expected->start);
	assert_non_null(vma);
	assert_int_equal(vma->vm_start, expected->start);
	assert_int_equal(vma->vm_end, expected->end);
	assert_int_equal(vma->vm_flags & VM_ACCESS_FLAGS, flags_of(expected));
	mmap_read_unlock(mm);
}

static void expect_run(struct mm_struct *mm, const struct layout_run *run)
{
	for (uint64_t i = 0; i < run->count; i++) {
		unsigned char present = 0;

		assert_int_equal(sys_mincore(mm, (run->first_vpn + i) << PAGE_SHIFT, PAGE_SIZE, &present), 0);
		assert_int_equal(present, 1);
	}
}

static void expect_layout(struct mm_struct *mm, const struct layout *layout, const struct layout_loaded *loaded)
{
	unsigned int fit = 0;

	for (unsigned int i = 0; i < layout->nr_vmas; i++) {
		const struct layout_vma *vma = &layout->vmas[i];

		if (!layout_vma_fits(vma))
			continue;
		fit++;
		expect_vma(mm, vma);
		for (unsigned int r = 0; r < vma->nr_runs; r++)
			expect_run(mm, &layout->runs[vma->first_run + r]);
	}
	assert_int_equal(loaded->vmas, fit);
	assert_int_equal(mm->map_count, fit);
	assert_int_equal(loaded->vmas + loaded->vmas_excluded, layout->nr_vmas);
	assert_int_equal(loaded->pages + loaded->pages_excluded, layout->nr_pages);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), loaded->pages);
	assert_at_rest(mm);
}

/* Some of it does: all of a program of 64 bits may lie above what 32 bits reach. */
static bool captured_fits(const struct layout *layout)
{
	for (unsigned int i = 0; i < layout->nr_vmas; i++)
		if (layout_vma_fits(&layout->vmas[i]))
			return true;
	return false;
}

static void load_shipped(const char *path)
{
	struct layout_loaded loaded;
	struct layout *layout;
	char why[256];

	assert_int_equal(layout_load(path, &layout, why, sizeof(why)), 0);
	for (unsigned int p = 0; p < nr_policy_presets; p++) {
		struct mm_struct *mm = mm_create(&policy_presets[p].policy);

		assert_non_null(mm);
		if (captured_fits(layout))
			assert_int_equal(layout_map(mm, layout, LAYOUT_POPULATE, &loaded), 0);
		else
			assert_int_equal(layout_map(mm, layout, LAYOUT_POPULATE, &loaded), -EOPNOTSUPP);
		expect_layout(mm, layout, &loaded);
		mm_exit(mm);
	}
	layout_free(layout);
}

/* Row: M1. */
static void shipped_layouts(void **state)
{
	(void)state;
	load_shipped(LAYOUTS "node.layout");
	load_shipped(LAYOUTS "java.layout");
}

/* Equal neighbours stay two VMAs; PROT_NONE pages are populated; pages outside are counted. */
static void odd_vmas(void **state)
{
	struct layout_vma vmas[] = {
		{ .start = 0x1000, .end = 0x2000, .read = true, .first_run = 0, .nr_runs = 1 },
		{ .start = 0x400000, .end = 0x402000, .read = true, .write = true, .first_run = 1, .nr_runs = 1 },
		{ .start = 0x402000, .end = 0x404000, .read = true, .write = true, .first_run = 2, .nr_runs = 0 },
		{ .start = 0x404000, .end = 0x408000, .first_run = 2, .nr_runs = 1 },
		{ .start = 0x408000, .end = 0x409000, .read = true, .exec = true, .first_run = 3, .nr_runs = 1 },
		{ .start = 0xffffffffff600000, .end = 0xffffffffff601000, .exec = true, .first_run = 4, .nr_runs = 0 },
	};
	struct layout_run runs[] = { { 0x1, 1, RUN_PRESENT }, { 0x400, 2, RUN_PRESENT }, { 0x405, 2, RUN_PRESENT },
				     { 0x408, 1, RUN_PRESENT } };
	struct layout layout = LAYOUT(vmas, runs);
	struct mm_struct *mm = world_mm("linux-6.15");
	struct layout_loaded loaded;

	(void)state;
	layout.nr_pages = 6;
	assert_int_equal(layout_map(mm, &layout, LAYOUT_POPULATE, &loaded), 0);
	assert_int_equal(loaded.vmas, 4);
	assert_int_equal(loaded.vmas_excluded, 2);
	assert_int_equal(loaded.pages, 5);
	assert_int_equal(loaded.pages_excluded, 1);
	expect_layout(mm, &layout, &loaded);
	mm_exit(mm);
}

static void vmas_alone(void **state)
{
	struct layout_vma vmas[] = {
		{ .start = 0x400000, .end = 0x402000, .read = true, .first_run = 0, .nr_runs = 1 }
	};
	struct layout_run runs[] = { { 0x400, 2, RUN_PRESENT } };
	struct layout layout = LAYOUT(vmas, runs);
	struct mm_struct *mm = world_mm("linux-6.15");
	struct layout_loaded loaded;

	(void)state;
	assert_int_equal(layout_map(mm, &layout, 0, &loaded), 0);
	expect_vma(mm, &vmas[0]);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 0);
	mm_exit(mm);
}

static void writable_whatever_the_layout_says(void **state)
{
	struct layout_vma vmas[] = {
		{ .start = 0x400000, .end = 0x402000, .read = true, .first_run = 0, .nr_runs = 1 },
		{ .start = 0x402000, .end = 0x404000, .first_run = 1, .nr_runs = 0 },
	};
	struct layout_run runs[] = { { 0x400, 2, RUN_PRESENT } };
	struct layout layout = LAYOUT(vmas, runs);
	struct mm_struct *mm = world_mm("linux-6.15");
	struct layout_loaded loaded;

	(void)state;
	assert_int_equal(layout_map(mm, &layout, LAYOUT_POPULATE | LAYOUT_WRITABLE, &loaded), 0);
	assert_int_equal(mm_counter_sum(&mm->pt, MM_ANONPAGES), 2);
	for (unsigned long addr = 0x400000; addr < 0x404000; addr += PAGE_SIZE)
		assert_int_equal(do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE), 0);
	assert_int_equal(mm->map_count, 2);
	mm_exit(mm);
}

/* What one worker of the parts was called for, in order. */
static struct {
	unsigned long addr[8], pages[8];
	unsigned int nr;
} calls;

static int64_t note_call(struct worker *worker, unsigned long addr, unsigned long pages)
{
	(void)worker;
	calls.addr[calls.nr] = addr;
	calls.pages[calls.nr++] = pages;
	return addr == 0x404000 ? -EDOM : (int64_t)pages;
}

/* Each run and each VMA that fits is of one part; a failure ends it. */
static void parts(void **state)
{
	struct layout_vma vmas[] = {
		{ .start = 0x1000, .end = 0x2000, .read = true, .first_run = 0, .nr_runs = 1 },
		{ .start = 0x400000, .end = 0x404000, .read = true, .first_run = 1, .nr_runs = 2 },
		{ .start = 0x404000, .end = 0x408000, .read = true, .first_run = 3, .nr_runs = 1 },
		{ .start = 0x408000, .end = 0x409000, .read = true, .first_run = 4, .nr_runs = 0 },
	};
	struct layout_run runs[] = { { 0x1, 1, RUN_PRESENT }, { 0x400, 1, RUN_PRESENT }, { 0x402, 2, RUN_PRESENT },
				     { 0x405, 3, RUN_PRESENT } };
	struct layout layout = LAYOUT(vmas, runs);
	struct workload_run run = { .layout = &layout };
	struct worker worker = { .run = &run };

	(void)state;
	calls.nr = 0;
	assert_int_equal(layout_each_run(&worker, 0, 2, note_call), 3);
	assert_int_equal(layout_each_run(&worker, 1, 2, note_call), 3);
	assert_int_equal(calls.nr, 3);
	assert_int_equal(calls.addr[0], 0x400000);
	assert_int_equal(calls.addr[1], 0x402000);
	assert_int_equal(calls.pages[1], 2);
	assert_int_equal(calls.addr[2], 0x405000);
	calls.nr = 0;
	assert_int_equal(layout_each_vma(&worker, 0, 2, note_call), 4);
	assert_int_equal(layout_each_vma(&worker, 1, 2, note_call), -EDOM);
	assert_int_equal(calls.nr, 2);
	calls.nr = 0;
	assert_int_equal(layout_each_run(&worker, 0, 1, note_call), 6);
	assert_int_equal(calls.nr, 3);
}

static void nothing_fits(void **state)
{
	struct layout_vma vmas[] = { { .start = 0xffffffffff600000, .end = 0xffffffffff601000 } };
	struct layout_run runs[] = { { 0 } };
	struct layout layout = LAYOUT(vmas, runs);
	struct mm_struct *mm = world_mm("linux-6.15");
	struct layout_loaded loaded;

	(void)state;
	assert_int_equal(layout_map(mm, &layout, LAYOUT_POPULATE, &loaded), -EOPNOTSUPP);
	assert_int_equal(loaded.vmas_excluded, 1);
	mm_exit(mm);
}

/* Wherever memory ends, what was made is whole, and comes back. */
static void out_of_frames(void **state)
{
	struct layout_loaded loaded;
	struct layout *layout;
	char why[256];

	(void)state;
	assert_int_equal(layout_load(LAYOUTS "node.layout", &layout, why, sizeof(why)), 0);
	for (unsigned long left = 0; left < 600; left += 150) {
		struct mm_struct *mm = world_mm("linux-6.15");

		world_take_frames(left);
		assert_int_equal(layout_map(mm, layout, LAYOUT_POPULATE, &loaded), -ENOMEM);
		world_give_frames();
		assert_at_rest(mm);
		mm_exit(mm);
	}
	layout_free(layout);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_layouts),
		cmocka_unit_test(odd_vmas),
		cmocka_unit_test(vmas_alone),
		cmocka_unit_test(writable_whatever_the_layout_says),
		cmocka_unit_test(parts),
		cmocka_unit_test(nothing_fits),
		cmocka_unit_test(out_of_frames),
	};

	return cmocka_run_group_tests(tests, up, world_down);
}
