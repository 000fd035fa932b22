/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork_exit.c - fork for a child that does nothing, as before an exec; each worker a process of its own. */
#include "workloads/lib/process.h"

static unsigned long region(const struct worker *worker)
{
	return space_region(space_of(worker), 0);
}

static void prepare(struct worker *worker)
{
	process_exit(worker);
	process_write(worker, space_mm(worker), region(worker), space_of(worker)->pages, 1);
}

static int64_t fork_once(struct worker *worker)
{
	struct space *space = space_of(worker);
	struct mm_struct *child = process_fork(worker);
	int err;

	if (!child)
		return space->error;
	worker->data = child;
	err = process_expect(worker, child, region(worker), space->pages, 1);
	if (worker->run->choice[1])
		process_exit(worker);
	return err ? err : (int64_t)space->pages;
}

WORKLOAD(fork_exit,
	.what = "fork of a populated VMA, written since the last one; exit:1 counts the child's end too; each worker "
		"its own mm",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fork", fork_once, prepare } },
	.nr_axes = 2,
	.axes = { FORK_AXIS, EXIT_AXIS },
	.setup = space_open_processes,
	.worker_teardown = process_exit,
	.check = space_check,
	.teardown = space_close)
