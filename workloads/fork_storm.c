/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork_storm.c - one process that all but one worker fork at once, while the last one writes to its pages; each child
 * writes to some of its own, and ends.
 *
 * The writer goes over the pages from the first to the last, round after round. So a child, which is its parent at one
 * moment, finds what one round wrote up to some page, and what the round before wrote from there on.
 */
#include "workloads/lib/process.h"

#define TOUCHED	64ul	/* pages that a child writes to */

enum { FORKER, WRITER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index == threads - 1 ? WRITER : FORKER;
}

static int setup(struct workload_run *run)
{
	return space_open_populated(run, 1, 1);
}

static int64_t write_all(struct worker *worker)
{
	struct space *space = space_of(worker);
	uint64_t *round = worker->data;

	return process_write(worker, space->mm, space_region(space, 0), space->pages, ++*round);
}

static int64_t fork_touch_exit(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long from = rng_below(&worker->rng, space->pages - TOUCHED);
	unsigned long addr = space_region(space, 0) + (from << PAGE_SHIFT);
	struct mm_struct *child = process_fork(worker);
	int64_t done;
	int err;

	if (!child)
		return space->error;
	err = process_check_moment(worker, child,
				   (struct process_pages){ space_region(space, 0), space->pages, PAGE_SIZE, false },
				   worker->run->threads - 1);
	done = process_write(worker, child, addr, TOUCHED, 0);
	if (!err && done > 0)
		err = process_expect(worker, child, addr, TOUCHED, 0);
	mm_exit(child);
	return err ? err : done < 0 ? done : (int64_t)space->pages;
}

WORKLOAD(fork_storm,
	.what = "all but one: fork one populated mm, write to 64 pages of the child, end it; the last: write to the "
		"parent's pages",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FORKER] = { "forker", fork_touch_exit, NULL }, [WRITER] = { "writer", write_all, NULL } },
	.role_of = role_of,
	.nr_axes = 1,
	.axes = { FORK_AXIS },
	.setup = setup,
	.worker_setup = process_open_rounds,
	.worker_teardown = process_close_rounds,
	.check = space_check,
	.teardown = space_close)
