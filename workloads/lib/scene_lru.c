/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_lru.c - scenes of folios that are listed for reclaim. */
#include "workloads/lib/scene_lru.h"

#include <errno.h>

#include "workloads/lib/scene_state.h"

/* Opened with lists; then what was used is old. */
static int open_old(struct workload_run *run, int (*open)(struct workload_run *run))
{
	struct space *space;
	int err;

	run->policy.lru = true;
	err = open(run);
	if (err)
		return err;
	space = run->data;
	err = sys_madvise(space->mm, space_region(space, 0), space->pages << PAGE_SHIFT, MADV_COLD);
	return scene_settle(run, err);
}

int scene_lru(struct workload_run *run)
{
	return open_old(run, scene_swap);
}

int scene_lru_family(struct workload_run *run)
{
	int err = scene_lru(run);

	scene_state.in_turn = true;
	return scene_settle(run, err ? err : scene_fork_child(run));
}

int scene_lru_file(struct workload_run *run)
{
	return open_old(run, scene_file_read);
}

int64_t scene_lru_page_out(struct worker *worker)
{
	int64_t pages = scene_page_out(worker);

	return pages < 0 ? pages : scene_read(worker);
}

int64_t scene_lru_scan(struct worker *worker)
{
	(void)worker;
	shrink_lruvec(0, 2 * SCENE_PAGES);
	return 1;
}
