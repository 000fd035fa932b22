/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork_moment.c - fork_storm with little to copy and many page tables to do it in: the writer meets each fork half done, again and
 * again, and each child must be its parent at one moment all the same.
 */
#include "workloads/process.h"

#define TABLES	12ul	/* with one page each */

enum { FORKER, WRITER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index == threads - 1 ? WRITER : FORKER;
}

static int setup(struct workload_run *run)
{
	return space_open(run, 1, TABLES * TABLE_PAGES);
}

static unsigned long base(struct worker *worker)
{
	return space_region(space_of(worker), 0);
}

static int64_t write_each(struct worker *worker)
{
	uint64_t *round = worker->data;
	int64_t done = 1;

	++*round;
	for (unsigned long i = 0; done > 0 && i < TABLES; i++)
		done = process_write(worker, space_mm(worker), base(worker) + i * PMD_SIZE, 1, *round);
	return done < 0 ? done : (int64_t)TABLES;
}

static int64_t fork_look_exit(struct worker *worker)
{
	struct mm_struct *child = process_fork(worker);
	int err;

	if (!child)
		return space_of(worker)->error;
	err = process_check_moment(worker, child, (struct process_pages){ base(worker), TABLES, PMD_SIZE, false }, worker->run->threads - 1);
	mm_exit(child);
	return err ? err : (int64_t)TABLES;
}

WORKLOAD(fork_moment,
	.what = "all but one: fork one mm with few pages in many tables, end the child; the last: write to the parent's pages",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FORKER] = { "forker", fork_look_exit, NULL }, [WRITER] = { "writer", write_each, NULL } },
	.role_of = role_of,
	.setup = setup,
	.worker_setup = process_open_rounds,
	.worker_teardown = process_close_rounds,
	.check = space_check,
	.teardown = space_close)
