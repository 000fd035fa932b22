/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_one_vma.c - first writes to pages of one VMA: each worker its own PTE tables, all of them the VMA's lock. */
#include "workloads/lib/space_calls.h"

#define SLICE_TABLES	4ul	/* for each worker: its pages fill so many tables */
#define SLICE_PAGES	(SLICE_TABLES * TABLE_PAGES)

static int setup(struct workload_run *run)
{
	return space_open_warm(run, 1, run->threads * SLICE_PAGES);
}

static unsigned long slice(const struct worker *worker)
{
	return space_region(space_of(worker), 0) + worker->index * SLICE_TABLES * PMD_SIZE;
}

static void prepare(struct worker *worker)
{
	space_drop(worker, slice(worker), SLICE_PAGES, PAGE_SIZE);
}

static int64_t fault(struct worker *worker)
{
	return space_touch(worker, slice(worker), SLICE_PAGES, PAGE_SIZE);
}

TWINS(fault_one_vma, WORKLOAD_PAYLOAD, "first write to each page of a slice of one VMA; each worker its own PTE tables",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "fault", fault, prepare } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
