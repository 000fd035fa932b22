/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_mlock.c - scenes of locked memory. */
#include "workloads/lib/scene_mlock.h"

#include <errno.h>

#include "workloads/lib/scene_state.h"

int scene_locked(struct workload_run *run)
{
	int err = scene_written(run);
	struct space *space = run->data;

	return scene_settle(run, err ? err : sys_mlock(space->mm, space_region(space, 0), PAGE_SIZE));
}

int64_t scene_lock(struct worker *worker)
{
	unsigned long addr = space_region(space_of(worker), 0);
	int err = sys_mlock(scene_mm(worker), addr, PAGE_SIZE);
	struct folio *folio = err ? NULL : scene_folio(scene_mm(worker), addr);

	if (folio)
		folio_put(folio);
	else if (!err && scene_state.swap)
		return space_fail(space_of(worker), -EUCLEAN, "a locked page is not in memory");
	return err ? scene_done(worker, err) : scene_unlock(worker);
}

int64_t scene_unlock(struct worker *worker)
{
	return scene_done(worker, sys_munlock(scene_mm(worker), space_region(space_of(worker), 0), PAGE_SIZE));
}
