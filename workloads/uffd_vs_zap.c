/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_vs_zap.c - one thread fills in the pages that the others' faults wait for, write-protects pages, and registers
 * and unregisters ranges; the others empty their pages, and read or write them again.
 *
 * A page holds its number if the userfaultfd filled it in, and zero if a fault found its range not registered. When the
 * thread that fills in ends, it closes the userfaultfd: then no fault waits any more.
 */
#include "workloads/lib/space_calls.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "workloads/lib/contents.h"

#define SLICE		16ul	/* pages of a user */
#define FILLS		16	/* faults that are answered by one operation */
#define PATIENCE	50u	/* times that it yields the core until there is one */
#define MAX_PAYLOAD	4096

#define MODES		(UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP)

enum { FILLER, USER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	(void)threads;
	return index ? USER : FILLER;
}

static int setup(struct workload_run *run)
{
	return space_open(run, 2, run->threads * SLICE);
}

static unsigned long addr_of_page(const struct worker *worker, unsigned long page)
{
	return space_region(space_of(worker), 0) + (page << PAGE_SHIFT);
}

/* ---- who fills in ---- */

static int open_uffd(struct worker *worker)
{
	struct space *space = space_of(worker);
	struct userfaultfd_ctx *uffd;

	if (worker->role != FILLER)
		return 0;
	uffd = userfaultfd_create(space->mm);
	if (!uffd)
		return -ENOMEM;
	worker->data = uffd;
	return userfaultfd_register(uffd, addr_of_page(worker, 0), space->pages << PAGE_SHIFT, MODES);
}

static void close_uffd(struct worker *worker)
{
	if (worker->data)
		userfaultfd_release(worker->data);
	worker->data = NULL;
}

/* A page of the second region, which only this thread uses, goes there with its contents. */
static long move_in(struct worker *worker, unsigned long addr)
{
	struct space *space = space_of(worker);
	unsigned long from = space_region(space, 1);
	int err = space_fault(space, space->mm, from, FAULT_FLAG_WRITE);

	if (!err)
		err = contents_write(space->mm, from, addr >> PAGE_SHIFT);
	return err ? err : userfaultfd_move(worker->data, addr, from, PAGE_SIZE, 0);
}

static long copy_in(struct worker *worker, unsigned long addr)
{
	uint64_t contents[MAX_PAYLOAD / sizeof(uint64_t)] = { addr >> PAGE_SHIFT };

	if (machine.payload)	/* as contents.h wants it */
		contents[machine.payload / sizeof(uint64_t) - 1] = addr >> PAGE_SHIFT;
	return userfaultfd_copy(worker->data, addr, contents, PAGE_SIZE, 0);
}

/* What others may make fail: the page is there, or not registered; then the fault starts over. */
static int64_t fill_in(struct worker *worker, unsigned long addr, unsigned int flags)
{
	long done;

	if (flags & UFFD_PAGEFAULT_FLAG_WP)
		done = userfaultfd_writeprotect(worker->data, addr, PAGE_SIZE, 0);
	else
		done = rng_below(&worker->rng, 4) ? copy_in(worker, addr) : move_in(worker, addr);
	if (done == -EEXIST || done == -ENOENT || done == -EINVAL)
		done = userfaultfd_wake(worker->data, addr, PAGE_SIZE);
	return done < 0 ? space_fail(space_of(worker), (int)done, "a page is not filled in: %ld", done) : 1;
}

/* Registers a range anew, or protects its pages. */
static int change_range(struct worker *worker)
{
	unsigned long pages = space_of(worker)->pages, first = rng_below(&worker->rng, pages);
	unsigned long addr = addr_of_page(worker, first);
	unsigned long len = (1 + rng_below(&worker->rng, pages - first)) << PAGE_SHIFT;
	int err;

	if (rng_below(&worker->rng, 2)) {
		err = userfaultfd_writeprotect(worker->data, addr, len, UFFDIO_WRITEPROTECT_MODE_WP);
	} else {
		err = userfaultfd_unregister(worker->data, addr, len);
		err = err ? err : userfaultfd_register(worker->data, addr, len, MODES);
	}
	return err ? space_fail(space_of(worker), err, "a range is not registered: %s", strerror(-err)) : 0;
}

static int64_t answer(struct worker *worker)
{
	unsigned long addr;
	unsigned int flags, patience = PATIENCE;
	int64_t done = rng_below(&worker->rng, 2) ? 0 : change_range(worker);

	for (unsigned int i = 0; done >= 0 && i < FILLS && patience;) {
		if (userfaultfd_read(worker->data, &addr, &flags)) {
			patience--;
			yield_core();
			continue;
		}
		done = fill_in(worker, addr, flags);
		i++;
	}
	return done < 0 ? done : FILLS;
}

/* ---- whose faults wait ---- */

static int check_page(struct worker *worker, unsigned long addr, uint64_t written)
{
	uint64_t found;
	int err = contents_read(space_of(worker)->mm, addr, &found);

	if (err || !machine.payload || found == written || (!written && (!found || found == addr >> PAGE_SHIFT)))
		return err == -ENOENT ? 0 : err;
	return space_fail(space_of(worker), -EUCLEAN, "the page at %#lx holds %#lx", addr, found);
}

static int use_page(struct worker *worker, unsigned long addr)
{
	struct space *space = space_of(worker);
	bool write = rng_below(&worker->rng, 2);
	int err = space_fault(space, space->mm, addr, write ? FAULT_FLAG_WRITE : 0);

	if (err || !worker->run->checking)
		return err;
	err = check_page(worker, addr, 0);
	if (err || !write)
		return err;
	err = contents_write(space->mm, addr, worker->index);
	return err ? err == -EAGAIN || err == -ENOENT ? 0 : err : check_page(worker, addr, worker->index);
}

/* Its own pages, from SLICE on times its number. */
static int64_t use(struct worker *worker)
{
	unsigned long first = addr_of_page(worker, worker->index * SLICE);
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned long i = 0; !err && i < SLICE; i++)
		err = use_page(worker, first + (i << PAGE_SHIFT));
	if (!err && !rng_below(&worker->rng, 8))
		err = sys_mprotect(space_of(worker)->mm, first + (rng_below(&worker->rng, SLICE) << PAGE_SHIFT),
				   PAGE_SIZE, PROT_READ | PROT_WRITE);
	if (!err)
		err = sys_madvise(space_of(worker)->mm, first, SLICE << PAGE_SHIFT, MADV_DONTNEED);
	return err ? err : (int64_t)SLICE;
}

WORKLOAD(uffd_vs_zap,
	.what = "all but one: empty and use pages of a userfaultfd; the one: fill them in, protect them, change ranges",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FILLER] = { "filler", answer, NULL }, [USER] = { "user", use, NULL } },
	.role_of = role_of,
	.setup = setup,
	.worker_setup = open_uffd,
	.worker_teardown = close_uffd,
	.check = space_check,
	.teardown = space_close)
