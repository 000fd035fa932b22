/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hmm_snapshot.c - full tables as a device wants them: the twin of walk_dense, which calls back for each entry. */
#include "workloads/lib/space.h"

#include <errno.h>

#define CHUNK	512ul		/* entries that one call is for, as drivers ask for them */

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

/* Chunk by chunk; a driver's work on each is not simulated. False: an entry is missing. Locking: mmap_lock. */
static bool read_all(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	hmm_pfn_t pfns[CHUNK];

	for (unsigned long next; start < end; start = next) {
		next = min(start + CHUNK * PAGE_SIZE, end);
		if (hmm_vma_get_pfns(vma, start, next, pfns) ||
		    !(pfns[0] & pfns[((next - start) >> PAGE_SHIFT) - 1] & HMM_PFN_VALID))
			return false;
	}
	return true;
}

static int64_t snapshot(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, worker->index), end = start + (space->pages << PAGE_SHIFT);
	struct vm_area_struct *vma;
	struct hmm_range range;
	bool valid = false;

	mmap_read_lock(space->mm);
	vma = vma_lookup(space->mm, start);
	if (hmm_vma_range_monitor_start(&range, vma, start, end)) {
		bool full = read_all(vma, start, end);

		valid = hmm_vma_range_monitor_end(&range) && full;
	}
	mmap_read_unlock(space->mm);
	if (!valid)
		return space_fail(space, -EUCLEAN, "no snapshot of a region that no thread changes");
	return (int64_t)space->pages;
}

WORKLOAD(hmm_snapshot,
	.what = "hmm_vma_get_pfns() over full tables, validated by a notifier; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "snapshot", snapshot, NULL } },
	.nr_axes = 1,
	.axes = { TABLES_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
