/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_sparse.c - tables with one page each: all of every table is looked at for little. */
#include "workloads/lib/count.h"

#define SPARSE_TABLES	1024ul		/* 4 MiB of tables for each worker */

static int setup(struct workload_run *run)
{
	return space_open_zero(run, SPARSE_TABLES * TABLE_PAGES, TABLE_PAGES);
}

static int64_t walk(struct worker *worker)
{
	return count_region(worker, &count_entries, SPARSE_TABLES);
}

WORKLOAD(walk_sparse,
	.what = "walk tables that map one page each, a callback for each entry; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "walk", walk, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
