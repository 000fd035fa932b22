/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install_empty.c - markers into the slots of empty tables. */
#include "workloads/lib/install.h"

static int setup(struct workload_run *run)
{
	return space_open(run, run->threads, (unsigned long)run->choice[0]);
}

static int64_t install(struct worker *worker)
{
	return install_region(worker, space_of(worker)->pages);
}

/* The tables are allocated here, once. */
static int worker_setup(struct worker *worker)
{
	int64_t installed = install(worker);

	return installed < 0 ? (int)installed : 0;
}

WORKLOAD(install_empty,
	.what = "walk empty tables, a marker into every slot; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "install", install, install_undo } },
	.nr_axes = 1,
	.axes = { TABLES_AXIS },
	.setup = setup,
	.worker_setup = worker_setup,
	.check = space_check,
	.teardown = space_close)
