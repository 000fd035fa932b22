/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_events.c - one thread is a userfaultfd's user: it fills in pages, reads events, and registers ranges; the others
 * drop, unmap and move their pages, and fork, which it reads, and use them again.
 *
 * While an event waits no page is filled in; then a fault is woken, and starts over. When the userfaultfd is closed no
 * fault and no event waits any more, and a child whose fork was not read has none.
 */
#include "workloads/lib/space.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define SLICE		8ul	/* pages of a thread */
#define READS		16	/* messages that one operation answers */
#define PATIENCE	50u	/* times that it yields the core until there is one */

enum { READER, USER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	(void)threads;
	return index ? USER : READER;
}

static int setup(struct workload_run *run)
{
	return space_open(run, 1, run->threads * SLICE);
}

static unsigned long addr_of_page(const struct worker *worker, unsigned long page)
{
	return space_region(space_of(worker), 0) + (page << PAGE_SHIFT);
}

/* ---- the userfaultfd's user ---- */

static int register_all(struct worker *worker)
{
	return userfaultfd_register(worker->data, addr_of_page(worker, 0), space_of(worker)->pages << PAGE_SHIFT,
				    UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
}

static int open_uffd(struct worker *worker)
{
	struct userfaultfd_ctx *uffd;
	int err;

	if (worker->role != READER)
		return 0;
	uffd = userfaultfd_create(space_of(worker)->mm);
	if (!uffd)
		return -ENOMEM;
	worker->data = uffd;
	err = userfaultfd_api(uffd, UFFD_EVENT_FEATURES);
	return err ? err : register_all(worker);
}

static void close_uffd(struct worker *worker)
{
	if (worker->data)
		userfaultfd_release(worker->data);
	worker->data = NULL;
}

/* What others may make fail: it is there, not registered, or an event waits; then the fault starts over. */
static long fill_in(struct worker *worker, unsigned long addr, bool protected)
{
	long done = protected ? userfaultfd_writeprotect(worker->data, addr, PAGE_SIZE, 0) :
				userfaultfd_zeropage(worker->data, addr, PAGE_SIZE, 0);

	if (done == -EEXIST || done == -ENOENT || done == -EAGAIN)
		done = userfaultfd_wake(worker->data, addr, PAGE_SIZE);
	return done;
}

static long answer(struct worker *worker, const struct uffd_msg *msg, struct userfaultfd_ctx *child)
{
	if (child)
		userfaultfd_release(child);
	if (msg->event != UFFD_EVENT_PAGEFAULT)
		return 0;
	return fill_in(worker, msg->arg.pagefault.address, msg->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP);
}

/* Also what was mapped anew since; pages are there, or not. */
static int change_all(struct worker *worker)
{
	int err = register_all(worker);

	if (!err)
		err = userfaultfd_writeprotect(worker->data, addr_of_page(worker, 0),
					       space_of(worker)->pages << PAGE_SHIFT, UFFDIO_WRITEPROTECT_MODE_WP);
	return err == -EAGAIN || err == -ENOENT ? 0 : err;
}

static int64_t read_messages(struct worker *worker)
{
	struct userfaultfd_ctx *child;
	unsigned int patience = PATIENCE;
	struct uffd_msg msg;
	long done = rng_below(&worker->rng, 4) ? 0 : change_all(worker);

	for (unsigned int i = 0; done >= 0 && i < READS && patience;) {
		if (userfaultfd_read_msg(worker->data, &msg, &child)) {
			patience--;
			yield_core();
			continue;
		}
		done = answer(worker, &msg, child);
		i++;
	}
	return done < 0 ? space_fail(space_of(worker), (int)done, "a message is not answered: %ld", done) : READS;
}

/* ---- what is read ---- */

static int do_fork(struct space *space)
{
	struct mm_struct *child;
	int err = sys_fork(space->mm, &child);

	if (!err)
		mm_exit(child);
	return err;
}

/* Its pages go over those of the second half, and the first one is mapped anew. */
static int move(struct space *space, unsigned long first, unsigned long half)
{
	long ret = sys_mremap(space->mm, first, half, half, MREMAP_MAYMOVE | MREMAP_FIXED, first + half);

	if (ret >= 0)
		ret = sys_mmap(space->mm, first, half, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 1);
	return ret < 0 ? (int)ret : 0;
}

/* Its own pages, from SLICE on times its number. */
static int64_t use(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long first = addr_of_page(worker, worker->index * SLICE), len = SLICE << PAGE_SHIFT;
	int err = load_relaxed(&space->error);

	for (unsigned long i = 0; !err && i < SLICE; i++)
		err = space_fault(space, space->mm, first + (i << PAGE_SHIFT),
				  rng_below(&worker->rng, 2) ? FAULT_FLAG_WRITE : 0);
	if (err)
		return err;
	switch (rng_below(&worker->rng, 8)) {
	case 0:
		err = do_fork(space);
		break;
	case 1:
		err = move(space, first, len / 2);
		break;
	case 2:
		err = sys_madvise(space->mm, first, len, MADV_FREE);
		break;
	default:
		err = sys_madvise(space->mm, first, len, MADV_DONTNEED);
	}
	return err ? space_fail(space, err, "an operation failed: %s", strerror(-err)) : (int64_t)SLICE;
}

WORKLOAD(uffd_events,
	.what = "all but one: drop, move and fork pages of a userfaultfd, and wait until the one has read that",
	.item = "page",
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [READER] = { "reader", read_messages, NULL }, [USER] = { "user", use, NULL } },
	.role_of = role_of,
	.setup = setup,
	.worker_setup = open_uffd,
	.worker_teardown = close_uffd,
	.check = space_check,
	.teardown = space_close)
