/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_writers.c - workers that write to pages of their own of one file, mapped shared. */
#include "workloads/lib/file_writers.h"

#include <errno.h>
#include <sys/mman.h>

static uint32_t counts[WRITERS_PAGES];	/* (T) the writer's of that page; the check's once all have ended */

int file_writers_open(struct workload_run *run)
{
	int err = file_space_open(run, 1, WRITERS_PAGES, WRITERS_PAGES, 0);
	struct space *space = run->data;

	for (unsigned long i = 0; i < WRITERS_PAGES; i++)
		counts[i] = 0;
	if (err)
		return err;
	err = file_space_map(space, 0, MAP_SHARED, 0);
	if (!err)
		err = space_populate(space, space->mm, space_region(space, 0), WRITERS_PAGES, PAGE_SIZE);
	if (err)
		space_close(run);
	return err;
}

/* A fault, then the write, unless the page was cleaned or taken away in between. */
static int write_by_entry(struct worker *worker, unsigned long page, uint64_t mark)
{
	struct space *space = space_of(worker);
	int err;

	do {
		err = space_use(space, space->mm, space_region(space, 0) + (page << PAGE_SHIFT), FAULT_FLAG_WRITE);
		if (!err && worker->run->checking)
			err = file_space_access(space, 0, page, mark);
	} while (err == -EAGAIN || err == -ENOENT);
	return err;
}

int64_t file_writers_write(struct worker *worker, bool pin)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);
	int64_t done = 0;

	for (unsigned long page = worker->role_index; !err && page < WRITERS_PAGES; page += worker->role_count) {
		uint64_t mark = file_space_mark(space, 0, page, ++counts[page]);

		err = pin ? file_space_access_pinned(space, 0, page, mark) : write_by_entry(worker, page, mark);
		if (err)
			space_fail(space, err, "page %lu of the file could not be written to: %d", page, err);
		done++;
	}
	return err ? err : done;
}

struct folio *file_writers_any(struct worker *worker)
{
	return filemap_get_folio(&space_of(worker)->file->mapping, rng_below(&worker->rng, WRITERS_PAGES));
}

int file_writers_check(struct workload_run *run)
{
	struct space *space = run->data;
	int err = space_check(run);

	filemap_writeback(space->file);
	for (unsigned long i = 0; run->checking && machine.payload && !err && i < WRITERS_PAGES; i++)
		if (counts[i] && space->file->device[i] != file_space_mark(space, 0, i, counts[i]))
			err = space_fail(space, -EUCLEAN, "page %lu was written %u times, and the device lost the last",
					 i, counts[i]);
	return err;
}
