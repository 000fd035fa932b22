/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_fault_private.c - faults where a file is mapped private: all workers want the same pages of it, each through a
 * mapping of its own; who writes gets a copy.
 */
#include "workloads/lib/file_space.h"

#include <sys/mman.h>

static int setup(struct workload_run *run)
{
	return file_space_open_warm(run, MAP_PRIVATE);
}

WORKLOAD(file_fault_private,
	.what = "first access to each page of a private mapping, in memory already; all workers map the same file",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fault", file_space_touch, file_space_drop } },
	.nr_axes = 2,
	.axes = { MEMORY_AXIS, WRITE_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
