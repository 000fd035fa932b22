/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_mincore.c - the live kernel's walk over full tables: what walk_tables is compared with. */
#include "workloads/live.h"

#include <errno.h>
#include <sys/mman.h>

static int setup(struct worker *worker)
{
	int err = live_map(worker);

	if (!err)
		live_populate(worker);
	return err;
}

static int64_t ask(struct worker *worker)
{
	static _Thread_local unsigned char vec[LIVE_PAGES];

	return mincore(worker->data, live_size(worker), vec) ? -errno : worker->run->choice[0];
}

WORKLOAD(live_mincore,
	.what = "live kernel: mincore() over a populated VMA; each worker its own",
	.item = "PTE",
	.twin_of = "walk_tables",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "ask", ask, NULL } },
	.nr_axes = 1,
	.axes = { LIVE_AXIS },
	.worker_setup = setup,
	.worker_teardown = live_unmap)
