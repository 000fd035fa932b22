/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_layout.c - all of a program's address space: its VMAs, what is populated, the gaps, the holes. */
#include "workloads/lib/count.h"
#include "workloads/lib/layout_mm.h"

#include <errno.h>

static int setup(struct workload_run *run)
{
	return layout_space_open(run, 1, LAYOUT_POPULATE);
}

static int64_t walk(struct worker *worker)
{
	struct space *space = space_of(worker);
	struct count count = { 0 };
	int err = space_walk(space->mm, 0, TASK_SIZE, &count_all, &count);

	if (!err && count.present != space->pages)
		err = space_fail(space, -EUCLEAN, "%lu of %lu pages found", count.present, space->pages);
	return err ? err : (int64_t)count.slots;
}

WORKLOAD(walk_layout,
	.what = "walk all of a captured address space, gaps and holes included; all workers the same",
	.item = "PTE",
	.flags = WORKLOAD_LAYOUT,
	.nr_roles = 1,
	.roles = { { "walk", walk, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
