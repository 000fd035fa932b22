/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hmm_snapshot.c - full tables as a device wants them: the twin of walk_dense, which calls back for each entry. */
#include "workloads/hostmem.h"
#include "workloads/space.h"

#include <errno.h>

static size_t array_size(const struct worker *worker)
{
	return (size_t)worker->run->choice[0] * sizeof(hmm_pfn_t);
}

static int make_array(struct worker *worker)
{
	return host_map(worker, array_size(worker), HOST_SMALL_PAGES);
}

static void drop_array(struct worker *worker)
{
	host_unmap(worker, array_size(worker));
}

static int setup(struct workload_run *run)
{
	struct space *space;
	int err = space_open_full(run);

	if (err)
		return err;
	space = run->data;
	err = mmu_notifier_register(space->mm);
	if (err)
		space_close(run);
	return err;
}

static int64_t snapshot(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, worker->index), end = start + (space->pages << PAGE_SHIFT);
	hmm_pfn_t *pfns = worker->data;
	struct hmm_range range;
	bool valid = false;

	mmap_read_lock(space->mm);
	if (hmm_vma_range_monitor_start(&range, vma_lookup(space->mm, start), start, end)) {
		int err = hmm_vma_get_pfns(vma_lookup(space->mm, start), start, end, pfns);

		valid = hmm_vma_range_monitor_end(&range) && !err;
	}
	mmap_read_unlock(space->mm);
	if (!valid || !(pfns[0] & pfns[space->pages - 1] & HMM_PFN_VALID))
		return space_fail(space, -EUCLEAN, "no snapshot of a region that nobody changes");
	return (int64_t)space->pages;
}

WORKLOAD(hmm_snapshot,
	.what = "hmm_vma_get_pfns() over full tables, watched by a notifier; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "snapshot", snapshot, NULL } },
	.nr_axes = 1,
	.axes = { TABLES_AXIS },
	.setup = setup,
	.worker_setup = make_array,
	.worker_teardown = drop_array,
	.check = space_check,
	.teardown = space_close)
