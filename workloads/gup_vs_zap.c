/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_vs_zap.c - pages pinned for reading and writing, while others empty their addresses and fault in new ones:
 * entries vanish under GUP-fast, pinned pages outlive their mapping, reads find the zero page and writes copy it.
 */
#include "workloads/lib/gup_pages.h"

#include <errno.h>

#define REGION_PAGES	64ul

enum { PINNER, ZAPPER };

static struct unmap_count unmaps;	/* (A) of all the region */

static int setup(struct workload_run *run)
{
	return gup_open_regions(run, 1, REGION_PAGES);
}

static int64_t pin(struct worker *worker)
{
	unsigned long start = space_region(space_of(worker), 0);
	int64_t done = gup_pin_moving(worker, start, REGION_PAGES / 2, FOLL_WRITE, &unmaps);

	if (done < 0)
		return done;
	done = gup_pin_moving(worker, start + (REGION_PAGES / 2 << PAGE_SHIFT), REGION_PAGES / 2, FOLL_LONGTERM,
			      &unmaps);
	return done < 0 ? done : (int64_t)REGION_PAGES;
}

/* A few pages each time, some of them then read: the next write finds the zero page there. */
static int64_t zap(struct worker *worker)
{
	struct space *space = space_of(worker);
	const unsigned long pages = 8;
	int err = load_relaxed(&space->error);

	for (unsigned long at = 0; !err && at < REGION_PAGES; at += pages) {
		unsigned long addr = space_region(space, 0) + (at << PAGE_SHIFT);
		unsigned long some = addr + (rng_below(&worker->rng, pages) << PAGE_SHIFT);

		unmap_begin(&unmaps);
		err = sys_madvise(space->mm, addr, pages << PAGE_SHIFT, MADV_DONTNEED);
		unmap_end(&unmaps);
		if (err || user_access(space->mm, some, 0))
			err = space_fail(space, err ? err : -EFAULT, "MADV_DONTNEED and a read at %#lx failed", some);
	}
	return err ? err : (int64_t)REGION_PAGES;
}

WORKLOAD(gup_vs_zap,
	.what = "half of the workers: pin_user_pages_fast() and unpin; the others: MADV_DONTNEED over the same pages",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [PINNER] = { "pinner", pin, NULL }, [ZAPPER] = { "zapper", zap, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
