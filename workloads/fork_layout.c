/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork_layout.c - fork of a program's address space: many VMAs, few pages in most; each worker a process of its own. */
#include "workloads/lib/layout_mm.h"
#include "workloads/lib/process.h"

static int setup(struct workload_run *run)
{
	return layout_space_open(run, run->threads, LAYOUT_WRITABLE | LAYOUT_POPULATE);
}

static int64_t write_run(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return process_write(worker, space_mm(worker), addr, pages, 1);
}

static int64_t expect_run(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return process_expect(worker, worker->data, addr, pages, 1);
}

static void prepare(struct worker *worker)
{
	process_exit(worker);
	layout_each_run(worker, 0, 1, write_run);
}

static int64_t fork_once(struct worker *worker)
{
	struct space *space = space_of(worker);
	int64_t err;

	worker->data = process_fork(worker);
	if (!worker->data)
		return space->error;
	err = worker->run->checking ? layout_each_run(worker, 0, 1, expect_run) : 0;
	return err ? err : (int64_t)space->pages;
}

WORKLOAD(fork_layout,
	.what = "fork of a captured address space, all VMAs writable, written since the last one; each worker its own "
		"mm",
	.item = "page",
	.flags = WORKLOAD_LAYOUT | WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fork", fork_once, prepare } },
	.setup = setup,
	.worker_teardown = process_exit,
	.check = space_check,
	.teardown = space_close)
