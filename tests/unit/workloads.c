/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workloads.c - every workload under every preset: set up, run for a few ops by one thread and by three, checked, taken
 * down, and nothing is left. And what their checks are for, they see.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>

#include "core/faultline.h"
#include "tests/lib/harness/crew.h"
#include "tests/lib/harness/world.h"
#include "workloads/lib/contents.h"
#include "workloads/lib/file_space.h"
#include "workloads/lib/space.h"
#include "workloads/lib/workload.h"

/*
 * 256 MiB of pages for each of three workers, and tables; sanitizers look at each access, so they get less to set up
 * and to do
 */
#define FRAMES		(FAULTLINE_PLAIN_ALLOC ? 1ul << 16 : 1ul << 19)
#define MOST_THREADS	3
#define FEW_FRAMES	(1ul << 16)		/* for runs of TEST_PAGES, and of first_touch */
#define LAYOUT_FRAMES	(1ul << 17)		/* for three of a whole layout */
/* where the size does not matter, or the host has to back them */
#define TEST_PAGES	(FAULTLINE_PLAIN_ALLOC ? 1024 : 4096)
#define MOST_PAGES	(FAULTLINE_PLAIN_ALLOC ? 4096 : INT64_MAX)

/* All pages of a captured address space; and the first of each VMA. */
static struct layout *whole_layout, *first_touch;

static struct crew crew_of(const struct workload *workload, const struct mm_policy *policy, unsigned int threads)
{
	struct crew crew = {
		.run = {
			.workload = workload,
			.policy = *policy,
			.threads = max(threads, workload->min_threads),
			.layout = workload->flags & WORKLOAD_LAYOUT ? first_touch : NULL,
			.seed = test_seed(),
		},
		.ops = 3,
	};

	for (unsigned int i = 0; i < workload->nr_axes; i++)
		crew.run.choice[i] = min(workload->axes[i].values[0], TEST_PAGES);
	return crew;
}

/* Some workloads need more than this geometry has; what this machine's kernel has not, they say. */
static bool may_be_unsupported(const struct workload *workload)
{
	return FAULTLINE_LEVELS == 2 && !(workload->flags & WORKLOAD_LIVE);
}

/* On a machine of its own, from which nothing may be missing at the end. */
static void run_on_machine(struct crew *crew, unsigned long frames, unsigned int payload)
{
	const struct workload *workload = crew->run.workload;
	int err;

	world_start(frames, payload);
	err = run_workload(crew);
	if (err && !(err == -EOPNOTSUPP && (*crew->run.skipped || may_be_unsupported(workload))))
		fail_msg("%s, %u threads: error %d", workload->name, crew->run.threads, err);
	for (unsigned int i = 0; !err && i < workload->nr_roles; i++)
		if (crew->items[i] <= 0)
			fail_msg("%s, %u threads: nothing done as %s", workload->name, crew->run.threads,
				 workload->roles[i].name);
	if (!world_stop())
		fail_msg("%s, %u threads: leaked", workload->name, crew->run.threads);
}

/* One thread alone has no race. */
static void needs_no_tsan(void)
{
	if (FAULTLINE_TSAN)
		skip();
}

/* ---- every workload ---- */

/* The whole layout is for one preset, and for no sanitizer. Returns the frames that the run needs. */
static unsigned long choose_layout(struct crew *crew, unsigned int preset)
{
	if (!crew->run.layout || preset || FAULTLINE_PLAIN_ALLOC)
		return FEW_FRAMES;
	crew->run.layout = whole_layout;
	return LAYOUT_FRAMES;
}

/* One thread alone meets no other: it gets that under one preset. */
static void run_preset(const struct workload *workload, unsigned int preset)
{
	for (unsigned int threads = preset ? MOST_THREADS : 1; threads <= MOST_THREADS; threads += 2) {
		struct crew crew = crew_of(workload, &policy_presets[preset].policy, threads);

		crew.run.checking = true;
		run_on_machine(&crew, choose_layout(&crew, preset), CACHE_LINE);
	}
}

/* With sanitizers, which are slow, one preset for each workload, and so some workloads for each preset. */
/* Row: M2. */
static void each_preset(void **state)
{
	(void)state;
	for (unsigned int w = 0; w < nr_workloads(); w++) {
		const struct workload *workload = workload_get(w);

		if (workload->flags & (WORKLOAD_LIMIT | WORKLOAD_LIVE))
			run_preset(workload, 0);
		else if (FAULTLINE_PLAIN_ALLOC)
			run_preset(workload, w % nr_policy_presets);
		else
			for (unsigned int p = 0; p < nr_policy_presets; p++)
				run_preset(workload, p);
	}
}

/* As a timed run has it, with each of the sizes. */
static void each_choice(void **state)
{
	(void)state;
	needs_no_tsan();
	for (unsigned int w = 0; w < nr_workloads(); w++) {
		const struct workload *workload = workload_get(w);

		for (unsigned int v = 0; workload->nr_axes && v < workload->axes[0].nr; v++) {
			struct crew crew = crew_of(workload, &policy_default()->policy, 1);

			crew.run.choice[0] = min(workload->axes[0].values[v],
						 workload->flags & WORKLOAD_LIVE ? TEST_PAGES : MOST_PAGES);
			crew.ops = 2;
			run_on_machine(&crew, FRAMES, 0);
		}
	}
}

/* Frames run out in set-up, or in the middle of an op: an error, and nothing is lost. */
static void out_of_frames(void **state)
{
	unsigned int failed = 0;

	(void)state;
	needs_no_tsan();
	for (unsigned int w = 0; w < nr_workloads(); w++) {
		struct crew crew = crew_of(workload_get(w), &policy_default()->policy, 1);
		int err;

		if (workload_get(w)->flags & WORKLOAD_LIVE)
			continue;
		world_start(64, 0);
		err = run_workload(&crew);
		if (err && err != -ENOMEM && err != -EOPNOTSUPP)
			fail_msg("%s: error %d", workload_get(w)->name, err);
		failed += err == -ENOMEM;
		if (!world_stop())
			fail_msg("%s: leaked", workload_get(w)->name);
	}
	assert_true(failed >= 5);
}

/* ---- what checks are for ---- */

/* Sets up the workload of that name for one worker, which is the calling thread. */
static struct space *begin(struct crew *crew, const char *name, bool checking)
{
	*crew = crew_of(workload_find(name), &policy_default()->policy, 1);
	crew->run.checking = checking;
	world_start(FRAMES / 4, CACHE_LINE);
	assert_int_equal(crew->run.workload->setup(&crew->run), 0);
	assign_roles(crew);
	return crew->run.data;
}

static int64_t op(struct crew *crew)
{
	return crew->run.workload->roles[0].op(&crew->workers[0]);
}

static int check(struct crew *crew)
{
	return crew->run.workload->check(&crew->run);
}

static void end(struct crew *crew)
{
	crew->run.workload->teardown(&crew->run);
	assert_true(world_stop());
}

/* A failure stays: later ops and the check report it too. */
/* Row: M2. */
static void missing_page_is_seen(void **state)
{
	struct crew crew;
	struct space *space = begin(&crew, "walk_dense", false);

	(void)state;
	assert_int_equal(op(&crew), space->pages);
	assert_int_equal(sys_madvise(space->mm, space_region(space, 0) + 7 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(op(&crew), -EUCLEAN);
	assert_int_equal(check(&crew), -EUCLEAN);
	end(&crew);
}

static void unexpected_marker_is_seen(void **state)
{
	struct crew crew;
	struct space *space = begin(&crew, "install_empty", false);

	(void)state;
	assert_int_equal(sys_madvise(space->mm, space_region(space, 0), PAGE_SIZE, MADV_GUARD_INSTALL), 0);
	assert_int_equal(op(&crew), -EUCLEAN);
	end(&crew);
}

static void page_not_dropped_is_seen(void **state)
{
	struct crew crew;
	struct space *space = begin(&crew, "fault_disjoint", true);

	(void)state;
	assert_int_equal(op(&crew), space->pages);
	assert_int_equal(op(&crew), -EUCLEAN);	/* nothing prepared it: pages are there, and marked */
	end(&crew);
}

static void live_page_not_dropped_is_seen(void **state)
{
	struct crew crew;

	(void)state;
	begin(&crew, "live_fault_one_vma", true);
	assert_true(op(&crew) > 0);
	assert_int_equal(op(&crew), -EUCLEAN);
	assert_int_equal(check(&crew), -EUCLEAN);
	end(&crew);
}

/* The region that these query has not been filled. */
static void empty_region_is_seen(void **state)
{
	static const char *const names[] = { "mincore", "live_mincore", "pagemap_read", "live_pagemap_read",
					     "move_pages" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		struct crew crew;

		begin(&crew, names[i], false);
		assert_true(op(&crew) < 0);
		assert_true(check(&crew) < 0);
		end(&crew);
	}
}

static void lost_reference_is_seen(void **state)
{
	struct crew crew;
	struct space *space = begin(&crew, "fault_disjoint", false);
	struct page *page;

	(void)state;
	assert_int_equal(op(&crew), space->pages);
	assert_int_equal(check(&crew), 0);
	page = alloc_page(PAGE_ANON);
	assert_non_null(page);
	assert_int_equal(check(&crew), -EUCLEAN);
	free_page(page);
	end(&crew);
}

static int scribble(struct page *page, unsigned long addr, void *arg)
{
	uint64_t *word = page_payload(page);

	(void)addr;
	*word = *(uint64_t *)arg;
	return 0;
}

static void contents_are_seen(void **state)
{
	uint64_t other = 2;
	struct crew crew;
	struct space *space = begin(&crew, "map_touch_unmap", true);
	long addr = sys_mmap(space->mm, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	unsigned long at = (unsigned long)addr;

	(void)state;
	assert_true(addr > 0);
	assert_int_equal(contents_zero(space->mm, at), -ENOENT);
	assert_int_equal(do_user_addr_fault(space->mm, at, 0), 0);
	assert_int_equal(contents_zero(space->mm, at), 0);
	assert_int_equal(contents_mark(space->mm, at, 1), -EUCLEAN);	/* the zero page */
	assert_int_equal(do_user_addr_fault(space->mm, at, FAULT_FLAG_WRITE), 0);
	assert_int_equal(contents_mark(space->mm, at, 1), 0);
	assert_int_equal(contents_mark(space->mm, at, 1), -EUCLEAN);	/* not fresh */
	assert_int_equal(contents_expect(space->mm, at, 1), 0);
	assert_int_equal(contents_zero(space->mm, at), -EUCLEAN);
	assert_int_equal(access_payload(space->mm, at, scribble, &other), 0);
	assert_int_equal(contents_expect(space->mm, at, 1), -EUCLEAN);
	end(&crew);
}

/* What belongs to page 4 of the file turns up in page 3. */
static void file_contents_are_seen(void **state)
{
	struct crew crew;
	struct space *space = begin(&crew, "file_fault_shared", true);
	uint64_t other = file_space_mark(space, 0, 4, 1);

	(void)state;
	assert_int_equal(op(&crew), space->pages);
	assert_int_equal(access_payload(space->mm, space_region(space, 0) + 3 * PAGE_SIZE, scribble, &other), 0);
	file_space_drop(&crew.workers[0]);
	assert_int_equal(op(&crew), -EUCLEAN);
	end(&crew);
}

/* What another mapping of the same file keeps to itself turns up in this one. */
static void private_contents_are_seen(void **state)
{
	struct crew crew;
	struct space *space = begin(&crew, "file_fault_private", true);
	uint64_t other = file_space_mark(space, 0, 0, 1) + (1ull << 32);

	(void)state;
	assert_int_equal(op(&crew), space->pages);
	assert_int_equal(file_space_access(space, 0, 0, 0), 0);
	assert_int_equal(access_payload(space->mm, space_region(space, 0), scribble, &other), 0);
	assert_int_equal(file_space_access(space, 0, 0, 0), -EUCLEAN);
	end(&crew);
}

static void lost_write_is_seen(void **state)
{
	struct crew crew;
	struct space *space = begin(&crew, "mkclean_vs_write", true);

	(void)state;
	assert_true(op(&crew) > 0);
	assert_int_equal(check(&crew), 0);
	space->file->device[5]++;		/* its page is clean, so it is not written again */
	assert_int_equal(check(&crew), -EUCLEAN);
	end(&crew);
}

static int load_layouts(void **state)
{
	static const char path[] = FAULTLINE_SOURCE_DIR "/workloads/layouts/node.layout";
	char why[256];
	int err = layout_load(path, &whole_layout, why, sizeof(why));

	(void)state;
	if (!err)
		err = layout_load(path, &first_touch, why, sizeof(why));
	return err ? err : layout_populate(first_touch, POPULATE_FIRST_TOUCH);
}

static int free_layouts(void **state)
{
	(void)state;
	layout_free(whole_layout);
	layout_free(first_touch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_preset),
		cmocka_unit_test(each_choice),
		cmocka_unit_test(out_of_frames),
		cmocka_unit_test(missing_page_is_seen),
		cmocka_unit_test(unexpected_marker_is_seen),
		cmocka_unit_test(page_not_dropped_is_seen),
		cmocka_unit_test(live_page_not_dropped_is_seen),
		cmocka_unit_test(empty_region_is_seen),
		cmocka_unit_test(lost_reference_is_seen),
		cmocka_unit_test(contents_are_seen),
		cmocka_unit_test(file_contents_are_seen),
		cmocka_unit_test(private_contents_are_seen),
		cmocka_unit_test(lost_write_is_seen),
	};

	return cmocka_run_group_tests(tests, load_layouts, free_layouts);
}
