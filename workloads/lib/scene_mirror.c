/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_mirror.c - scenes of a device with a mirror of the page tables. */
#include "workloads/lib/scene_mirror.h"

#include <errno.h>

#include "workloads/lib/scene_state.h"

static struct hmm_mirror mirror;	/* (C) but for what it locks itself */

int scene_mirror(struct workload_run *run)
{
	int err = scene_written(run);
	struct space *space = run->data;
	unsigned long start;

	if (err)
		return err;
	start = space_region(space, 0);
	err = hmm_mirror_create(&mirror, space->mm, start, start + SCENE_PAGES * PAGE_SIZE);
	if (!err)
		hmm_mirror_fill(&mirror, mirror.start, mirror.end);
	return scene_settle(run, err);
}

void scene_mirror_close(struct workload_run *run)
{
	hmm_mirror_destroy(&mirror);
	scene_close(run);
}

/*
 * Under the mirror's lock, which every notification takes before entries change, a valid entry names what the mm maps.
 * No lock of the mm is taken, as a device knows none.
 */
int64_t scene_mirror_use(struct worker *worker)
{
	struct page *page = NULL, *mirrored;
	bool stale;

	spin_lock(&mirror.lock);
	mirrored = hmm_pfn_to_page(*hmm_mirror_entry(&mirror, mirror.start));
	if (get_user_pages_fast(mirror.mm, mirror.start, 1, FOLL_FAST_ONLY, &page) == 1)
		put_page(page);
	stale = mirrored && mirrored != page;
	spin_unlock(&mirror.lock);
	return stale ? space_fail(space_of(worker), -EUCLEAN, "a device has a page that is not mapped there") : 1;
}
