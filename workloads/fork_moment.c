/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork_moment.c - fork_storm with little to copy and many page tables to do it in: the writer meets each fork half
 * done, again and again, and each child must be its parent at one moment all the same.
 */
#include "workloads/lib/process.h"

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

static struct process_pages pages_of(struct worker *worker)
{
	return (struct process_pages){ space_region(space_of(worker), 0), TABLES, PMD_SIZE, false };
}

static int64_t write_each(struct worker *worker)
{
	return process_write_round(worker, pages_of(worker));
}

static int64_t fork_look_exit(struct worker *worker)
{
	struct mm_struct *child = process_fork(worker);
	int err;

	if (!child)
		return space_of(worker)->error;
	err = process_check_moment(worker, child, pages_of(worker), worker->run->threads - 1);
	mm_exit(child);
	return err ? err : (int64_t)TABLES;
}

WORKLOAD(fork_moment,
	.what = "all but one: fork one mm with few pages in many tables, end the child; the last: write to the "
		"parent's pages",
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
