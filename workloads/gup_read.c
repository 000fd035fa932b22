/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_read.c - resident pages pinned for reading, without locks; each worker its own VMA. */
#include "workloads/lib/gup_pages.h"

static int64_t pin(struct worker *worker)
{
	return gup_pin_own(worker, 0);
}

WORKLOAD(gup_read,
	.what = "pin_user_pages_fast() for reading and unpin, over resident pages; each worker its own, no table "
		"shared",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "pin", pin, NULL } },
	.nr_axes = 2,
	.axes = GUP_AXES,
	.setup = gup_open,
	.check = space_check,
	.teardown = space_close)
