/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_vs_fork.c - pages pinned for writing, while one thread keeps forking: a fork makes them read-only and shared, the
 * next pin takes a fault to have them back, and a page that is pinned when the fork comes is copied for the child at
 * once.
 */
#include "workloads/lib/gup_pages.h"

#include <errno.h>

#define REGION_PAGES	64ul

enum { PINNER, FORKER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index == threads - 1 ? FORKER : PINNER;
}

static int setup(struct workload_run *run)
{
	return gup_open_regions(run, run->threads, REGION_PAGES);
}

static int64_t pin(struct worker *worker)
{
	return gup_pin_all(worker, space_region(space_of(worker), worker->index), REGION_PAGES, 1, FOLL_WRITE);
}

static int check_child(struct space *space, struct mm_struct *child, uint64_t now)
{
	char why[256];

	for (unsigned int i = 0; i < space->nr; i++) {
		unsigned long start = space_region(space, i);

		if (!pin_check_child(child, start, start + (space->pages << PAGE_SHIFT), now, why, sizeof(why)))
			return space_fail(space, -EUCLEAN, "%s", why);
	}
	return 0;
}

/* Returns the pages that were copied or shared. */
static int64_t fork_exit(struct worker *worker)
{
	struct space *space = space_of(worker);
	int64_t pages = space->nr * (int64_t)REGION_PAGES;
	struct mm_struct *child;
	int err = sys_fork(space->mm, &child);

	if (err)
		return space_fail(space, err, "fork failed");
	if (worker->run->checking)
		err = check_child(space, child, pin_clock());
	mm_exit(child);
	return err ? err : pages;
}

WORKLOAD(gup_vs_fork,
	.what = "all but one: pin_user_pages_fast() for writing and unpin, each worker its own pages; the last: fork "
		"and exit",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [PINNER] = { "pinner", pin, NULL }, [FORKER] = { "forker", fork_exit, NULL } },
	.role_of = role_of,
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
