/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate_mapped.c - a file truncated while all of it is mapped: its pages are unmapped and freed. */
#include "workloads/lib/space_calls.h"

#include <string.h>

static int resize(struct worker *worker, unsigned long pages)
{
	int err = space_of(worker)->calls->ftruncate(worker, pages);

	return err ? space_fail(space_of(worker), err, "ftruncate: %s", strerror(-err)) : 0;
}

/* It is as long as before afterwards, and empty. */
static int64_t cut(struct worker *worker)
{
	const unsigned long pages = space_of(worker)->pages;
	int err = load_relaxed(&space_of(worker)->error);

	if (!err)
		err = resize(worker, 0);
	if (!err)
		err = resize(worker, pages);
	return err ? err : (int64_t)pages;
}

static int setup(struct workload_run *run)
{
	return space_open_files(run, (unsigned long)run->choice[0]);
}

TWINS(truncate_mapped, WORKLOAD_PAYLOAD, "ftruncate() of a file whose pages are all mapped shared; each worker its own",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "truncate", cut, space_fill_own } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = setup,
	.worker_setup = space_map_own_file,
	.check = space_check,
	.teardown = space_close)
