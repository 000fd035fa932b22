/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_layout.c - first writes where a program had pages: many VMAs, runs of all lengths. */
#include "workloads/lib/layout_mm.h"
#include "workloads/lib/space.h"

static int setup(struct workload_run *run)
{
	return layout_space_open(run, 1, LAYOUT_WRITABLE);
}

static int64_t touch(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return space_touch(worker, addr, pages, PAGE_SIZE);
}

static int64_t drop(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return space_drop(worker, addr, pages, PAGE_SIZE);
}

static int64_t fault(struct worker *worker)
{
	return layout_each_run(worker, worker->index, worker->run->threads, touch);
}

static void undo(struct worker *worker)
{
	layout_each_vma(worker, worker->index, worker->run->threads, drop);
}

WORKLOAD(fault_layout,
	.what = "first write where a captured address space had pages; the VMAs, all writable, shared out among "
		"workers",
	.item = "page",
	.flags = WORKLOAD_LAYOUT | WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fault", fault, undo } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
