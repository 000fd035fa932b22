/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pageout_large.c - large anonymous folios swapped out: as a whole, or split first, and then page by page. Swapping
 * them in again is not measured.
 */
#include "workloads/lib/space.h"

#include <errno.h>

#define PAGES		2048ul

enum { ORDER_CHOICE, SPLIT_CHOICE };	/* of the axes */

/* Folios of that size, which no other thread uses. */
static void fill_again(struct worker *worker)
{
	space_drop_own(worker);
	space_touch_own(worker, PAGE_SIZE << worker->run->choice[ORDER_CHOICE]);
}

static void split_all(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct folio_batch batch = { .next = start };
	bool more;

	do {
		batch.nr = 0;
		more = migrate_next_batch(mm, &batch, end, true);
		while (batch.nr)
			folio_put(batch.folios[--batch.nr]);
	} while (more);
}

static int64_t page_out(struct worker *worker)
{
	unsigned long start = space_region(space_of(worker), worker->index), end = start + (PAGES << PAGE_SHIFT);
	struct mm_struct *mm = space_mm(worker);
	unsigned long done;

	if (worker->run->choice[SPLIT_CHOICE])
		split_all(mm, start, end);
	mmap_read_lock(mm);
	done = reclaim_range(vma_lookup(mm, start), start, end);
	mmap_read_unlock(mm);
	return (int64_t)done;
}

static int setup(struct workload_run *run)
{
	unsigned int order = (unsigned int)run->choice[ORDER_CHOICE];
	int err;

	if (order == HPAGE_PMD_ORDER && !THP_POSSIBLE)
		return -EOPNOTSUPP;
	run->policy.thp = order == HPAGE_PMD_ORDER ? THP_ALWAYS : THP_NEVER;
	run->policy.anon_order = order == HPAGE_PMD_ORDER ? 0 : order;
	err = space_open_warm(run, run->threads, PAGES);
	if (err)
		return err;
	err = swap_on((run->threads + 1) * PAGES);
	if (err)
		space_close(run);
	return err;
}

static void teardown(struct workload_run *run)
{
	space_close(run);
	BUG_ON(swap_off());
}

WORKLOAD(pageout_large,
	.what = "2048 pages in folios of 2^order swapped out, as a whole or split first; each worker its own",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "reclaim", page_out, fill_again } },
	.nr_axes = 2,
	.axes = { [ORDER_CHOICE] = { "order", 3, { 2, 4, 9 } }, [SPLIT_CHOICE] = { "split", 2, { 0, 1 } } },
	.setup = setup,
	.check = space_check,
	.teardown = teardown)
