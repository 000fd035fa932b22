/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap_vs_fork.c - walks from the pages of one process to all that map them, while others fork it: each child writes to
 * some pages, unmaps some, and ends.
 *
 * The process itself writes nothing, so its pages stay its own and where they are: every walk must find that mapping,
 * once, whatever the children do.
 */
#include "workloads/lib/process.h"

#include <errno.h>
#include <stdlib.h>

#define OP_WALKS	64		/* pages walked from in one op */
#define TOUCHED		64ul		/* pages that a child writes to, and as many that it unmaps */

enum { WALKER, FORKER };

/* One walk. */
struct finds {
	struct mm_struct *mm;		/* the process */
	unsigned long addr;		/* where it has the page */
	int64_t entries;
	/* entries of the process: there, and elsewhere, where only others of a folio may be */
	unsigned int own, misplaced;
};

static int setup(struct workload_run *run)
{
	return space_open_populated(run, 1, 1);
}

/* The frame of each page, for the walkers. */
static int note_frame(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	unsigned long **pfn = walk->private;

	(void)addr, (void)next;
	*(*pfn)++ = pte_pfn(ptep_get(ptep));
	return 0;
}

static int open_worker(struct worker *worker)
{
	static const struct mm_walk_ops ops = { .pte_entry = note_frame, .walk_lock = PGWALK_RDLOCK };
	struct space *space = space_of(worker);
	unsigned long *pfns = calloc(space->pages, sizeof(*pfns)), *at = pfns;
	unsigned long start = space_region(space, 0);

	worker->data = pfns;
	return pfns ? space_walk(space->mm, start, start + space->pages * PAGE_SIZE, &ops, &at) : -ENOMEM;
}

static void close_worker(struct worker *worker)
{
	free(worker->data);
	worker->data = NULL;
}

static bool find_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);
	struct finds *finds = arg;

	while (page_vma_mapped_walk(&pvmw)) {
		finds->entries++;
		if (load_relaxed(&vma->vm_mm) != finds->mm)
			continue;
		if (pvmw.address == finds->addr)
			finds->own++;
		else if (folio_nr_pages(folio) == 1)
			finds->misplaced++;
	}
	return true;
}

/* Returns the number of entries found, or -errno. */
static int64_t walk_one(struct worker *worker, unsigned long i)
{
	struct space *space = space_of(worker);
	struct finds finds = { .mm = space->mm, .addr = space_region(space, 0) + i * PAGE_SIZE };
	struct rmap_walk_control rwc = { .arg = &finds, .rmap_one = find_one };
	struct folio *folio = folio_get_anon_by_pfn(((unsigned long *)worker->data)[i]);

	if (!folio)
		return space_fail(space, -EUCLEAN, "page %lu is no anonymous one any more", i);
	folio_lock(folio);
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	folio_put(folio);
	if (finds.own != 1 || finds.misplaced)
		return space_fail(space, -EUCLEAN,
				  "a walk from page %lu found its process %u times, and elsewhere %u times", i,
				  finds.own, finds.misplaced);
	return finds.entries;
}

static int64_t walk(struct worker *worker)
{
	struct space *space = space_of(worker);
	int64_t found = 0, entries = load_relaxed(&space->error);

	for (unsigned int i = 0; entries >= 0 && i < OP_WALKS; i++) {
		entries = walk_one(worker, rng_below(&worker->rng, space->pages));
		found += entries;
	}
	return entries < 0 ? entries : found;
}

static int64_t fork_write_unmap_exit(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long from = rng_below(&worker->rng, space->pages - 2 * TOUCHED);
	unsigned long addr = space_region(space, 0) + from * PAGE_SIZE;
	struct mm_struct *child = process_fork(worker);
	int64_t done;
	int err;

	if (!child)
		return space->error;
	done = process_write(worker, child, addr, TOUCHED, 0);
	err = sys_munmap(child, addr + TOUCHED * PAGE_SIZE, TOUCHED * PAGE_SIZE);
	mm_exit(child);
	if (err)
		return space_fail(space, err, "munmap in a child failed");
	return done < 0 ? done : (int64_t)space->pages;
}

WORKLOAD(rmap_vs_fork,
	.what = "half of the workers: rmap walks from random pages of one mm; the others: fork it, write, unmap, exit",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.nr_axes = 1,
	.axes = { FORK_AXIS },
	.roles = { [WALKER] = { "walker", walk, NULL }, [FORKER] = { "forker", fork_write_unmap_exit, NULL } },
	.setup = setup,
	.worker_setup = open_worker,
	.worker_teardown = close_worker,
	.check = space_check,
	.teardown = space_close)
