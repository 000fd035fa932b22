/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_layout.c - a program's pages pinned for reading, run by run. */
#include "workloads/lib/gup_pages.h"
#include "workloads/lib/layout_mm.h"

static int setup(struct workload_run *run)
{
	return layout_space_open(run, 1, LAYOUT_WRITABLE | LAYOUT_POPULATE);
}

static int64_t pin_run(struct worker *worker, unsigned long addr, unsigned long pages)
{
	unsigned long done = 0;
	int64_t pinned = 0;

	for (; pinned >= 0 && done < pages; done += GUP_MAX_BATCH) {
		unsigned long batch = min(pages - done, (unsigned long)GUP_MAX_BATCH);

		pinned = gup_pin_all(worker, addr + (done << PAGE_SHIFT), batch, batch, 0);
	}
	return pinned < 0 ? pinned : (int64_t)pages;
}

static int64_t pin(struct worker *worker)
{
	return layout_each_run(worker, worker->index, worker->run->threads, pin_run);
}

WORKLOAD(gup_layout,
	.what = "pin_user_pages_fast() for reading and unpin, 64 pages a call, where a captured address space has "
		"pages; the VMAs, all writable, shared out among workers",
	.item = "page",
	.flags = WORKLOAD_LAYOUT,
	.nr_roles = 1,
	.roles = { { "pin", pin, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
