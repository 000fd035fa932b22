/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exit_vs_reaper.c - children that write to some pages, may be killed, and exit, while others release their memory,
 * read it or give advice as users of the address space, or walk it with a reference to the struct alone.
 *
 * A child is handed over in its parent's slot, with a reference to its struct, which the thread that takes it drops.
 * Until its address space has ended a page of a child holds what the child wrote; if it was reaped, an access ends in
 * VM_FAULT_SIGBUS.
 */
#include <errno.h>

#include "workloads/lib/process.h"

#define TOUCHED	16ul	/* pages that a child writes to, one in a table */
#define PATIENCE	100u	/* times that a parent, or a reaper, yields the core to the other */

enum { EXITER, REAPER };

static struct mm_struct *slots[NR_CPUS];	/* (A) by parent; NULL: there is none, or another thread has taken it */

static int setup(struct workload_run *run)
{
	return space_open_populated(run, 1, TABLE_PAGES);
}

static struct process_pages pages_of(struct worker *worker)
{
	return (struct process_pages){ space_region(space_of(worker), 0), TOUCHED, PMD_SIZE, true };
}

/* As a thread of @mm's process, or a remote one: reads each page that parent @writer's child wrote. */
static int64_t look(struct worker *worker, struct mm_struct *mm, unsigned int writer)
{
	struct process_pages pages = pages_of(worker);
	int err;

	if (worker->run->checking) {
		err = process_check_moment(worker, mm, pages, writer);
		return err ? err : (int64_t)TOUCHED;
	}
	for (unsigned long i = 0; i < TOUCHED; i++)
		do_user_addr_fault(mm, pages.addr + i * PMD_SIZE, 0);
	return TOUCHED;
}

static struct mm_struct *new_child(struct worker *worker)
{
	struct process_pages pages = pages_of(worker);
	struct mm_struct *child = process_fork(worker);
	int64_t done = 1;

	for (unsigned long i = 0; child && done > 0 && i < TOUCHED; i++)
		done = process_write(worker, child, pages.addr + i * PMD_SIZE, 1, 2);
	return child;
}

static int64_t fork_kill_exit(struct worker *worker)
{
	struct mm_struct **slot = &slots[worker->index], *child = new_child(worker), *left;
	int64_t done = TOUCHED;

	if (!child)
		return space_of(worker)->error;
	if (rng_below(&worker->rng, 4))
		mm_kill(child);
	mmgrab(child);
	(void)xchg_acq_rel(slot, child);
	for (unsigned int i = 0; i < PATIENCE && load_relaxed(slot); i++)
		yield_core();
	if (rng_below(&worker->rng, 2))
		done = look(worker, child, worker->index);
	mm_exit(child);
	left = xchg_acq_rel(slot, NULL);
	if (left)
		mmdrop(left);
	return done;
}

static int64_t walk(struct worker *worker, struct mm_struct *mm)
{
	static const struct mm_walk_ops ops = { .walk_lock = PGWALK_RDLOCK };
	struct process_pages pages = pages_of(worker);
	int err = space_walk(mm, pages.addr, pages.addr + TOUCHED * PMD_SIZE, &ops, NULL);

	return err ? space_fail(space_of(worker), err, "a walk of an exiting mm failed: %d", err) : (int64_t)TOUCHED;
}

/* As a process with CAP_SYS_NICE: its pages are not needed soon. */
static int64_t advise(struct worker *worker, struct mm_struct *mm)
{
	struct process_pages pages = pages_of(worker);
	struct iovec range = { (void *)pages.addr, TOUCHED * PMD_SIZE };
	long done = sys_process_madvise(mm, &range, 1, MADV_COLD, 0, true);

	if (done == (long)range.iov_len || done == -ESRCH)
		return TOUCHED;
	return space_fail(space_of(worker), -EUCLEAN, "process_madvise() advised %ld bytes", done);
}

static int64_t release_or_look(struct worker *worker, struct mm_struct *mm, unsigned int writer)
{
	int64_t done = TOUCHED;

	switch (rng_below(&worker->rng, 5)) {
	case 0:
		sys_process_mrelease(mm, 0);		/* fails if it was not killed */
		break;
	case 1:
		oom_reap_task_mm(mm);
		break;
	case 2:
		return walk(worker, mm);
	case 3:
		return advise(worker, mm);
	default:
		if (!mmget_not_zero(mm))
			break;
		done = look(worker, mm, writer);
		mmput(mm);
	}
	return done;
}

/* The first child that is handed over, and its parent's index; NULL: there is none for a while. */
static struct mm_struct *take(struct worker *worker, unsigned int *writer)
{
	unsigned int threads = worker->run->threads;

	for (unsigned int i = 0; i < PATIENCE * threads; i++) {
		*writer = (worker->index + i) % threads;
		if (load_relaxed(&slots[*writer])) {
			struct mm_struct *mm = xchg_acq_rel(&slots[*writer], NULL);

			if (mm)
				return mm;
		}
		if (i % threads == threads - 1)
			yield_core();
	}
	return NULL;
}

static int64_t reap(struct worker *worker)
{
	int64_t done = 1;
	unsigned int writer;
	struct mm_struct *mm = take(worker, &writer);

	if (!mm)
		return 1;
	for (unsigned int i = 0; done > 0 && i < 3; i++)
		done = release_or_look(worker, mm, writer);
	mmdrop(mm);
	return done;
}

WORKLOAD(exit_vs_reaper,
	.what = "half of the workers: fork, write to 16 pages, may be killed, exit; the others: process_mrelease(), "
		"process_madvise(), reads and walks of these mms",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [EXITER] = { "exiter", fork_kill_exit, NULL }, [REAPER] = { "reaper", reap, NULL } },
	.nr_axes = 1,
	.axes = { { "pages", 1, { TOUCHED } } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
