/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pageout_file.c - clean pages of a mapped file reclaimed: each is unmapped, removed from its file and freed. Reading
 * them in again is not measured.
 */
#include "workloads/lib/space_calls.h"

#include <errno.h>
#include <string.h>

static void read_own(struct worker *worker)
{
	space_access(worker, space_own(worker), space_of(worker)->pages, PAGE_SIZE, false);
}

/* No other thread uses them, so none is left. The live kernel keeps some, for instance those that it has just read. */
static int expect_none(struct worker *worker)
{
	unsigned char vec[LIVE_PAGES];
	struct space *space = space_of(worker);
	int err = space->calls->mincore(worker, space_own(worker), space->pages << PAGE_SHIFT, vec);

	for (unsigned long i = 0; !err && i < space->pages; i++)
		if (vec[i] & 1)
			return space_fail(space, -EUCLEAN, "page %lu was paged out, and is in memory", i);
	return err;
}

static int64_t page_out(struct worker *worker)
{
	int64_t done = space_advise_own(worker, MADV_PAGEOUT);

	if (done > 0 && worker->run->checking && !space_is_live(space_of(worker)) && expect_none(worker))
		return -EUCLEAN;
	return done;
}

static int setup(struct workload_run *run)
{
	const bool live = run->workload->flags & WORKLOAD_LIVE;
	int err = space_open_disk_files(run, (unsigned long)run->choice[0]);

	return err && live ? workload_skip(run, "a file in /var/tmp: %s", strerror(-err)) : err;
}

TWINS(pageout_file, WORKLOAD_PAYLOAD,
	"MADV_PAGEOUT of a file's clean pages, all mapped shared; each worker its own",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "reclaim", page_out, read_own } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = setup,
	.worker_setup = space_map_own_file,
	.check = space_check,
	.teardown = space_close)
