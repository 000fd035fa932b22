/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_ksm.c - scenes with equal pages that KSM scans. */
#include "workloads/lib/scene_ksm.h"

#include "workloads/lib/scene_state.h"

static int mergeable(struct workload_run *run, unsigned int scans)
{
	int err = scene_written(run);
	struct space *space = run->data;

	if (!err)
		err = sys_madvise(space->mm, space_region(space, 0), SCENE_PAGES * PAGE_SIZE, MADV_MERGEABLE);
	for (unsigned int i = 0; !err && i < scans; i++)
		ksm_scan(space->mm, SCENE_PAGES);
	return scene_settle(run, err);
}

/* The next scan merges what has not changed since. */
int scene_mergeable(struct workload_run *run)
{
	return mergeable(run, 1);
}

int scene_merged(struct workload_run *run)
{
	return mergeable(run, 3);
}

int64_t scene_merge(struct worker *worker)
{
	ksm_scan(space_of(worker)->mm, 2 * SCENE_PAGES);
	return 1;
}
