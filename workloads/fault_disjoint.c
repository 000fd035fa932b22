/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault_disjoint.c - first writes to pages, with nothing shared but the mm: each worker its own VMA and its own tables.
 */
#include "workloads/lib/space.h"

static int64_t fault(struct worker *worker)
{
	return space_touch_own(worker, PAGE_SIZE);
}

WORKLOAD(fault_disjoint,
	.what = "first write to each page of an empty VMA; each worker its own, no table shared",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fault", fault, space_drop_own } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = space_open_memory,
	.check = space_check,
	.teardown = space_close)
