/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork_spread.c - fork of pages apart: as many tables are copied as in a full VMA, or more, for few entries. */
#include "workloads/lib/process.h"

static int setup(struct workload_run *run)
{
	return space_open_populated(run, run->threads, (unsigned long)run->choice[1]);
}

static unsigned long page(const struct worker *worker, int64_t i)
{
	return space_region(space_of(worker), 0) + ((unsigned long)(i * worker->run->choice[1]) << PAGE_SHIFT);
}

static void prepare(struct worker *worker)
{
	int64_t done = 1;

	process_exit(worker);
	for (int64_t i = 0; done > 0 && i < worker->run->choice[0]; i++)
		done = process_write(worker, space_mm(worker), page(worker, i), 1, 1);
}

static int64_t fork_once(struct worker *worker)
{
	int err = 0;

	worker->data = process_fork(worker);
	if (!worker->data)
		return space_of(worker)->error;
	for (int64_t i = 0; worker->run->checking && !err && i < worker->run->choice[0]; i++)
		err = process_expect(worker, worker->data, page(worker, i), 1, 1);
	return err ? err : worker->run->choice[0];
}

WORKLOAD(fork_spread,
	.what = "fork of a VMA with one page in so many, written since the last one; each worker its own mm",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fork", fork_once, prepare } },
	.nr_axes = 2,
	.axes = { FEW_PAGES_AXIS, EVERY_AXIS },
	.setup = setup,
	.worker_teardown = process_exit,
	.check = space_check,
	.teardown = space_close)
