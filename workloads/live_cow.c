/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_cow.c - the live kernel's copies of pages that a child shares: what cow_after_fork is compared with. */
#include "workloads/lib/live_process.h"

#include <errno.h>

/* The child's copies of the last round come back as this round's pages: the host has backed them. */
static void prepare(struct worker *worker)
{
	live_kill(worker);
	live_write(worker);
	live_fork(worker, true);
}

static int64_t copy(struct worker *worker)
{
	const struct live_process *process = worker->data;

	if (!process->child)
		return -EAGAIN;
	live_write(worker);
	return worker->run->choice[0];
}

static int open_process(struct worker *worker)
{
	int err = live_process_open(worker);

	if (!err) {
		prepare(worker);
		live_write(worker);
	}
	return err;
}

WORKLOAD(live_cow,
	.what = "live kernel: first write to each page of a populated VMA after a fork, the child there; all workers "
		"in one mm",
	.item = "page",
	.twin_of = "cow_after_fork",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "copy", copy, prepare } },
	.nr_axes = 1,
	.axes = { FORK_AXIS },
	.setup = live_process_setup,
	.worker_setup = open_process,
	.worker_teardown = live_process_close,
	.teardown = live_process_teardown)
