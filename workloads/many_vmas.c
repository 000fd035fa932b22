/* SPDX-License-Identifier: GPL-2.0-or-later */
/* many_vmas.c - what one address space costs with ten VMAs, and with a million. */
#include "workloads/lib/space_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OP_ROUNDS	64

enum { LOOK_UP, FAULT, REMAP };		/* values of the axis "op" */

/* (T) of a worker: the pages that its last op wrote to */
struct written {
	unsigned long addr[OP_ROUNDS];
	unsigned int nr;
};

static int64_t nr_vmas(const struct workload_run *run)
{
	return run->choice[0];
}

/* One page, wherever there is room; names keep neighbours apart. */
static long map_one(struct mm_struct *mm, uint32_t name)
{
	return sys_mmap(mm, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, name);
}

/* The VMAs adjoin, from the top down: space->base is the first byte of the lowest. */
static int map_all(struct workload_run *run)
{
	struct space *space = run->data;

	for (int64_t i = 0; i < nr_vmas(run); i++) {
		long addr = map_one(space->mm, (uint32_t)i + 1);

		if (addr < 0)
			return (int)addr;
		space->base = (unsigned long)addr;
	}
	return 0;
}

static int setup(struct workload_run *run)
{
	const unsigned int most = max_map_count(&run->policy);
	int err;

	if (nr_vmas(run) > most)
		return workload_skip(run, "an address space has at most %u VMAs: see the policy's max_map_count", most);
	err = space_open_mm(run);
	if (err)
		return err;
	err = map_all(run);
	if (err)
		space_close(run);
	return err;
}

static int worker_setup(struct worker *worker)
{
	worker->data = calloc(1, sizeof(struct written));
	return worker->data ? 0 : -ENOMEM;
}

static void worker_teardown(struct worker *worker)
{
	free(worker->data);
}

static unsigned long some_page(struct worker *worker)
{
	return space_of(worker)->base + (rng_below(&worker->rng, (uint64_t)nr_vmas(worker->run)) << PAGE_SHIFT);
}

/* As a fault looks it up. */
static int look_up(struct worker *worker, unsigned long addr)
{
	struct mm_struct *mm = space_mm(worker);
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);

	if (vma) {
		vma_end_read(mm, vma);
		return 0;
	}
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	mmap_read_unlock(mm);
	return vma ? 0 : space_fail(space_of(worker), -EUCLEAN, "no VMA at %#lx", addr);
}

/* Only with one worker is there no other hole. */
static int remap(struct worker *worker, unsigned long addr)
{
	struct mm_struct *mm = space_mm(worker);
	uint32_t name = (uint32_t)((addr - space_of(worker)->base) >> PAGE_SHIFT) + 1;
	int err = sys_munmap(mm, addr, PAGE_SIZE);
	long at = err ? err : map_one(mm, name);

	if (at < 0)
		return space_fail(space_of(worker), (int)at, "%#lx is not mapped again: %s", addr, strerror((int)-at));
	if (worker->run->threads == 1 && at != (long)addr)
		return space_fail(space_of(worker), -EUCLEAN, "mapped at %#lx, and the highest hole is at %#lx",
				  (unsigned long)at, addr);
	return 0;
}

/* Others may write to the same pages meanwhile. */
static void prepare(struct worker *worker)
{
	struct written *written = worker->data;

	while (written->nr)
		space_madvise(worker, written->addr[--written->nr], 1, MADV_DONTNEED);
}

static int64_t work(struct worker *worker)
{
	struct written *written = worker->data;
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned int i = 0; !err && i < OP_ROUNDS; i++) {
		unsigned long addr = some_page(worker);

		if (worker->run->choice[1] == LOOK_UP) {
			err = look_up(worker, addr);
		} else if (worker->run->choice[1] == REMAP) {
			err = remap(worker, addr);
		} else {
			written->addr[written->nr++] = addr;
			err = space_fault(space_of(worker), space_mm(worker), addr, FAULT_FLAG_WRITE);
		}
	}
	return err ? err : OP_ROUNDS;
}

WORKLOAD(many_vmas,
	.what = "VMAs of a page each, at random: op 0 looks one up, 1 writes to it, 2 unmaps it and maps one again",
	.item = "VMA",
	.nr_roles = 1,
	.roles = { { "work", work, prepare } },
	.nr_axes = 2,
	.axes = { { "vmas", 4, { 10, 1000, 100000, 1000000 } }, { "op", 3, { LOOK_UP, FAULT, REMAP } } },
	.setup = setup,
	.worker_setup = worker_setup,
	.worker_teardown = worker_teardown,
	.check = space_check,
	.teardown = space_close)
