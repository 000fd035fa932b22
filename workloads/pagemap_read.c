/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagemap_read.c - what each page of populated memory is mapped to, as tools read it from /proc/PID/pagemap: a word
 * each.
 */
#include "workloads/lib/space_calls.h"

#include <errno.h>
#include <string.h>

#define CHUNK	512ul	/* words read at once; whole chunks make up a region */

static int setup(struct workload_run *run)
{
	int err = space_open_memory(run);
	const struct space *space = run->data;

	if (err || !space_is_live(space) || space->pagemap > 0)
		return err;
	space_close(run);
	return workload_skip(run, "no /proc/self/pagemap");
}

static int read_chunk(struct worker *worker, unsigned long addr)
{
	struct space *space = space_of(worker);
	uint64_t map[CHUNK];
	int err = space->calls->pagemap(worker, addr, CHUNK, map);

	if (err)
		return space_fail(space, err, "pagemap at %#lx: %s", addr, strerror(-err));
	for (unsigned long i = worker->run->checking ? 0 : CHUNK - 1; i < CHUNK; i++)
		if (!(map[i] & PM_PRESENT))
			return space_fail(space, -EUCLEAN, "pagemap does not see page %lu from %#lx on", i, addr);
	return 0;
}

static int64_t read_all(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	for (unsigned long page = 0; !err && page < space->pages; page += CHUNK)
		err = read_chunk(worker, space_own(worker) + (page << PAGE_SHIFT));
	return err ? err : (int64_t)space->pages;
}

TWINS(pagemap_read, 0, "the pagemap of a populated VMA, 512 pages a read; each worker its own",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "read", read_all, NULL } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = setup,
	.worker_setup = space_fill_worker,
	.check = space_check,
	.teardown = space_close)
