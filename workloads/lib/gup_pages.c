/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup_pages.c - resident memory whose pages workloads get and pin. */
#include "workloads/lib/gup_pages.h"

#include <errno.h>

int gup_open_regions(struct workload_run *run, unsigned int nr, unsigned long pages)
{
	return gup_open_spread(run, nr, pages, 1);
}

int gup_open_spread(struct workload_run *run, unsigned int nr, unsigned long pages, unsigned long every)
{
	int err = space_open(run, nr, pages * every);
	struct space *space = run->data;

	if (err)
		return err;
	for (unsigned int i = 0; !err && i < nr; i++) {
		workload_stand_for(run, i);
		err = space_populate(space, space->mm, space_region(space, i), pages, every << PAGE_SHIFT);
	}
	if (err)
		space_close(run);
	return err;
}

int gup_open(struct workload_run *run)
{
	return gup_open_regions(run, run->threads, (unsigned long)run->choice[0]);
}

/* One page, checked while it is pinned. */
static int pin_checked(struct worker *worker, unsigned long addr, unsigned int flags, const struct unmap_count *unmaps)
{
	struct space *space = space_of(worker);
	struct pin_check check = { .mm = space->mm, .addr = addr, .slot = min(worker->index, PIN_SLOTS),
				   .unmaps = unmaps };
	char why[256];
	long got = checked_pin(&check, flags);

	if (got < 0)
		return space_fail(space, (int)got, "the page at %#lx could not be pinned: %ld", addr, got);
	if (got && !checked_unpin(&check, why, sizeof(why)))
		return space_fail(space, -EUCLEAN, "%s", why);
	return 0;
}

int64_t gup_pin_moving(struct worker *worker, unsigned long addr, unsigned long pages, unsigned int flags,
		       const struct unmap_count *unmaps)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);
	struct page *page;

	for (unsigned long i = 0; worker->run->checking && !err && i < pages; i++)
		err = pin_checked(worker, addr + (i << PAGE_SHIFT), flags, unmaps);
	for (unsigned long i = 0; !worker->run->checking && !err && i < pages; i++, addr += PAGE_SIZE) {
		long got = pin_user_pages_fast(space->mm, addr, 1, flags, &page);

		if (likely(got == 1))
			unpin_user_page(page);
		else
			err = space_fail(space, (int)got, "the page at %#lx could not be pinned: %ld", addr, got);
	}
	return err ? err : (int64_t)pages;
}

int64_t gup_pin_all(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long batch,
		    unsigned int flags)
{
	struct space *space = space_of(worker);
	struct page *got[GUP_MAX_BATCH];
	unsigned long done;

	if (batch == 1 || worker->run->checking)
		return gup_pin_moving(worker, addr, pages, flags, NULL);
	for (done = 0; done + batch <= pages; done += batch, addr += batch << PAGE_SHIFT) {
		long n = pin_user_pages_fast(space->mm, addr, batch, flags, got);

		if (unlikely(n != (long)batch))
			return space_fail(space, n < 0 ? (int)n : -EFAULT, "%ld of %lu pages at %#lx pinned", n, batch,
					  addr);
		unpin_user_pages(got, batch);
	}
	return (int64_t)done;
}

int64_t gup_pin_own(struct worker *worker, unsigned int flags)
{
	const int64_t *choice = worker->run->choice;

	return gup_pin_all(worker, space_region(space_of(worker), worker->index), (unsigned long)choice[0],
			   (unsigned long)choice[1], flags);
}
