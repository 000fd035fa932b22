/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_fault_shared.c - faults where a file is mapped shared, its pages in memory: each worker its own part of one
 * file.
 */
#include "workloads/lib/file_space.h"

#include <sys/mman.h>

static int setup(struct workload_run *run)
{
	return file_space_open_warm(run, MAP_SHARED);
}

WORKLOAD(file_fault_shared,
	.what = "first access to each page of a shared mapping, in memory already; each worker its own part of one "
		"file",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fault", file_space_touch, file_space_drop } },
	.nr_axes = 2,
	.axes = { MEMORY_AXIS, WRITE_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
