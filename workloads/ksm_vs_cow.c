/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm_vs_cow.c - equal pages of one mm that KSM merges, while their owners write to them: each write copies a page. */
#include <sys/mman.h>

#include "workloads/lib/space.h"

enum { WRITER, MERGER };

static int setup(struct workload_run *run)
{
	int err = space_open_memory(run);
	struct space *space = run->data;

	for (unsigned int i = 0; !err && i < space->nr; i++)
		err = sys_madvise(space->mm, space_region(space, i), space->pages << PAGE_SHIFT, MADV_MERGEABLE);
	if (err)
		space_close(run);
	return err;
}

static int64_t write_own(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	if (!err)
		err = space_populate(space, space->mm, space_region(space, worker->index), space->pages, PAGE_SIZE);
	return err ? err : (int64_t)space->pages;
}

/* On from where the last scan stopped. */
static int64_t merge(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	if (!err)
		ksm_scan(space->mm, space->pages);
	return err ? err : (int64_t)space->pages;
}

WORKLOAD(ksm_vs_cow,
	.what = "half of the workers: write to equal pages of their own; the others: visit all pages and merge them",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [WRITER] = { "writer", write_own, NULL }, [MERGER] = { "merger", merge, NULL } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
