/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate_large.c - large anonymous folios migrated: as a whole, or split first, and then page by page. With one node
 * they move within it, as compaction does.
 */
#include "workloads/lib/space.h"

#include <errno.h>

#define PAGES		2048ul

enum { ORDER_CHOICE, SPLIT_CHOICE };	/* of the axes */

static int64_t order_of(const struct worker *worker)
{
	return worker->run->choice[ORDER_CHOICE];
}

/* Folios of that size, which no other thread uses. */
static void fill_again(struct worker *worker)
{
	space_drop_own(worker);
	space_touch_own(worker, PAGE_SIZE << order_of(worker));
}

static int64_t migrate(struct worker *worker)
{
	unsigned long start = space_region(space_of(worker), worker->index);
	struct folio_batch batch = { .next = start };
	int64_t moved = 0;
	bool more;

	do {
		batch.nr = 0;
		more = migrate_next_batch(space_mm(worker), &batch, start + (PAGES << PAGE_SHIFT),
					  worker->run->choice[SPLIT_CHOICE]);
		for (unsigned int i = 0; i < batch.nr; i++) {
			int64_t pages = (int64_t)folio_nr_pages(batch.folios[i]);
			unsigned int nid = (page_to_nid(&batch.folios[i]->page) + 1) % machine.nr_nodes;

			moved += migrate_folio(batch.folios[i], nid) ? 0 : pages;
		}
	} while (more);
	return moved;
}

static int setup(struct workload_run *run)
{
	unsigned int order = (unsigned int)run->choice[ORDER_CHOICE];

	if (order == HPAGE_PMD_ORDER && !THP_POSSIBLE)
		return -EOPNOTSUPP;
	run->policy.thp = order == HPAGE_PMD_ORDER ? THP_ALWAYS : THP_NEVER;
	run->policy.anon_order = order == HPAGE_PMD_ORDER ? 0 : order;
	return space_open_warm(run, run->threads, PAGES);
}

WORKLOAD(migrate_large,
	.what = "2048 pages in folios of 2^order migrated, as a whole or split first; each worker its own",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "migrate", migrate, fill_again } },
	.nr_axes = 2,
	.axes = { [ORDER_CHOICE] = { "order", 3, { 2, 4, 9 } }, [SPLIT_CHOICE] = { "split", 2, { 0, 1 } } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
