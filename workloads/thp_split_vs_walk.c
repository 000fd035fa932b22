/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thp_split_vs_walk.c - walks over all of an mm, some of which split what they go below, while others map huge pages in
 * their parts of it, split each by dropping a page of it, and drop the rest.
 */
#include "workloads/lib/count.h"
#include "workloads/lib/thp_space.h"

#define REGION_PAGES	(4 * TABLE_PAGES)

static int open_regions(struct workload_run *run)
{
	return space_open_warm(run, run->threads, REGION_PAGES);
}

static int setup(struct workload_run *run)
{
	return thp_space_open(run, open_regions);
}

static int64_t map_and_split(struct worker *worker)
{
	unsigned long start = space_region(space_of(worker), worker->index);
	int64_t huge = space_touch(worker, start, REGION_PAGES / HPAGE_PMD_NR, PMD_SIZE);
	int err = huge < 0 ? (int)huge : space_drop(worker, start + PAGE_SIZE, REGION_PAGES / HPAGE_PMD_NR, PMD_SIZE);

	if (!err)
		err = space_drop(worker, start, REGION_PAGES, PAGE_SIZE);
	return err ? err : (int64_t)REGION_PAGES;
}

/* What the last look at dropped pages mapped. */
static void prepare(struct worker *worker)
{
	struct space *space = space_of(worker);

	if (worker->run->checking)
		sys_madvise(space->mm, space_region(space, worker->index), REGION_PAGES << PAGE_SHIFT, MADV_DONTNEED);
}

WORKLOAD(thp_split_vs_walk,
	.what = "half of the workers: walk all VMAs; the others: map huge pages of their own, split and drop them",
	.item = "PTE",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { { "walker", count_or_split_regions, NULL }, { "splitter", map_and_split, prepare } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
