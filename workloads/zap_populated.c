/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap_populated.c - populated memory emptied at once, frames given back; each worker its own VMA. */
#include "workloads/lib/space.h"

static unsigned long region(const struct worker *worker)
{
	return space_region(space_of(worker), worker->index);
}

static void prepare(struct worker *worker)
{
	space_touch(worker, region(worker), space_of(worker)->pages, PAGE_SIZE);
}

static int64_t zap(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = space_drop(worker, region(worker), space->pages, PAGE_SIZE);

	return err ? err : (int64_t)space->pages;
}

WORKLOAD(zap_populated,
	.what = "MADV_DONTNEED over a populated VMA; each worker its own, no table shared",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "zap", zap, prepare } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = space_open_memory,
	.check = space_check,
	.teardown = space_close)
