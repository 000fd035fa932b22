/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap_move.c - populated memory moved there and back: to a place that is aligned alike, so that whole page tables
 * may go, or one that is shifted by a page, so that each entry goes by itself.
 */
#include "workloads/lib/space_calls.h"

static int setup(struct workload_run *run)
{
	return space_open_warm(run, 2 * run->threads, (unsigned long)run->choice[0]);
}

static int64_t move(struct worker *worker)
{
	struct space *space = space_of(worker);
	const unsigned long home = space_own(worker), shift = (unsigned long)worker->run->choice[1] << PAGE_SHIFT;
	const unsigned long away = space_region(space, worker->run->threads + worker->index) + shift;
	int err = space_mremap(worker, home, space->pages, away);

	if (!err)
		err = space_mremap(worker, away, space->pages, home);
	return err ? err : (int64_t)(2 * space->pages);
}

TWINS(mremap_move, 0, "mremap() of a populated VMA to another place and back; each worker its own",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "move", move, NULL } },
	.nr_axes = 2,
	.axes = { FEW_PAGES_AXIS, { "shift", 2, { 0, 1 } } },
	.setup = setup,
	.worker_setup = space_fill_worker,
	.check = space_check,
	.teardown = space_close)
