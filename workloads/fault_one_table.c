/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_one_table.c - first writes to pages of one PTE table: all workers want its lock, and the same lines of it. */
#include "workloads/lib/space_calls.h"

#include <errno.h>

static int setup(struct workload_run *run)
{
	return run->threads <= TABLE_PAGES ? space_open_warm(run, 1, TABLE_PAGES) : -EOPNOTSUPP;
}

/* Every so-many-th page, the worker's number being the first. */
static unsigned long first(const struct worker *worker)
{
	return space_region(space_of(worker), 0) + ((unsigned long)worker->index << PAGE_SHIFT);
}

static unsigned long share(const struct worker *worker)
{
	return TABLE_PAGES / worker->run->threads;
}

static unsigned long step(const struct worker *worker)
{
	return (unsigned long)worker->run->threads << PAGE_SHIFT;
}

static void prepare(struct worker *worker)
{
	space_drop(worker, first(worker), share(worker), step(worker));
}

static int64_t fault(struct worker *worker)
{
	return space_touch(worker, first(worker), share(worker), step(worker));
}

TWINS(fault_one_table, WORKLOAD_PAYLOAD, "first write to pages of one PTE table, all workers in turn over it",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "fault", fault, prepare } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
