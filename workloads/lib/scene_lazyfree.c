/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_lazyfree.c - scenes with a lazily freed large folio. */
#include "workloads/lib/scene_lazyfree.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/scene_state.h"

static unsigned long freed;	/* (C) the address of the folio */

int scene_huge_freed(struct workload_run *run)
{
	int err = scene_huge(run);
	struct space *space = run->data;

	if (err)
		return err;
	freed = space_region(space, 0);
	return scene_settle(run, sys_madvise(space->mm, freed, PMD_SIZE, MADV_FREE));
}

static int large_written(struct workload_run *run)
{
	run->policy.anon_order = SCENE_ORDER;
	return scene_half(run);
}

static int free_all(struct workload_run *run, int err)
{
	struct space *space = run->data;

	if (err)
		return scene_settle(run, err);
	freed = space_region(space, 0);
	return scene_settle(run, sys_madvise(space->mm, freed, SCENE_PAGES << PAGE_SHIFT, MADV_FREE));
}

int scene_large_freed(struct workload_run *run)
{
	return free_all(run, large_written(run));
}

int scene_across_freed(struct workload_run *run)
{
	const unsigned long len = SCENE_PAGES << PAGE_SHIFT;
	int err = scene_large_freed(run);
	struct space *space = run->data;
	unsigned long from = freed;
	long at;

	if (err)
		return err;
	freed += PMD_SIZE - len / 2;
	at = sys_mremap(space->mm, from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, freed);
	return scene_settle(run, at < 0 ? (int)at : 0);
}

int scene_mixed_freed(struct workload_run *run)
{
	int err = large_written(run);
	struct space *space = run->data;
	struct mm_struct *child;

	if (!err)
		err = sys_fork(space->mm, &child);
	if (!err) {
		mm_exit(child);
		err = space_fault(space, space->mm, space_region(space, 0), FAULT_FLAG_WRITE);
	}
	return free_all(run, err);
}

int scene_huge_rewritten(struct workload_run *run)
{
	int err = scene_huge_freed(run);
	struct space *space = run->data;

	if (!err)
		err = space_fault(space, space->mm, space_region(space, 0), FAULT_FLAG_WRITE);
	return scene_settle(run, err);
}

int64_t scene_reclaim(struct worker *worker)
{
	struct space *space = space_of(worker);
	struct folio *folio = scene_folio(space->mm, freed);
	int err = folio ? reclaim_folio(folio) : 0;

	return !err || err == -EBUSY ? 1 : space_fail(space, err, "a folio is not reclaimed: %d", err);
}

int64_t scene_write_freed(struct worker *worker)
{
	int err = space_fault(space_of(worker), space_of(worker)->mm, freed, FAULT_FLAG_WRITE);

	return err ? err : 1;
}
