/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_half.c - tables with every other slot taken. */
#include "workloads/lib/count.h"

static int setup(struct workload_run *run)
{
	return space_open_zero(run, (unsigned long)run->choice[0], 2);
}

static int64_t walk(struct worker *worker)
{
	return count_region(worker, &count_entries, space_of(worker)->pages / 2);
}

WORKLOAD(walk_half,
	.what = "walk tables with every other slot taken, a callback for each entry; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "walk", walk, NULL } },
	.nr_axes = 1,
	.axes = { LIVE_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
