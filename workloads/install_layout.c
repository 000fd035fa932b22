/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install_layout.c - markers wherever a program had pages: many runs, of all lengths, over many tables. */
#include "workloads/lib/install.h"
#include "workloads/lib/layout_mm.h"

static int setup(struct workload_run *run)
{
	return layout_space_open(run, false);
}

/* The VMAs from the first to before the second are the worker's. */
static unsigned int share_begin(const struct worker *worker, unsigned int index)
{
	return (unsigned int)((uint64_t)worker->run->layout->nr_vmas * index / worker->run->threads);
}

static int64_t install_runs(struct mm_struct *mm, const struct layout *layout, const struct layout_vma *vma)
{
	int64_t sum = 0, installed = 0;

	for (unsigned int i = 0; installed >= 0 && i < vma->nr_runs; i++) {
		const struct layout_run *run = &layout->runs[vma->first_run + i];
		unsigned long start = run->first_vpn << PAGE_SHIFT;

		installed = install_markers(mm, start, start + (run->count << PAGE_SHIFT));
		sum += installed;
	}
	return installed < 0 ? installed : sum;
}

static int64_t install(struct worker *worker)
{
	const struct layout *layout = worker->run->layout;
	const unsigned int end = share_begin(worker, worker->index + 1);
	struct space *space = space_of(worker);
	int64_t sum = 0, installed = 0;

	mmap_read_lock(space->mm);
	for (unsigned int i = share_begin(worker, worker->index); installed >= 0 && i < end; i++) {
		if (!layout_vma_fits(&layout->vmas[i]))
			continue;
		installed = install_runs(space->mm, layout, &layout->vmas[i]);
		sum += installed;
	}
	mmap_read_unlock(space->mm);
	return installed < 0 ? space_fail(space, (int)installed, "installing markers failed") : sum;
}

static void undo(struct worker *worker)
{
	const struct layout *layout = worker->run->layout;
	const unsigned int end = share_begin(worker, worker->index + 1);
	struct space *space = space_of(worker);

	for (unsigned int i = share_begin(worker, worker->index); i < end; i++) {
		const struct layout_vma *vma = &layout->vmas[i];
		int err = 0;

		if (layout_vma_fits(vma))
			err = sys_madvise(space->mm, vma->start, vma->end - vma->start, MADV_GUARD_REMOVE);
		if (err)
			space_fail(space, err, "removing markers failed");
	}
}

WORKLOAD(install_layout,
	.what = "walk where a captured address space had pages, a marker into every slot; the VMAs shared out among "
		"workers",
	.item = "PTE",
	.flags = WORKLOAD_LAYOUT,
	.nr_roles = 1,
	.roles = { { "install", install, undo } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
