/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install_half.c - markers into tables with every other slot taken: what is there was there first. */
#include "workloads/lib/install.h"

static int setup(struct workload_run *run)
{
	return space_open_zero(run, (unsigned long)run->choice[0], 2);
}

static int64_t install(struct worker *worker)
{
	return install_region(worker, space_of(worker)->pages / 2);
}

WORKLOAD(install_half,
	.what = "walk tables with every other slot taken, a marker into the rest; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "install", install, install_undo } },
	.nr_axes = 1,
	.axes = { LIVE_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
