/* SPDX-License-Identifier: GPL-2.0-or-later */
/* owner.c - workers with pages of their own, which others scan. */
#include "workloads/lib/owner.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/contents.h"

#define WRITTEN	8ul		/* pages of a user that it writes to, so many bytes apart: */
#define STEP	(16 * PAGE_SIZE)
#define PATIENCE	1000u	/* looks at a page at most, between which others take it away */

int owner_open(struct workload_run *run)
{
	return space_open(run, 2 * run->threads, OWNER_PAGES);
}

unsigned long owner_home(const struct worker *worker)
{
	return space_region(space_of(worker), worker->index);
}

static unsigned long away(const struct worker *worker)
{
	return space_region(space_of(worker), worker->run->threads + worker->index);
}

int owner_advise(struct worker *worker, unsigned long addr, unsigned long len, int advice)
{
	int err = sys_madvise(space_mm(worker), addr, len, advice);

	return err ? space_fail(space_of(worker), err, "advice %d at %#lx failed: %d", advice, addr, err) : 0;
}

int64_t owner_write(struct worker *worker)
{
	struct process_pages pages = { owner_home(worker), WRITTEN, STEP, false };

	return process_write_round(worker, pages);
}

/* @mm, the worker's or its child's, has what the last round wrote. */
static int expect_round(struct worker *worker, struct mm_struct *mm)
{
	const uint64_t *round = worker->data;
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned long i = 0; !err && *round && worker->run->checking && i < WRITTEN; i++)
		err = process_expect(worker, mm, owner_home(worker) + i * STEP, 1, *round);
	return err;
}

/* A page that holds nothing: a leaf is split. */
static int64_t drop_one(struct worker *worker)
{
	int err = owner_advise(worker, owner_home(worker) + PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED);

	if (!err)
		err = expect_round(worker, space_mm(worker));
	return err ? err : 1;
}

/* A child reads and writes, and exits. */
static int64_t fork_and_look(struct worker *worker)
{
	struct mm_struct *child = process_fork(worker);
	int64_t pages;
	int err;

	if (!child)
		return load_relaxed(&space_of(worker)->error);
	err = expect_round(worker, child);
	pages = err ? err : process_write(worker, child, owner_home(worker), 1, 0);
	mm_exit(child);
	return pages;
}

/* The last round's mark of the first page. */
static int read_mark(struct worker *worker, uint64_t *mark)
{
	int err = -ENOENT;

	for (unsigned int tries = 0; err == -ENOENT && tries < PATIENCE; tries++) {
		err = space_fault(space_of(worker), space_mm(worker), owner_home(worker), 0);
		err = err ? err : contents_read(space_mm(worker), owner_home(worker), mark);
	}
	return err;
}

/* What is written meanwhile is in the pinned page. */
static int64_t pin(struct worker *worker)
{
	struct mm_struct *mm = space_mm(worker);
	int64_t pages = owner_write(worker);
	uint64_t mark;
	struct page *page;
	int err;

	if (pages < 0)
		return pages;
	if (pin_user_pages_fast(mm, owner_home(worker), 1, FOLL_WRITE, &page) != 1)
		return space_fail(space_of(worker), -EFAULT, "the page at %#lx can't be pinned", owner_home(worker));
	SYNCPOINT("owner.pinned");
	pages = owner_write(worker);
	err = pages < 0 ? (int)pages : read_mark(worker, &mark);
	if (!err && worker->run->checking && machine.payload && load_relaxed((uint64_t *)page_payload(page)) != mark)
		err = space_fail(space_of(worker), -EUCLEAN, "the page at %#lx is not the one that is pinned there",
				 owner_home(worker));
	unpin_user_page(page);
	return err ? err : pages;
}

static int move(struct worker *worker, unsigned long from, unsigned long to)
{
	long at = sys_mremap(space_mm(worker), from, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	return at == (long)to ? 0 : space_fail(space_of(worker), (int)at, "no move from %#lx to %#lx", from, to);
}

static int64_t move_there_and_back(struct worker *worker)
{
	int err = move(worker, owner_home(worker), away(worker));

	if (!err)
		err = move(worker, away(worker), owner_home(worker));
	if (!err)
		err = expect_round(worker, space_mm(worker));
	return err ? err : 1;
}

int64_t owner_use(struct worker *worker, owner_fn *renew)
{
	owner_fn *const ops[] = { renew, drop_one, fork_and_look, pin, move_there_and_back, owner_write };
	int err = load_relaxed(&space_of(worker)->error);

	return err ? err : ops[rng_below(&worker->rng, ARRAY_SIZE(ops))](worker);
}
