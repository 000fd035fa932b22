/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.c - what processes do around fork. */
#include "workloads/lib/process.h"

#include <errno.h>
#include <stdlib.h>

#include "workloads/lib/contents.h"

#define WHEN_SHIFT	40
#define WHEN_MASK	(0xffffull << WHEN_SHIFT)
#define MOST_TRIES	100000	/* nothing takes a page away that often before it is looked at */

static uint64_t mark_of(unsigned int index, unsigned long addr, uint64_t when)
{
	return ((uint64_t)(index + 1) << 56) | ((when << WHEN_SHIFT) & WHEN_MASK) | (addr >> PAGE_SHIFT);
}

struct mm_struct *process_fork(struct worker *worker)
{
	struct mm_struct *child = NULL;
	int err = sys_fork(space_mm(worker), &child);

	if (err)
		space_fail(space_of(worker), err, "fork failed: %d", err);
	return child;
}

void process_exit(struct worker *worker)
{
	if (worker->data)
		mm_exit(worker->data);
	worker->data = NULL;
}

/* A fork, reclaim or migration came between a fault and the look at what it mapped: so it is done again. */
static bool lost_again(int err, unsigned int *tries)
{
	return (err == -EAGAIN || err == -ENOENT) && ++*tries < MOST_TRIES;
}

/* As a program would: a fault, then the write. */
static int write_marked(struct worker *worker, struct mm_struct *mm, unsigned long addr, uint64_t mark)
{
	unsigned int tries = 0;
	int err;

	do {
		err = space_fault(space_of(worker), mm, addr, FAULT_FLAG_WRITE);
		if (err)
			return err;
		err = contents_write(mm, addr, mark);
	} while (lost_again(err, &tries));
	if (err)
		space_fail(space_of(worker), err, "the page at %#lx may be written to, and is not its process's alone",
			   addr);
	return err;
}

int64_t process_write(struct worker *worker, struct mm_struct *mm, unsigned long addr, unsigned long pages,
		      uint64_t when)
{
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned long i = 0; !err && i < pages; i++, addr += PAGE_SIZE) {
		if (worker->run->checking)
			err = write_marked(worker, mm, addr, mark_of(worker->index, addr, when));
		else
			err = space_fault(space_of(worker), mm, addr, FAULT_FLAG_WRITE);
	}
	return err ? err : (int64_t)pages;
}

int64_t process_write_round(struct worker *worker, struct process_pages pages)
{
	uint64_t *round = worker->data;
	int64_t done = 1;

	++*round;
	for (unsigned long i = 0; done > 0 && i < pages.nr; i++)
		done = process_write(worker, space_mm(worker), pages.addr + i * pages.step, 1, *round);
	return done < 0 ? done : (int64_t)pages.nr;
}

/* As process_read(); and -EFAULT, without a report, when the page @may_be_lost and is hwpoisoned. */
static int read_or_lose(struct worker *worker, struct mm_struct *mm, unsigned long addr, unsigned int index,
			bool may_be_lost, uint64_t *when)
{
	unsigned int tries = 0;
	uint64_t mark;
	int err;

	*when = 0;
	do {
		if (may_be_lost && do_user_addr_fault(mm, addr, 0) & VM_FAULT_SIGBUS)
			return -EFAULT;
		err = may_be_lost ? 0 : space_fault(space_of(worker), mm, addr, 0);
		if (err || !machine.payload)
			return err;
		err = contents_read(mm, addr, &mark);
	} while (lost_again(err, &tries));
	if (err || (mark && (mark & ~WHEN_MASK) != mark_of(index, addr, 0)))
		return space_fail(space_of(worker), -EUCLEAN, "the page at %#lx holds a value never written there",
				  addr);
	*when = (mark & WHEN_MASK) >> WHEN_SHIFT;
	return 0;
}

int process_read(struct worker *worker, struct mm_struct *mm, unsigned long addr, unsigned int index, uint64_t *when)
{
	return read_or_lose(worker, mm, addr, index, false, when);
}

int process_expect(struct worker *worker, struct mm_struct *mm, unsigned long addr, unsigned long pages, uint64_t when)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);
	uint64_t found;

	for (unsigned long i = 0; worker->run->checking && !err && i < pages; i++, addr += PAGE_SIZE) {
		err = process_read(worker, mm, addr, worker->index, &found);
		if (!err && machine.payload && found != when)
			err = space_fail(space, -EUCLEAN, "the page at %#lx is of time %lu, not %lu", addr,
					 (unsigned long)found, (unsigned long)when);
	}
	return err;
}

int process_open_rounds(struct worker *worker)
{
	worker->data = calloc(1, sizeof(uint64_t));
	return worker->data ? 0 : -ENOMEM;
}

void process_close_rounds(struct worker *worker)
{
	free(worker->data);
	worker->data = NULL;
}

int process_check_moment(struct worker *worker, struct mm_struct *child, struct process_pages pages,
			 unsigned int writer)
{
	uint64_t first = 0, last = 0, when;
	bool any = false;

	for (unsigned long i = 0; worker->run->checking && i < pages.nr; i++, pages.addr += pages.step) {
		int err = read_or_lose(worker, child, pages.addr, writer, pages.may_be_lost, &when);

		if (pages.may_be_lost && err == -EFAULT)
			continue;
		if (err)
			return err;
		if (!any)
			first = last = when;
		any = true;
		if (when != last && (last != first || when != ((first - 1) & (WHEN_MASK >> WHEN_SHIFT))))
			return space_fail(space_of(worker), -EUCLEAN,
					  "a child has page %lu of round %lu, but the one before of %lu", i,
					  (unsigned long)when, (unsigned long)last);
		last = when;
	}
	return 0;
}
