/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate_vs_fault.c - a file truncated and grown again under faults through a shared and a private mapping of it. */
#include "workloads/lib/file_space.h"

#include <errno.h>
#include <sys/mman.h>

#define FILE_PAGES	64ul
#define OP_FAULTS	64

enum { SHARED, PRIVATE, REGIONS };
enum { FAULTER, TRUNCATOR };

static int setup(struct workload_run *run)
{
	int err = file_space_open(run, REGIONS, FILE_PAGES, FILE_PAGES, 0);

	if (!err)
		err = file_space_map(run->data, SHARED, MAP_SHARED, 0);
	if (!err)
		err = file_space_map(run->data, PRIVATE, MAP_PRIVATE, 0);
	if (err)
		space_close(run);
	return err;
}

static int64_t fault(struct worker *worker)
{
	return file_space_fault_anywhere(worker, OP_FAULTS, true);
}

/* Two truncators: each may find the file truncated already. The result is the maximum of pages truncated here. */
static int64_t cut(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long left = rng_below(&worker->rng, FILE_PAGES);
	int err = load_relaxed(&space->error);

	if (!err)
		err = sys_ftruncate(space->file, left);
	if (!err)
		err = sys_ftruncate(space->file, FILE_PAGES);
	return err ? space_fail(space, err, "the file could not be truncated: %d", err) : (int64_t)(FILE_PAGES - left);
}

WORKLOAD(truncate_vs_fault,
	.what = "half of the workers: faults in a shared and a private mapping; the others: truncate the file, "
		"extend it",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FAULTER] = { "faulter", fault, NULL }, [TRUNCATOR] = { "truncator", cut, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
