/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_fork.c - scenes of a fork between two writes. */
#include "workloads/lib/scene_fork.h"

#include <errno.h>

#include "workloads/lib/contents.h"
#include "workloads/lib/scene_state.h"

#define NR	2u	/* pages, one of each table */

static unsigned long page_at(const struct space *space, unsigned int i)
{
	return space_region(space, 0) + i * PMD_SIZE;
}

int scene_two_tables(struct workload_run *run)
{
	int err = space_open(run, 1, NR * TABLE_PAGES);
	struct space *space = run->data;

	return scene_settle(run, err ? err : space_populate(space, space->mm, page_at(space, 0), NR, PMD_SIZE));
}

/* Again where a fork came between the fault and the write. */
static int write_page(struct space *space, unsigned long addr)
{
	int err;

	do {
		err = space_fault(space, space->mm, addr, FAULT_FLAG_WRITE);
		err = err ? err : contents_write(space->mm, addr, SCENE_MARK);
	} while (err == -EAGAIN);
	return err;
}

int64_t scene_write_in_order(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = 0;

	for (unsigned int i = 0; !err && i < NR; i++)
		err = write_page(space, page_at(space, i));
	return err ? space_fail(space, err, "a page is not written to: %d", err) : (int64_t)NR;
}

int64_t scene_fork_moment(struct worker *worker)
{
	struct space *space = space_of(worker);
	struct mm_struct *child;
	uint64_t marks[NR] = { 0 };
	int err = sys_fork(space->mm, &child);

	if (err)
		return scene_done(worker, err);
	for (unsigned int i = 0; i < NR; i++)
		contents_read(child, page_at(space, i), &marks[i]);
	mm_exit(child);
	return marks[0] || !marks[1] ? 1 :
				       space_fail(space, -EUCLEAN, "a child has a later write, but not an earlier one");
}
