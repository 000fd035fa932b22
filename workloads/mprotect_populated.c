/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mprotect_populated.c - populated memory made read-only, and writable again. */
#include "workloads/lib/space_calls.h"

/* Both ways; while checking, what may be read is read, and what may be written to is written to. */
static int64_t protect(struct worker *worker)
{
	const unsigned long addr = space_own(worker), pages = space_of(worker)->pages;
	const bool checking = worker->run->checking;
	int err = space_mprotect(worker, addr, pages, PROT_READ);

	if (!err && checking && space_access(worker, addr, pages, PAGE_SIZE, false) < 0)
		return space_of(worker)->error;
	if (!err)
		err = space_mprotect(worker, addr, pages, PROT_READ | PROT_WRITE);
	if (!err && checking && space_access(worker, addr, pages, PAGE_SIZE, true) < 0)
		return space_of(worker)->error;
	return err ? err : (int64_t)(2 * pages);
}

TWINS(mprotect_populated, 0, "mprotect() of a populated VMA, to read-only and back; each worker its own",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "protect", protect, NULL } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = space_open_memory,
	.worker_setup = space_fill_worker,
	.check = space_check,
	.teardown = space_close)
