/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_write.c - resident pages pinned for writing, without locks; each worker its own VMA. */
#include "workloads/lib/gup_pages.h"

static int64_t pin(struct worker *worker)
{
	return gup_pin_own(worker, FOLL_WRITE);
}

WORKLOAD(gup_write,
	.what = "pin_user_pages_fast() for writing and unpin, over resident pages; each worker its own, no table "
		"shared",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "pin", pin, NULL } },
	.nr_axes = 2,
	.axes = GUP_AXES,
	.setup = gup_open,
	.check = space_check,
	.teardown = space_close)
