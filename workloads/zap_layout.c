/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap_layout.c - a program's address space emptied, VMA by VMA. */
#include "workloads/lib/layout_mm.h"
#include "workloads/lib/process.h"
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

static void prepare(struct worker *worker)
{
	*(int64_t *)worker->data = layout_each_run(worker, worker->index, worker->run->threads, touch);
}

static int64_t zap(struct worker *worker)
{
	int64_t err = layout_each_vma(worker, worker->index, worker->run->threads, drop);

	return err ? err : *(int64_t *)worker->data;
}

WORKLOAD(zap_layout,
	.what = "MADV_DONTNEED over each VMA of a captured address space; the VMAs, all writable, shared out among "
		"workers",
	.item = "page",
	.flags = WORKLOAD_LAYOUT | WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "zap", zap, prepare } },
	.setup = setup,
	.worker_setup = process_open_rounds,
	.worker_teardown = process_close_rounds,
	.check = space_check,
	.teardown = space_close)
