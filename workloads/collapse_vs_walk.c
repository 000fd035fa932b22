/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse_vs_walk.c - walks over all of an mm, some of which split what they go below, while others write to small
 * pages in their parts of it, put them into huge pages, and drop them.
 */
#include "workloads/lib/contents.h"
#include "workloads/lib/count.h"

#include <errno.h>

#define REGION_PAGES	(2 * TABLE_PAGES)

static int setup(struct workload_run *run)
{
	run->policy.thp = THP_NEVER;	/* faults map what is then put together */
	return THP_POSSIBLE ? space_open_warm(run, run->threads, REGION_PAGES) : -EOPNOTSUPP;
}

/*
 * What each page holds, before; and whether it is the same, after. Returns the number of pages that differ, or are not
 * there.
 */
static unsigned long compare(struct worker *worker, unsigned long start, uint64_t *marks, bool before)
{
	unsigned long differ = 0;

	for (unsigned long i = 0; worker->run->checking && i < REGION_PAGES; i++) {
		uint64_t mark = 0;

		differ += contents_read(space_mm(worker), start + (i << PAGE_SHIFT), before ? &marks[i] : &mark) != 0;
		differ += !before && mark != marks[i];
	}
	return differ;
}

static int64_t write_and_collapse(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, worker->index);
	int64_t pages = space_touch(worker, start, REGION_PAGES, PAGE_SIZE);
	uint64_t marks[REGION_PAGES];
	int err;

	if (pages < 0)
		return pages;
	if (compare(worker, start, marks, true))
		return space_fail(space, -EUCLEAN, "pages at %#lx are gone", start);
	err = sys_madvise(space->mm, start, REGION_PAGES << PAGE_SHIFT, MADV_COLLAPSE);
	if (err)
		return space_fail(space, err, "MADV_COLLAPSE at %#lx failed", start);
	if (compare(worker, start, marks, false))
		return space_fail(space, -EUCLEAN, "pages at %#lx are not what they were before they were put together",
				  start);
	err = space_drop(worker, start, REGION_PAGES, PAGE_SIZE);
	return err ? err : pages;
}

WORKLOAD(collapse_vs_walk,
	.what = "half of the workers: walk all VMAs; the others: write to small pages of their own, MADV_COLLAPSE, and "
		"zap",
	.item = "PTE",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { { "walker", count_or_split_regions, NULL }, { "collapser", write_and_collapse, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
