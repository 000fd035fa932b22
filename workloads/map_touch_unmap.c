/* SPDX-License-Identifier: GPL-2.0-or-later */
/* map_touch_unmap.c - the life of small mappings, from mmap to munmap, all workers in one mm. */
#include "workloads/lib/space_calls.h"

#define OP_MAPPINGS	64

static int64_t map_touch_unmap(struct worker *worker)
{
	return space_map_unmap(worker, OP_MAPPINGS, (unsigned long)worker->run->choice[0], true);
}

TWINS(map_touch_unmap, WORKLOAD_PAYLOAD, "map some pages, write to each, unmap them; all workers in one mm",
	.item = "mapping",
	.nr_roles = 1,
	.roles = { { "map", map_touch_unmap, NULL } },
	.nr_axes = 1,
	.axes = { { "pages", 2, { 1, 16 } } },
	.setup = space_open_mm,
	.check = space_check,
	.teardown = space_close)
