/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap_spread.c - pages apart zapped at once: most slots of each table are empty. */
#include "workloads/lib/space.h"

static int setup(struct workload_run *run)
{
	return space_open(run, run->threads, (unsigned long)(run->choice[0] * run->choice[1]));
}

static void prepare(struct worker *worker)
{
	space_touch(worker, space_region(space_of(worker), worker->index), (unsigned long)worker->run->choice[0],
		    (unsigned long)worker->run->choice[1] << PAGE_SHIFT);
}

static int64_t zap(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = space_drop(worker, space_region(space, worker->index), space->pages, PAGE_SIZE);

	return err ? err : worker->run->choice[0];
}

WORKLOAD(zap_spread,
	.what = "MADV_DONTNEED over a VMA with one page in so many; each worker its own, no table shared",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "zap", zap, prepare } },
	.nr_axes = 2,
	.axes = { FEW_PAGES_AXIS, EVERY_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
