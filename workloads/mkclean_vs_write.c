/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkclean_vs_write.c - a file written back while others write to it: each round takes the right to write from all
 * entries, so every page faults again before its next write.
 *
 * Each writer writes to pages of its own, counting. Once all is done and written back a last time, the device holds
 * the last count of each.
 */
#include "workloads/lib/file_space.h"

#include <errno.h>
#include <sys/mman.h>

#define FILE_PAGES	64ul

enum { WRITER, CLEANER };

static uint32_t counts[FILE_PAGES];	/* (T) the writer's of that page; the check's when all are gone */

static int setup(struct workload_run *run)
{
	int err = file_space_open(run, 1, FILE_PAGES, FILE_PAGES, 0);

	for (unsigned long i = 0; i < FILE_PAGES; i++)
		counts[i] = 0;
	if (!err)
		err = file_space_map(run->data, 0, MAP_SHARED, 0);
	if (err)
		space_close(run);
	return err;
}

/* A fault, then the write, unless the page was cleaned in between. */
static int write_one(struct worker *worker, unsigned long page)
{
	struct space *space = space_of(worker);
	uint64_t mark = file_space_mark(space, 0, page, ++counts[page]);
	int err;

	do {
		err = space_fault(space, space->mm, space_region(space, 0) + (page << PAGE_SHIFT), FAULT_FLAG_WRITE);
		if (!err && worker->run->checking)
			err = file_space_access(space, 0, page, mark);
	} while (err == -EAGAIN);
	return err ? space_fail(space, err, "page %lu of the file could not be written to: %d", page, err) : 0;
}

static int64_t write_all(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);
	int64_t done = 0;

	for (unsigned long page = worker->role_index; !err && page < FILE_PAGES; page += worker->role_count, done++)
		err = write_one(worker, page);
	return err ? err : done;
}

static int64_t clean(struct worker *worker)
{
	filemap_writeback(space_of(worker)->file);
	return FILE_PAGES;
}

static int check(struct workload_run *run)
{
	struct space *space = run->data;
	int err = space_check(run);

	filemap_writeback(space->file);
	for (unsigned long i = 0; run->checking && machine.payload && !err && i < FILE_PAGES; i++)
		if (counts[i] && space->file->device[i] != file_space_mark(space, 0, i, counts[i]))
			err = space_fail(space, -EUCLEAN, "page %lu was written %u times, and the device lost the last",
					 i, counts[i]);
	return err;
}

WORKLOAD(mkclean_vs_write,
	.what = "half of the workers: write faults on pages of a shared mapping; the others: write the file back, "
		"cleaning entries",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [WRITER] = { "writer", write_all, NULL }, [CLEANER] = { "cleaner", clean, NULL } },
	.setup = setup,
	.check = check,
	.teardown = space_close)
