/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk_thp.c - one callback for each leaf: walk_dense over memory that comes in huge pages, and is not split. */
#include "workloads/lib/count.h"
#include "workloads/lib/thp_space.h"

/* Where memory ran out for a huge page or the table put by for it, a small page came. */
static int is_all_huge(struct space *space)
{
	struct count count = { 0 };
	int err = space_walk(space->mm, space_region(space, 0), space_region(space, space->nr), &count_tables, &count);

	return err || count.present == space->nr * space->pages ? err : -ENOMEM;
}

/* The huge zero page everywhere: only the tables deposited for the leaves take memory. */
static int open_zero(struct workload_run *run)
{
	int err = space_open(run, run->threads, (unsigned long)run->choice[0]);
	struct space *space = run->data;

	if (err)
		return err;
	for (unsigned int i = 0; !err && i < space->nr; i++) {
		workload_stand_for(run, i);
		for (unsigned long at = 0; !err && at < space->pages; at += HPAGE_PMD_NR)
			err = space_fault(space, space->mm, space_region(space, i) + (at << PAGE_SHIFT), 0);
	}
	if (!err)
		err = is_all_huge(space);
	if (err)
		space_close(run);
	return err;
}

static int setup(struct workload_run *run)
{
	return thp_space_open(run, open_zero);
}

static int64_t walk(struct worker *worker)
{
	return count_region(worker, &count_tables, space_of(worker)->pages);
}

WORKLOAD(walk_thp,
	.what = "walk huge pages, a callback for each leaf; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "walk", walk, NULL } },
	.nr_axes = 1,
	.axes = { TABLES_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
