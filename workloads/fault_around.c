/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault_around.c - first reads of the pages of a file in memory, where each fault maps one page, or sixteen: the policy
 * key "around" is what the axis says, whatever the policy.
 */
#include "workloads/lib/file_space.h"

#include <sys/mman.h>

static int setup(struct workload_run *run)
{
	run->policy.around_order = (unsigned int)__builtin_ctzll((unsigned long long)run->choice[1]);
	return file_space_open_warm(run, MAP_SHARED);
}

WORKLOAD(fault_around,
	.what = "first read of each page of a shared mapping, in memory already; a fault maps one page, or up to "
		"sixteen around it",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "read", file_space_read, file_space_drop } },
	.nr_axes = 2,
	.axes = { MEMORY_AXIS, AROUND_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
