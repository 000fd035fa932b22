/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guard_remove.c - guard markers taken away again: the other half of install_empty. */
#include "workloads/lib/space_calls.h"

static int setup(struct workload_run *run)
{
	return space_open_advised(run, MADV_GUARD_INSTALL, "MADV_GUARD_INSTALL");
}

static void put_guards(struct worker *worker)
{
	space_advise_own(worker, MADV_GUARD_INSTALL);
}

/* While checking, one page is read: a guard left behind would be fatal. */
static int64_t remove_guards(struct worker *worker)
{
	int64_t removed = space_advise_own(worker, MADV_GUARD_REMOVE), read = 1;

	if (removed > 0 && worker->run->checking)
		read = space_access(worker,
				    space_own(worker) + (rng_below(&worker->rng, (uint64_t)removed) << PAGE_SHIFT), 1,
				    PAGE_SIZE, false);
	return read < 0 ? read : removed;
}

TWINS(guard_remove, 0, "MADV_GUARD_REMOVE over a VMA full of guards; each worker its own",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "remove", remove_guards, put_guards } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
