/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ksm_merge.c - KSM over new pages, all equal. The first visit of a page takes its checksum, the second merges it; one
 * thread visits pages at a time.
 */
#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/space.h"

static unsigned long length(const struct worker *worker)
{
	return space_of(worker)->pages << PAGE_SHIFT;
}

/* New pages, which KSM has not merged. */
static void refill(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, 0);
	int err = sys_madvise(space_mm(worker), start, length(worker), MADV_DONTNEED);

	if (err)
		space_fail(space, err, "MADV_DONTNEED");
	else
		space_populate(space, space_mm(worker), start, space->pages, PAGE_SIZE);
}

static int open_mergeable(struct worker *worker)
{
	return sys_madvise(space_mm(worker), space_region(space_of(worker), 0), length(worker), MADV_MERGEABLE);
}

static int64_t merge(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);
	unsigned long merged = 0;

	for (unsigned int visit = 0; !err && visit < 2; visit++)
		merged += ksm_scan(space_mm(worker), ~0ul);	/* to the end of the mm */
	if (!err && worker->run->checking && merged != space->pages)
		err = space_fail(space, -EUCLEAN, "KSM merged %lu of %lu equal pages", merged, space->pages);
	return err ? err : (int64_t)space->pages;
}

WORKLOAD(ksm_merge,
	.what = "equal pages merged to one by KSM, in two visits of each; each worker an mm of its own",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "merge", merge, refill } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = space_open_processes,
	.worker_setup = open_mergeable,
	.check = space_check,
	.teardown = space_close)
