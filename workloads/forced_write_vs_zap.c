/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forced_write_vs_zap.c - writes to a private, read-only mapping of a file, as by a debugger, while others empty it and
 * read it: each write goes to a copy, and the file, which a second region maps shared, keeps its contents.
 */
#include "workloads/lib/file_space.h"

#include <errno.h>
#include <sys/mman.h>

#define PAGES	32ul

enum { WRITER, ZAPPER };
enum { SHARED, PRIVATE };	/* regions */

static int setup(struct workload_run *run)
{
	int err = file_space_open(run, 2, PAGES, PAGES, 0);
	struct space *space = run->data;

	if (err)
		return err;
	err = file_space_map(space, SHARED, MAP_SHARED, 0);
	if (!err)
		err = file_space_map(space, PRIVATE, MAP_PRIVATE, 0);
	if (!err)
		err = sys_mprotect(space->mm, space_region(space, PRIVATE), PAGES << PAGE_SHIFT, PROT_READ);
	if (err)
		space_close(run);
	return err;
}

/* A read of the page through @region finds what the file, or that region, may hold. */
static int look(struct space *space, unsigned int region, unsigned long page)
{
	unsigned long addr = space_region(space, region) + (page << PAGE_SHIFT);
	int err = space_fault(space, space->mm, addr, 0);

	if (!err && space->run->checking)
		err = file_space_access(space, region, page, 0);
	return err == -ENOENT ? 0 : err;
}

static int64_t write_by_force(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	for (unsigned long i = 0; !err && i < PAGES; i++) {
		unsigned long addr = space_region(space, PRIVATE) + (i << PAGE_SHIFT);
		uint64_t mark = file_space_mark(space, PRIVATE, i, worker->index + 1);
		long done = access_remote_vm(space->mm, addr, &mark, sizeof(mark), FOLL_WRITE | FOLL_FORCE);

		if (done != sizeof(mark))
			err = space_fail(space, -ENOMEM, "a forced write at %#lx copied %ld bytes", addr, done);
		else
			err = look(space, SHARED, i);
	}
	return err ? err : (int64_t)PAGES;
}

static int64_t zap(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	for (unsigned long i = 0; !err && i < PAGES; i++) {
		unsigned long page = rng_below(&worker->rng, PAGES);

		err = sys_madvise(space->mm, space_region(space, PRIVATE) + (page << PAGE_SHIFT), PAGE_SIZE,
				  MADV_DONTNEED);
		if (!err && i % 2)
			err = look(space, PRIVATE, page);
	}
	return err ? err : (int64_t)PAGES;
}

WORKLOAD(forced_write_vs_zap,
	.what = "half of the workers: forced writes to a private, read-only mapping of a file; the others: "
		"MADV_DONTNEED and reads",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [WRITER] = { "writer", write_by_force, NULL }, [ZAPPER] = { "zapper", zap, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
