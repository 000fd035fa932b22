/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cow_after_fork.c - first writes to pages that a child shares; each worker a process of its own. */
#include "workloads/lib/process.h"

#include <errno.h>

#define BEFORE	1	/* when a page was written: before the fork, or after it */
#define AFTER	2

static unsigned long region(const struct worker *worker)
{
	return space_region(space_of(worker), 0);
}

/* The last child's pages are the next copies. */
static void prepare(struct worker *worker)
{
	process_exit(worker);
	process_write(worker, space_mm(worker), region(worker), space_of(worker)->pages, BEFORE);
	worker->data = process_fork(worker);
}

static int64_t copy(struct worker *worker)
{
	struct space *space = space_of(worker);
	int64_t done = process_write(worker, space_mm(worker), region(worker), space->pages, AFTER);
	int err;

	if (done < 0)
		return done;
	err = process_expect(worker, worker->data, region(worker), space->pages, BEFORE);
	return err ? err : done;
}

/* The host backs the copies' frames too before the first of them is timed. */
static int open_process(struct worker *worker)
{
	int64_t done;

	prepare(worker);
	done = copy(worker);
	return done < 0 ? (int)done : 0;
}

WORKLOAD(cow_after_fork,
	.what = "first write to each page of a populated VMA after a fork, the child there; each worker its own mm",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "copy", copy, prepare } },
	.nr_axes = 1,
	.axes = { FORK_AXIS },
	.setup = space_open_processes,
	.worker_setup = open_process,
	.worker_teardown = process_exit,
	.check = space_check,
	.teardown = space_close)
