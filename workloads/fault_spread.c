/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_spread.c - first writes to pages apart: each table gets few. */
#include "workloads/lib/space.h"

static int setup(struct workload_run *run)
{
	return space_open(run, run->threads, (unsigned long)(run->choice[0] * run->choice[1]));
}

static int64_t fault(struct worker *worker)
{
	return space_touch(worker, space_region(space_of(worker), worker->index),
			   (unsigned long)worker->run->choice[0], (unsigned long)worker->run->choice[1] << PAGE_SHIFT);
}

/* The tables are allocated here, once. */
static int worker_setup(struct worker *worker)
{
	int64_t faults = fault(worker);

	space_drop_own(worker);
	return faults < 0 ? (int)faults : 0;
}

WORKLOAD(fault_spread,
	.what = "first write to one page in so many of an empty VMA; each worker its own, no table shared",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fault", fault, space_drop_own } },
	.nr_axes = 2,
	.axes = { FEW_PAGES_AXIS, EVERY_AXIS },
	.setup = setup,
	.worker_setup = worker_setup,
	.check = space_check,
	.teardown = space_close)
