/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_tables.c - full tables, a whole one at a time: locked once, counted in a loop of its own. */
#include "workloads/lib/count.h"

static int64_t walk(struct worker *worker)
{
	return count_region(worker, &count_tables, space_of(worker)->pages);
}

WORKLOAD(walk_tables,
	.what = "walk full tables, a callback for each table, which counts its entries; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "walk", walk, NULL } },
	.nr_axes = 1,
	.axes = { TABLES_AXIS },
	.setup = space_open_full,
	.check = space_check,
	.teardown = space_close)
