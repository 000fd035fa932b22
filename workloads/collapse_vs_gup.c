/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse_vs_gup.c - pages pinned for writing, while others put them into huge pages, and split those again by
 * dropping a page: GUP-fast finds tables gone on its way into them, and collapse finds pages pinned.
 */
#include "workloads/lib/gup_pages.h"

#include <errno.h>

#define HUGE_PAGES	4ul
#define REGION_PAGES	(HUGE_PAGES * HPAGE_PMD_NR)
#define RUN		64ul		/* pages pinned one after the other */

enum { PINNER, COLLAPSER };

static struct unmap_count unmaps;	/* (A) of all the region */

static int setup(struct workload_run *run)
{
	return THP_POSSIBLE ? gup_open_regions(run, 1, REGION_PAGES) : -EOPNOTSUPP;
}

static int64_t pin(struct worker *worker)
{
	unsigned long first = rng_below(&worker->rng, REGION_PAGES / RUN) * RUN;

	return gup_pin_moving(worker, space_region(space_of(worker), 0) + (first << PAGE_SHIFT), RUN, FOLL_WRITE,
			      &unmaps);
}

/* Drops a page of the huge page at @addr, and writes to it anew. */
static int split(struct worker *worker, unsigned long addr)
{
	struct space *space = space_of(worker);
	unsigned long page = addr + (rng_below(&worker->rng, HPAGE_PMD_NR) << PAGE_SHIFT);
	int err;

	unmap_begin(&unmaps);
	err = sys_madvise(space->mm, page, PAGE_SIZE, MADV_DONTNEED);
	unmap_end(&unmaps);
	return err ? space_fail(space, err, "MADV_DONTNEED at %#lx failed", page) :
		     space_fault(space, space->mm, page, FAULT_FLAG_WRITE);
}

/* Returns the pages that it tried to put together. */
static int64_t collapse(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long addr = space_region(space, 0), end = addr + (REGION_PAGES << PAGE_SHIFT);
	int err = load_relaxed(&space->error);

	for (; !err && addr < end; addr += PMD_SIZE) {
		err = sys_madvise(space->mm, addr, PMD_SIZE, MADV_COLLAPSE);
		if (err && err != -EAGAIN)
			return space_fail(space, err, "MADV_COLLAPSE at %#lx failed", addr);
		err = split(worker, addr);
	}
	return err ? err : (int64_t)REGION_PAGES;
}

WORKLOAD(collapse_vs_gup,
	.what = "half of the workers: pin_user_pages_fast() and unpin; the others: MADV_COLLAPSE over the same pages, "
		"and split",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [PINNER] = { "pinner", pin, NULL }, [COLLAPSER] = { "collapser", collapse, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
