/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk_holes.c - small VMAs with gaps between them, hardly anything mapped: what walks over real programs mostly meet.
 */
#include "workloads/lib/count.h"

#include <errno.h>

#define NR_VMAS		2048u
#define VMA_PAGES	16ul
#define VMA_STRIDE	(64 * PAGE_SIZE)	/* from one VMA to the next; the rest is gap */
#define USED_EVERY	32u			/* of so many VMAs one has a page: the other tables do not exist */

static unsigned long vma_start(unsigned int i)
{
	return PUD_SIZE + i * VMA_STRIDE;
}

static int map_vmas(struct space *space)
{
	for (unsigned int i = 0; i < NR_VMAS; i++) {
		long addr = sys_mmap(space->mm, vma_start(i), VMA_PAGES << PAGE_SHIFT, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 0);
		int err = addr < 0 ? (int)addr : 0;

		if (!err && i % USED_EVERY == 0)
			err = space_map_zero(space, vma_start(i), 1, PAGE_SIZE);
		if (err)
			return err;
	}
	return 0;
}

static int setup(struct workload_run *run)
{
	int err = space_open_mm(run);

	if (err)
		return err;
	err = map_vmas(run->data);
	if (err)
		space_close(run);
	return err;
}

/* Each gap is one call, and so is each VMA without a table. */
static int64_t walk(struct worker *worker)
{
	struct space *space = space_of(worker);
	struct count count = { 0 };
	int err = space_walk(space->mm, vma_start(0), vma_start(NR_VMAS), &count_all, &count);

	if (!err && (count.present != NR_VMAS / USED_EVERY || count.gaps != NR_VMAS ||
		     count.slots / VMA_PAGES + count.holes != NR_VMAS))
		err = space_fail(space, -EUCLEAN, "found %lu pages, %lu gaps, %lu holes and %lu slots", count.present,
				 count.gaps, count.holes, count.slots);
	return err ? err : (int64_t)(count.holes + count.gaps);
}

WORKLOAD(walk_holes,
	.what = "walk small VMAs with gaps, hardly a page in them; all workers the same",
	.item = "hole",
	.nr_roles = 1,
	.roles = { { "walk", walk, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
