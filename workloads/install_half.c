/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install_half.c - markers into tables with every other slot taken: what is there was there first. */
#include "workloads/install.h"

static int setup(struct workload_run *run)
{
	int err = space_open(run, run->threads, (unsigned long)run->choice[0]);
	struct space *space = run->data;

	if (err)
		return err;
	for (unsigned int i = 0; !err && i < space->nr; i++)
		err = space_map_zero(space, space_region(space, i), space->pages / 2, 2 * PAGE_SIZE);
	if (err)
		space_close(run);
	return err;
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
