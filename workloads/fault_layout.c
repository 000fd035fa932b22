/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_layout.c - first writes where a program had pages: many VMAs, runs of all lengths. */
#include "workloads/lib/layout_mm.h"
#include "workloads/lib/space.h"

static void undo(struct worker *worker)
{
	layout_drop(worker);
}

WORKLOAD(fault_layout,
	.what = "first write where a captured address space had pages; the VMAs, all writable, shared out among "
		"workers",
	.item = "page",
	.flags = WORKLOAD_LAYOUT | WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fault", layout_touch, undo } },
	.setup = layout_open_writable,
	.check = space_check,
	.teardown = space_close)
