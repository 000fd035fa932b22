/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thp_fault.c - first writes that map huge pages, a fault for each: fault_disjoint by 512. */
#include "workloads/lib/thp_space.h"

static int setup(struct workload_run *run)
{
	return thp_space_open(run, space_open_memory);
}

static int64_t fault(struct worker *worker)
{
	return space_touch_own(worker, PMD_SIZE);
}

TWINS(thp_fault, WORKLOAD_PAYLOAD, "first write to each huge page of an empty VMA; each worker its own",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "fault", fault, space_drop_own } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
