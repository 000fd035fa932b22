/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap_layout.c - a program's address space emptied, VMA by VMA. */
#include "workloads/lib/layout_mm.h"
#include "workloads/lib/process.h"
#include "workloads/lib/space.h"

static void prepare(struct worker *worker)
{
	*(int64_t *)worker->data = layout_touch(worker);
}

static int64_t zap(struct worker *worker)
{
	int64_t err = layout_drop(worker);

	return err ? err : *(int64_t *)worker->data;
}

WORKLOAD(zap_layout,
	.what = "MADV_DONTNEED over each VMA of a captured address space; the VMAs, all writable, shared out among "
		"workers",
	.item = "page",
	.flags = WORKLOAD_LAYOUT | WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "zap", zap, prepare } },
	.setup = layout_open_writable,
	.worker_setup = process_open_rounds,
	.worker_teardown = process_close_rounds,
	.check = space_check,
	.teardown = space_close)
