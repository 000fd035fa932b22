/* SPDX-License-Identifier: GPL-2.0-or-later */
/* munmap_populated.c - populated memory unmapped at once: VMA, frames and tables go. */
#include "workloads/lib/space_calls.h"

static int leave(struct worker *worker)
{
	return space_munmap(worker, space_own(worker), space_of(worker)->pages);
}

static void map_and_fill(struct worker *worker)
{
	struct space *space = space_of(worker);

	if (space_mmap(worker, space_own(worker), space->pages, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE) > 0)
		space_touch(worker, space_own(worker), space->pages, PAGE_SIZE);
}

static int64_t unmap(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);

	if (!err)
		err = leave(worker);
	return err ? err : (int64_t)space_of(worker)->pages;
}

TWINS(munmap_populated, WORKLOAD_PAYLOAD, "munmap() of a populated VMA; each worker its own, no table shared",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "unmap", unmap, map_and_fill } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = space_open_memory,
	.worker_setup = leave,
	.check = space_check,
	.teardown = space_close)
