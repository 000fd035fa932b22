/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mlock_populated.c - populated memory locked, and unlocked again: each of its folios is counted. */
#include "workloads/lib/space_calls.h"

#include <errno.h>

/* Both ways; while checking, what is locked is not dropped. */
static int64_t lock(struct worker *worker)
{
	const struct space *space = space_of(worker);
	const unsigned long addr = space_own(worker), pages = space->pages;
	int err = space_mlock(worker, addr, pages);

	if (!err && worker->run->checking &&
	    space->calls->madvise(worker, addr, pages << PAGE_SHIFT, MADV_DONTNEED) != -EINVAL)
		err = space_fail(space_of(worker), -EUCLEAN, "locked memory at %#lx was dropped", addr);
	if (!err)
		err = space_munlock(worker, addr, pages);
	return err ? err : (int64_t)(2 * pages);
}

TWINS(mlock_populated, 0, "mlock() of a populated VMA, and munlock(); each worker its own",
	.item = "PTE",
	.nr_roles = 1,
	.roles = { { "lock", lock, NULL } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = space_open_lockable,
	.worker_setup = space_fill_worker,
	.check = space_check,
	.teardown = space_close)
