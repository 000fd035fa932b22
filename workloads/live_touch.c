/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_touch.c - the live kernel's first writes to pages: what fault_disjoint is compared with. */
#include "workloads/lib/live.h"

static int64_t touch(struct worker *worker)
{
	host_touch(worker->data, live_size(worker));
	return worker->run->choice[0];
}

WORKLOAD(live_touch,
	.what = "live kernel: first write to each page of an empty VMA; each worker its own",
	.item = "page",
	.twin_of = "fault_disjoint",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "touch", touch, live_empty } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.worker_setup = live_map,
	.worker_teardown = live_unmap)
