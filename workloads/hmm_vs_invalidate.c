/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmm_vs_invalidate.c - snapshots of pages that others take away, until one is valid; by watching the range, or by
 * locking it.
 *
 * While a run is checked each snapshot is compared with the page tables before it is known whether it is valid: if it
 * is, nothing of it changed in between, so it must agree.
 */
#include "workloads/lib/taken.h"

#include <errno.h>

#define LOCK_CHOICE	0	/* of the axes */
#define TRIES		1000000u

/* False: an entry differs. Locking: mmap_lock. */
static bool compare(struct worker *worker, struct vm_area_struct *vma, const struct taken_part *part,
		    const hmm_pfn_t *pfns, char *why, size_t why_size)
{
	return !worker->run->checking || oracle_snapshot(vma, part->start, part->end, pfns, why, why_size) >= 0;
}

/* Returns 0, -EAGAIN when it is not valid, -EUCLEAN when it should be. Locking: mmap_lock. */
static int read_locked(struct worker *worker, struct vm_area_struct *vma, const struct taken_part *part,
		       hmm_pfn_t *pfns, char *why, size_t why_size)
{
	struct hmm_range range;
	bool agrees;

	if (hmm_vma_range_lock(&range, vma, part->start, part->end))
		return -EAGAIN;
	BUG_ON(hmm_vma_get_pfns(vma, part->start, part->end, pfns));
	agrees = compare(worker, vma, part, pfns, why, why_size);
	hmm_vma_range_unlock(&range);
	return agrees ? 0 : -EUCLEAN;
}

/* The same. */
static int read_watched(struct worker *worker, struct vm_area_struct *vma, const struct taken_part *part,
			hmm_pfn_t *pfns, char *why, size_t why_size)
{
	struct hmm_range range;
	bool agrees;

	if (!hmm_vma_range_monitor_start(&range, vma, part->start, part->end))
		return -EAGAIN;
	BUG_ON(hmm_vma_get_pfns(vma, part->start, part->end, pfns));
	agrees = compare(worker, vma, part, pfns, why, why_size);
	if (!hmm_vma_range_monitor_end(&range))
		return -EAGAIN;
	return agrees ? 0 : -EUCLEAN;
}

/* Of the VMA that the part begins in; -ENOENT when it is unmapped just now. */
static int read_part(struct worker *worker, struct taken_part *part, char *why, size_t why_size)
{
	struct mm_struct *mm = space_mm(worker);
	hmm_pfn_t pfns[TAKEN_PART];
	struct vm_area_struct *vma;
	int err = -ENOENT;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, part->start);
	if (vma) {
		part->end = min(part->end, vma->vm_end);
		err = (worker->run->choice[LOCK_CHOICE] ? read_locked : read_watched)(worker, vma, part, pfns, why,
										      why_size);
	}
	mmap_read_unlock(mm);
	return err;
}

static int64_t snapshot(struct worker *worker)
{
	struct taken_part part = taken_any(worker);
	struct space *space = space_of(worker);
	unsigned int tries = 0;
	char why[256];
	int err;

	while ((err = read_part(worker, &part, why, sizeof(why))) == -EAGAIN)
		if (++tries == TRIES)
			return space_fail(space, -ETIMEDOUT, "no snapshot was valid");
	if (err && err != -ENOENT)
		return space_fail(space, err, "%s", why);
	return err ? 0 : (int64_t)((part.end - part.start) >> PAGE_SHIFT);
}

WORKLOAD(hmm_vs_invalidate,
	.what = "snapshots of pages, validated or locked, while others write to and unmap them",
	.item = "page",
	.min_threads = 3,
	.nr_roles = 3,
	.roles = { { "reader", snapshot, NULL }, { "writer", taken_write, NULL }, { "taker", taken_take, NULL } },
	.nr_axes = 1,
	.axes = { [LOCK_CHOICE] = { "lock", 2, { 0, 1 } } },
	.setup = taken_open,
	.check = space_check,
	.teardown = taken_close)
