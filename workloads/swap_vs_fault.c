/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap_vs_fault.c - pages swapped out while others write to them; from a child that shares them, or from the process
 * itself.
 *
 * No worker writes in the child: its pages hold the same at the fork and after swap-in.
 */
#include "workloads/lib/shared_area.h"

#include <errno.h>

#define FORK_CHOICE	0	/* of the axes */
#define LOOKS		4ul	/* pages of a child that are looked at */

/* When each of some pages was written to: as before, unless @first. */
static int look_at_child(struct worker *worker, struct mm_struct *child, const struct area_part *part, uint64_t *when,
			 bool first)
{
	uint64_t now;
	int err = 0;

	for (unsigned long i = 0; worker->run->checking && !err && i < LOOKS; i++) {
		unsigned long addr = part->start + i * (AREA_PART / LOOKS) * PAGE_SIZE;

		err = process_read(worker, child, addr, part->owner, first ? &when[i] : &now);
		if (!err && !first && now != when[i])
			err = space_fail(space_of(worker), -EUCLEAN,
					 "the child's page at %#lx is of time %lu, was of %lu", addr,
					 (unsigned long)now, (unsigned long)when[i]);
	}
	return err;
}

static int64_t fork_page_out_exit(struct worker *worker, const struct area_part *part)
{
	struct mm_struct *child = process_fork(worker);
	uint64_t when[LOOKS];
	int64_t done = 0;
	int err;

	if (!child)
		return space_of(worker)->error;
	err = look_at_child(worker, child, part, when, true);
	if (!err) {
		done = area_page_out(child, *part);
		err = look_at_child(worker, child, part, when, false);
	}
	mm_exit(child);
	return err ? err : done;
}

static int64_t reclaim(struct worker *worker)
{
	struct area_part part = area_any(worker);
	int err = load_relaxed(&space_of(worker)->error);

	if (err)
		return err;
	return worker->run->choice[FORK_CHOICE] ? fork_page_out_exit(worker, &part)
						: area_page_out(space_mm(worker), part);
}

WORKLOAD(swap_vs_fault,
	.what = "half of the workers: write to pages of their own; the others: swap them out, with fork from a child "
		"that shares them",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.nr_axes = 1,
	.axes = { [FORK_CHOICE] = { "fork", 2, { 1, 0 } } },
	.roles = { [OWNER] = { "faulter", area_write, NULL }, [TAKER] = { "reclaimer", reclaim, NULL } },
	.setup = area_open_swap,
	.worker_setup = area_enter,
	.worker_teardown = area_leave,
	.check = space_check,
	.teardown = area_close_swap)
