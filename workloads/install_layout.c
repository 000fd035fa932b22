/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install_layout.c - markers wherever a program had pages: many runs, of all lengths, over many tables. */
#include "workloads/lib/install.h"
#include "workloads/lib/layout_mm.h"

static int setup(struct workload_run *run)
{
	return layout_space_open(run, 1, 0);
}

static int64_t install_run(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return install_markers(space_of(worker)->mm, addr, addr + (pages << PAGE_SHIFT));
}

static int64_t install(struct worker *worker)
{
	struct space *space = space_of(worker);
	int64_t installed;

	mmap_read_lock(space->mm);
	installed = layout_each_run(worker, worker->index, worker->run->threads, install_run);
	mmap_read_unlock(space->mm);
	return installed < 0 ? space_fail(space, (int)installed, "installing markers failed") : installed;
}

static int64_t remove_markers(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return sys_madvise(space_of(worker)->mm, addr, pages << PAGE_SHIFT, MADV_GUARD_REMOVE);
}

static void undo(struct worker *worker)
{
	int64_t err = layout_each_vma(worker, worker->index, worker->run->threads, remove_markers);

	if (err)
		space_fail(space_of(worker), (int)err, "removing markers failed");
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
