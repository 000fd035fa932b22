/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_one_page.c - one page pinned for writing by all workers: all want its struct page. */
#include "workloads/lib/gup_pages.h"

#define OP_PINS	1000

static int setup(struct workload_run *run)
{
	return gup_open_regions(run, 1, 1);
}

static int64_t pin(struct worker *worker)
{
	unsigned long addr = space_region(space_of(worker), 0);

	for (unsigned int i = 0; i < OP_PINS; i++) {
		int64_t got = gup_pin_all(worker, addr, 1, 1, FOLL_WRITE);

		if (got < 0)
			return got;
	}
	return OP_PINS;
}

WORKLOAD(gup_one_page,
	.what = "pin_user_pages_fast() for writing and unpin, all workers the same page",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "pin", pin, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
