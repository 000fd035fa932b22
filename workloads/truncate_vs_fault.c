/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate_vs_fault.c - a file cut off and grown again under faults through a shared and a private mapping of it. */
#include "workloads/file_space.h"

#include <errno.h>
#include <sys/mman.h>

#define FILE_PAGES	64ul
#define OP_FAULTS	64

enum { SHARED, PRIVATE, REGIONS };
enum { FAULTER, TRUNCATOR };

static int setup(struct workload_run *run)
{
	int err = file_space_open(run, REGIONS, FILE_PAGES, FILE_PAGES, 0);

	if (!err)
		err = file_space_map(run->data, SHARED, MAP_SHARED, 0);
	if (!err)
		err = file_space_map(run->data, PRIVATE, MAP_PRIVATE, 0);
	if (err)
		space_close(run);
	return err;
}

/* What a fault brought may be gone again: only what is found is looked at. */
static int fault_one(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned int region = (unsigned int)rng_below(&worker->rng, REGIONS), write = (unsigned int)rng_below(&worker->rng, 2);
	unsigned long page = rng_below(&worker->rng, FILE_PAGES), addr = space_region(space, region) + (page << PAGE_SHIFT);
	vm_fault_t ret = do_user_addr_fault(space->mm, addr, write ? FAULT_FLAG_WRITE : 0);
	int err;

	if (ret & ~VM_FAULT_SIGBUS)
		return space_fail(space, ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT, "a fault at %#lx ended in %#x", addr, ret);
	if (ret || !worker->run->checking)
		return 0;
	err = file_space_access(space, region, page, write ? file_space_mark(space, region, page, worker->index) : 0);
	return err == -EUCLEAN ? err : 0;
}

static int64_t fault(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned int i = 0; !err && i < OP_FAULTS; i++)
		err = fault_one(worker);
	return err ? err : OP_FAULTS;
}

/* Two truncators: each may find the file cut off already. The pages are those that were cut off here at the most. */
static int64_t cut(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long left = rng_below(&worker->rng, FILE_PAGES);
	int err = load_relaxed(&space->error);

	if (!err)
		err = sys_ftruncate(space->file, left);
	if (!err)
		err = sys_ftruncate(space->file, FILE_PAGES);
	return err ? space_fail(space, err, "the file could not be cut off: %d", err) : (int64_t)(FILE_PAGES - left);
}

WORKLOAD(truncate_vs_fault,
	.what = "half of the workers: faults in a shared and a private mapping; the others: cut the file off, let it grow",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FAULTER] = { "faulter", fault, NULL }, [TRUNCATOR] = { "truncator", cut, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
