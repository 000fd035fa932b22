/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install_sparse.c - a marker into the one empty slot of each table: most of the walk finds slots that are taken. */
#include "workloads/lib/install.h"

#include <errno.h>

static unsigned long tables(const struct space *space)
{
	return space->pages / TABLE_PAGES;
}

static int empty_last_slots(struct space *space, unsigned long addr)
{
	int err = 0;

	for (unsigned long i = 1; !err && i <= tables(space); i++)
		err = sys_madvise(space->mm, addr + i * PMD_SIZE - PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED);
	return err;
}

static int setup(struct workload_run *run)
{
	struct space *space;
	int err = space_open_full(run);

	space = run->data;
	for (unsigned int i = 0; !err && i < space->nr; i++)
		err = empty_last_slots(space, space_region(space, i));
	if (err)
		space_close(run);
	return err;
}

static int64_t install(struct worker *worker)
{
	return install_region(worker, tables(space_of(worker)));
}

WORKLOAD(install_sparse,
	.what = "walk full tables, a marker into the one empty slot of each; each worker its own VMA",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "install", install, install_undo } },
	.nr_axes = 1,
	.axes = { LIVE_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
