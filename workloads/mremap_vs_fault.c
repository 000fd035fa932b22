/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap_vs_fault.c - first writes to pages while one thread moves a populated VMA there and back: to a place that is
 * aligned alike, so that whole page tables go, or one that is shifted by a page, so that each entry goes by itself.
 */
#include "workloads/lib/contents.h"
#include "workloads/lib/space.h"

#include <errno.h>

#define REGION_PAGES	2048ul
#define OP_ROUNDS	8	/* there and back */
#define LOOK_EVERY	64	/* pages: which of the moved ones are looked at while checking */

enum { FAULTER, MOVER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index == threads - 1 ? MOVER : FAULTER;
}

/* The mover's is the last but one; it goes to the last. */
static int setup(struct workload_run *run)
{
	return space_open_warm(run, run->threads + 1, REGION_PAGES);
}

static unsigned long region(const struct worker *worker)
{
	return space_region(space_of(worker), worker->index);
}

static unsigned long home(const struct workload_run *run)
{
	return space_region(run->data, run->threads - 1);
}

static unsigned long away(const struct workload_run *run)
{
	return space_region(run->data, run->threads) + ((unsigned long)run->choice[0] << PAGE_SHIFT);
}

static int populate(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long addr = region(worker);

	for (unsigned long i = 0; worker->role == MOVER && i < REGION_PAGES; i++, addr += PAGE_SIZE) {
		vm_fault_t ret = user_access(space->mm, addr, FAULT_FLAG_WRITE);

		if (ret)
			return space_fail(space, ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT, "a fault at %#lx ended in %#x",
					  addr, ret);
		if (worker->run->checking && contents_write(space->mm, addr, i + 1))
			return space_fail(space, -EUCLEAN, "the page at %#lx can't be written to", addr);
	}
	return 0;
}

/* ---- the mover ---- */

static int look_at(struct space *space, unsigned long addr)
{
	uint64_t mark;

	for (unsigned long i = 0; i < REGION_PAGES; i += LOOK_EVERY)
		if (contents_read(space->mm, addr + (i << PAGE_SHIFT), &mark) || (machine.payload && mark != i + 1))
			return space_fail(space, -EUCLEAN, "page %lu was moved to %#lx, and is not there", i, addr);
	return 0;
}

static int move_to(struct worker *worker, unsigned long from, unsigned long to)
{
	struct space *space = space_of(worker);
	const unsigned long len = REGION_PAGES << PAGE_SHIFT;
	long ret = sys_mremap(space->mm, from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	if (ret != (long)to)
		return space_fail(space, (int)ret, "a move from %#lx to %#lx failed", from, to);
	return worker->run->checking ? look_at(space, to) : 0;
}

static int64_t move(struct worker *worker)
{
	const struct workload_run *run = worker->run;
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned int i = 0; !err && i < OP_ROUNDS; i++) {
		/* While checking, every other time shifted, whatever the choice. */
		unsigned long to = away(run) + (run->checking && i & 1 ? PAGE_SIZE : 0);

		err = move_to(worker, home(run), to);
		if (!err)
			err = move_to(worker, to, home(run));
	}
	return err ? err : (int64_t)(2 * OP_ROUNDS * REGION_PAGES);
}

/* ---- the faulters ---- */

static void prepare(struct worker *worker)
{
	space_drop(worker, region(worker), REGION_PAGES, PAGE_SIZE);
}

/* Accesses to what is being moved: it is there, or not, and that is all. */
static int poke(struct worker *worker)
{
	struct space *space = space_of(worker);

	for (unsigned int i = 0; i < REGION_PAGES / LOOK_EVERY; i++) {
		unsigned long base = rng_below(&worker->rng, 2) ? home(worker->run) : away(worker->run);
		unsigned long addr = base + (rng_below(&worker->rng, REGION_PAGES) << PAGE_SHIFT);
		vm_fault_t ret = user_access(space->mm, addr, rng_below(&worker->rng, 2) ? FAULT_FLAG_WRITE : 0);

		if (ret && ret != (VM_FAULT_SIGSEGV | VM_FAULT_BADMAP))
			return space_fail(space, -EFAULT, "a fault at %#lx, which is being moved, ended in %#x", addr,
					  ret);
	}
	return 0;
}

static int64_t fault(struct worker *worker)
{
	int64_t pages = space_touch(worker, region(worker), REGION_PAGES, PAGE_SIZE);
	int err = pages > 0 && worker->run->checking ? poke(worker) : 0;

	return err ? err : pages;
}

WORKLOAD(mremap_vs_fault,
	.what = "all but one: first write to each page of one's own VMA; the last: move its VMA's pages there and back",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FAULTER] = { "faulter", fault, prepare }, [MOVER] = { "mover", move, NULL } },
	.role_of = role_of,
	.nr_axes = 1,
	.axes = { { "shift", 2, { 0, 1 } } },
	.setup = setup,
	.worker_setup = populate,
	.check = space_check,
	.teardown = space_close)
