/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_fault_private.c - faults where a file is mapped private: all workers want the same pages of it, each through a mapping of
 * its own; who writes gets a copy.
 */
#include "workloads/file_space.h"

#include <sys/mman.h>

static int setup(struct workload_run *run)
{
	unsigned long pages = (unsigned long)run->choice[0];
	int err = file_space_open(run, run->threads, pages, pages);

	for (unsigned int i = 0; !err && i < run->threads; i++)
		err = file_space_map(run->data, i, MAP_PRIVATE, 0);
	if (!err)
		err = file_space_warm(run->data);
	if (err)
		space_close(run);
	return err;
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
