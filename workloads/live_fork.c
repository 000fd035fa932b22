/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_fork.c - the live kernel's fork of populated memory: what fork_exit is compared with. */
#include "workloads/lib/live_process.h"

static void prepare(struct worker *worker)
{
	live_kill(worker);
	live_write(worker);
}

static int64_t fork_once(struct worker *worker)
{
	const bool exit_too = worker->run->choice[1];
	int err = live_fork(worker, !exit_too);

	if (!err && exit_too)
		live_kill(worker);
	return err ? err : worker->run->choice[0];
}

WORKLOAD(live_fork,
	.what = "live kernel: fork of a populated VMA, written since the last one; exit:1 counts the child's end too; "
		"all workers in one mm",
	.item = "page",
	.twin_of = "fork_exit",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "fork", fork_once, prepare } },
	.nr_axes = 2,
	.axes = { FORK_AXIS, EXIT_AXIS },
	.setup = live_process_setup,
	.worker_setup = live_process_open,
	.worker_teardown = live_process_close,
	.teardown = live_process_teardown)
