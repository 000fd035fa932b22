/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_vs_fault.c - walks over all of an mm while others populate and empty their parts of it. */
#include "workloads/lib/count.h"

#define REGION_PAGES	2048ul

static int setup(struct workload_run *run)
{
	return space_open_warm(run, run->threads, REGION_PAGES);
}

/* Returns what was looked at: slots, and the more holes instead the less is mapped. */
static int64_t walk(struct worker *worker)
{
	struct count count = { 0 };
	int err = count_regions(space_of(worker), &count_all, &count);

	return err ? err : (int64_t)(count.slots + count.holes + count.gaps);
}

static int64_t fault_and_zap(struct worker *worker)
{
	unsigned long start = space_region(space_of(worker), worker->index);
	int64_t pages = space_touch(worker, start, REGION_PAGES, PAGE_SIZE);
	int err = space_drop(worker, start, REGION_PAGES, PAGE_SIZE);

	return err ? err : pages;
}

WORKLOAD(walk_vs_fault,
	.what = "half of the workers: walk all VMAs; the others: first write to each page of their own, and zap",
	.item = "PTE",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { { "walker", walk, NULL }, { "faulter", fault_and_zap, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
