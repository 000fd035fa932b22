/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_vs_map.c - first writes to pages while one thread keeps changing the address space elsewhere. */
#include "workloads/lib/space_calls.h"

#define REGION_PAGES	2048ul
#define MAPPED_PAGES	16ul
#define OP_MAPPINGS	64

enum { FAULTER, MAPPER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index == threads - 1 ? MAPPER : FAULTER;
}

static int setup(struct workload_run *run)
{
	return space_open_warm(run, run->threads, REGION_PAGES);
}

static unsigned long region(const struct worker *worker)
{
	return space_region(space_of(worker), worker->index);
}

static void prepare(struct worker *worker)
{
	space_drop(worker, region(worker), REGION_PAGES, PAGE_SIZE);
}

static int64_t fault(struct worker *worker)
{
	return space_touch(worker, region(worker), REGION_PAGES, PAGE_SIZE);
}

static int64_t map_unmap(struct worker *worker)
{
	return space_map_unmap(worker, OP_MAPPINGS, MAPPED_PAGES, false);
}

TWINS(fault_vs_map, WORKLOAD_PAYLOAD,
	"all but one: first write to each page of one's own VMA; the last: map and unmap elsewhere",
	.item = "page",
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FAULTER] = { "faulter", fault, prepare }, [MAPPER] = { "mapper", map_unmap, NULL } },
	.role_of = role_of,
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
