/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mincore.c - which pages of populated memory are there: mincore() walks full tables for a byte each. */
#include "workloads/lib/space_calls.h"

#include <errno.h>
#include <string.h>

static int64_t ask(struct worker *worker)
{
	unsigned char vec[LIVE_PAGES];
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	if (!err)
		err = space->calls->mincore(worker, space_own(worker), space->pages << PAGE_SHIFT, vec);
	if (err)
		return space_fail(space, err, "mincore: %s", strerror(-err));
	for (unsigned long i = worker->run->checking ? 0 : space->pages - 1; i < space->pages; i++)
		if (!(vec[i] & 1))
			return space_fail(space, -EUCLEAN, "mincore does not see page %lu", i);
	return (int64_t)space->pages;
}

TWINS(mincore, 0, "mincore() over a populated VMA; each worker its own",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "ask", ask, NULL } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = space_open_memory,
	.worker_setup = space_fill_worker,
	.check = space_check,
	.teardown = space_close)
