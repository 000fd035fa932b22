/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_tail.c - scenes of a folio whose second page is pinned while its frames become pages of their own. */
#include "workloads/lib/scene_tail.h"

#include <errno.h>

#include "workloads/lib/scene_state.h"

/* Of one worker, and behind it of the check. */
static struct page *taken[2048];
static unsigned int nr_taken;

int scene_tail(struct workload_run *run)
{
	run->policy.anon_order = SCENE_ORDER;
	return scene_half(run);
}

static unsigned long addr_of(const struct worker *worker)
{
	return space_region(space_of(worker), 0);
}

int64_t scene_tail_pin(struct worker *worker)
{
	const unsigned long second = addr_of(worker) + PAGE_SIZE;
	struct page *page;

	if (pin_user_pages_fast(scene_mm(worker), second, 1, FOLL_WRITE | FOLL_FAST_ONLY, &page) == 1)
		unpin_user_page(page);
	return 1;
}

int64_t scene_tail_take(struct worker *worker)
{
	struct folio *folio = scene_folio(scene_mm(worker), addr_of(worker));
	struct page *first = &folio->page, *page;
	int err;

	folio_put(folio);
	err = sys_madvise(scene_mm(worker), addr_of(worker), SCENE_PAGES * PAGE_SIZE, MADV_DONTNEED);
	frame_drain_cpu();
	do {
		page = alloc_page(PAGE_USED);
		if (page)
			taken[nr_taken++] = page;
	} while (page && page != first && nr_taken < ARRAY_SIZE(taken));
	return scene_done(worker, err);
}

int scene_tail_check(struct workload_run *run)
{
	for (; nr_taken; nr_taken--) {
		struct page *page = taken[nr_taken - 1];

		if (page_ref_count(page) != 1 || load_relaxed(&page->_pincount))
			space_fail(run->data, -EUCLEAN, "a frame has references, or pins, that were meant for another");
		else
			free_page(page);
	}
	return scene_check(run);
}
