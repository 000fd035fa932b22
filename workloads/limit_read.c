/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limit_read.c - what counting whole tables cannot beat: the same count over a flat array of entries. */
#include "workloads/lib/flat.h"

static int64_t read_all(struct worker *worker)
{
	const pte_t *entries = worker->data, *end = entries + worker->run->choice[0];
	int64_t present = 0;

	for (; entries < end; entries += TABLE_PAGES)
		present += pte_table_count_present(entries);
	return present;
}

WORKLOAD(limit_read,
	.what = "count present entries of a flat array: bounds walk_tables",
	.item = "PTE",
	.flags = WORKLOAD_LIMIT,
	.nr_roles = 1,
	.roles = { { "read", read_all, NULL } },
	.nr_axes = 1,
	.axes = { TABLES_AXIS },
	.worker_setup = flat_fill,
	.worker_teardown = flat_free)
