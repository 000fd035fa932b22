/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * move_pages.c - populated memory, or a file's pages, moved to the next node, page by page; with one node all pages are
 * found where they should be.
 */
#include "workloads/lib/space_calls.h"

#include <errno.h>
#include <string.h>

#define CHUNK	512ul	/* pages of one call; whole chunks make up a region */

/* worker->data counts the ops: each goes to another node. */
static int fill(struct worker *worker)
{
	worker->data = NULL;
	return space_fill_worker(worker);
}

static int move_chunk(struct worker *worker, unsigned long addr, int node)
{
	struct space *space = space_of(worker);
	unsigned long addrs[CHUNK];
	int nodes[CHUNK], status[CHUNK];
	long ret;

	for (unsigned long i = 0; i < CHUNK; i++) {
		addrs[i] = addr + (i << PAGE_SHIFT);
		nodes[i] = node;
	}
	ret = space->calls->move_pages(worker, CHUNK, addrs, nodes, status);
	if (ret < 0)
		return space_fail(space, (int)ret, "move_pages at %#lx: %s", addr, strerror((int)-ret));
	for (unsigned long i = 0; i < CHUNK; i++)
		if (status[i] < 0 && status[i] != -EBUSY && status[i] != -ENOMEM)
			return space_fail(space, status[i], "move_pages does not see page %lu from %#lx on: %d", i,
					  addr, status[i]);
	return 0;
}

static int64_t move(struct worker *worker)
{
	struct space *space = space_of(worker);
	uintptr_t op = (uintptr_t)worker->data;
	int err = load_relaxed(&space->error);

	for (unsigned long page = 0; !err && page < space->pages; page += CHUNK)
		err = move_chunk(worker, space_own(worker) + (page << PAGE_SHIFT), (int)(op % machine.nr_nodes));
	worker->data = (void *)(op + 1);
	return err ? err : (int64_t)space->pages;
}

static int map_and_fill(struct worker *worker)
{
	int err = space_map_own_file(worker);

	return err ? err : fill(worker);
}

/* Not every process may move pages to every node. */
static int expect_allowed(struct workload_run *run)
{
	struct worker worker = { .run = run };
	int node = 0, status, err;
	unsigned long addr;

	if (!space_is_live(run->data))
		return 0;
	addr = space_region(run->data, 0);
	err = (int)live_calls.move_pages(&worker, 1, &addr, &node, &status);
	if (err >= 0)
		return 0;
	space_close(run);
	return workload_skip(run, "move_pages: %s", strerror(-err));
}

static int setup(struct workload_run *run)
{
	int err = space_open_memory(run);

	return err ? err : expect_allowed(run);
}

static int setup_files(struct workload_run *run)
{
	int err = space_open_files(run, (unsigned long)run->choice[0]);

	return err ? err : expect_allowed(run);
}

TWINS(move_pages, WORKLOAD_PAYLOAD,
	"move_pages() of a populated VMA to the next node, if there is one; each worker its own",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "move", move, NULL } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = setup,
	.worker_setup = fill,
	.check = space_check,
	.teardown = space_close)

TWINS(move_pages_file, WORKLOAD_PAYLOAD,
	"move_pages() of a file's pages, all mapped shared, to the next node, if there is one; each worker its own",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "move", move, NULL } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = setup_files,
	.worker_setup = map_and_fill,
	.check = space_check,
	.teardown = space_close)
