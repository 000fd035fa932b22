/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limit_callback.c - what a walk over full tables cannot beat: its callback over a flat array of entries. */
#include "workloads/lib/count.h"
#include "workloads/lib/flat.h"

static int64_t call(struct worker *worker)
{
	pte_t *entries = worker->data;
	struct count count = { 0 };
	struct mm_walk walk = { .ops = &count_entries, .private = &count };
	int (*pte_entry)(pte_t *, unsigned long, unsigned long, struct mm_walk *) = walk.ops->pte_entry;
	unsigned long end = (unsigned long)worker->run->choice[0] << PAGE_SHIFT;
	int err = 0;

#pragma GCC unroll 4	/* as the walker's own loop: else taken branches are what is measured */
	for (unsigned long addr = 0; !err && addr < end; addr += PAGE_SIZE)
		err = pte_entry(entries++, addr, addr + PAGE_SIZE, &walk);
	return err ? err : (int64_t)count.present;
}

WORKLOAD(limit_callback,
	.what = "the callback over a flat array of entries: bounds walk_dense",
	.item = "PTE",
	.flags = WORKLOAD_LIMIT,
	.nr_roles = 1,
	.roles = { { "call", call, NULL } },
	.nr_axes = 1,
	.axes = { TABLES_AXIS },
	.worker_setup = flat_fill,
	.worker_teardown = flat_free)
