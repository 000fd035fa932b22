/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_dense.c - every entry of full tables, one callback each. */
#include "workloads/lib/count.h"

static int64_t walk(struct worker *worker)
{
	return count_region(worker, &count_entries, space_of(worker)->pages);
}

WORKLOAD(walk_dense,
	.what = "walk full tables, a callback for each entry; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "walk", walk, NULL } },
	.nr_axes = 1,
	.axes = { TABLES_AXIS },
	.setup = space_open_full,
	.check = space_check,
	.teardown = space_close)
