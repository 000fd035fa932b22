/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_file_fault.c - the live kernel's faults on a file in memory, mapped shared: what file_fault_shared is compared
 * with. A read maps up to sixteen pages, a write one.
 */
#include "workloads/lib/live.h"

static int64_t touch(struct worker *worker)
{
	const char *memory = worker->data;

	if (worker->run->choice[1])
		host_touch(worker->data, live_size(worker));
	for (size_t at = 0; !worker->run->choice[1] && at < live_size(worker); at += FRAME_SIZE)
		(void)load_relaxed(&memory[at]);
	return worker->run->choice[0];
}

WORKLOAD(live_file_fault,
	.what = "live kernel: first access to each page of a shared mapping of a memfd, in memory already; each worker "
		"its own",
	.item = "page",
	.twin_of = "file_fault_shared",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "touch", touch, live_drop } },
	.nr_axes = 2,
	.axes = { MEMORY_AXIS, WRITE_AXIS },
	.worker_setup = live_map_memfd,
	.worker_teardown = live_unmap)
