/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_spread.c - pages apart pinned for reading, without locks: a table each, or half of one. */
#include "workloads/lib/gup_pages.h"

static int setup(struct workload_run *run)
{
	return gup_open_spread(run, run->threads, (unsigned long)run->choice[0], (unsigned long)run->choice[1]);
}

static int64_t pin(struct worker *worker)
{
	unsigned long addr = space_region(space_of(worker), worker->index);
	unsigned long step = (unsigned long)worker->run->choice[1] << PAGE_SHIFT;
	int64_t pinned = 1;

	for (int64_t i = 0; pinned > 0 && i < worker->run->choice[0]; i++, addr += step)
		pinned = gup_pin_all(worker, addr, 1, 1, 0);
	return pinned < 0 ? pinned : worker->run->choice[0];
}

WORKLOAD(gup_spread,
	.what = "pin_user_pages_fast() for reading and unpin, of one page in so many; each worker its own, no table "
		"shared",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "pin", pin, NULL } },
	.nr_axes = 2,
	.axes = { FEW_PAGES_AXIS, EVERY_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
