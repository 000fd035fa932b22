/* SPDX-License-Identifier: GPL-2.0-or-later */
/* populate.c - pages populated by one call, without a fault for each: writable pages, or the zero page. */
#include "workloads/lib/space_calls.h"

static int open_write(struct workload_run *run)
{
	return space_open_advised(run, MADV_POPULATE_WRITE, "MADV_POPULATE_WRITE");
}

static int64_t populate_write(struct worker *worker)
{
	return space_advise_own(worker, MADV_POPULATE_WRITE);
}

static int open_read(struct workload_run *run)
{
	return space_open_advised(run, MADV_POPULATE_READ, "MADV_POPULATE_READ");
}

static int64_t populate_read(struct worker *worker)
{
	return space_advise_own(worker, MADV_POPULATE_READ);
}

TWINS(populate_write, WORKLOAD_PAYLOAD, "MADV_POPULATE_WRITE over an empty VMA; each worker its own",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "populate", populate_write, space_drop_own } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = open_write,
	.check = space_check,
	.teardown = space_close)

TWINS(populate_read, 0, "MADV_POPULATE_READ over an empty VMA; each worker its own",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "populate", populate_read, space_drop_own } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = open_read,
	.check = space_check,
	.teardown = space_close)
