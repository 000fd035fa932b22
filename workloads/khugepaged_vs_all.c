/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * khugepaged_vs_all.c - one thread makes passes of khugepaged; the others write to pages of their own, drop them, pin
 * them, move them by mremap() there and back, and share them with children, which are scanned too, and exit.
 *
 * A page holds what its owner wrote last, whatever frame it is in meanwhile; a child has what its parent had. A pinned
 * page is the one that its owner writes to.
 */
#include "workloads/lib/space.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/contents.h"
#include "workloads/lib/process.h"

#define PAGES	HPAGE_PMD_NR	/* of a user */
#define WRITTEN	8ul		/* of those, 16 pages apart */
#define STEP	(16 * PAGE_SIZE)
#define PATIENCE	64u	/* passes at most of one operation of the scanner */

enum { SCANNER, USER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	(void)threads;
	return index ? USER : SCANNER;
}

/* The second half of the regions is where users move theirs to. */
static int setup(struct workload_run *run)
{
	struct khugepaged_settings settings = KHUGEPAGED_DEFAULTS;
	int err;

	run->policy.thp = THP_MADVISE;
	err = THP_POSSIBLE ? space_open(run, 2 * run->threads, PAGES) : -EOPNOTSUPP;
	if (!err)
		khugepaged_enable(&settings);
	return err;
}

static int check(struct workload_run *run)
{
	khugepaged_disable();
	return space_check(run);
}

static void teardown(struct workload_run *run)
{
	khugepaged_disable();
	space_close(run);
}

static unsigned long home(const struct worker *worker)
{
	return space_region(space_of(worker), worker->index);
}

static unsigned long away(const struct worker *worker)
{
	return space_region(space_of(worker), worker->run->threads + worker->index);
}

/* Passes, up to one that collapses something. */
static int64_t scan(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);
	unsigned long collapsed = 0;

	for (unsigned int i = 0; !err && !collapsed && i < PATIENCE; i++) {
		collapsed = khugepaged_do_scan();
		if (!collapsed)
			yield_core();
	}
	return err ? err : 1 + (int64_t)collapsed;
}

/* ---- users ---- */

static int advise(struct worker *worker, unsigned long addr, unsigned long len, int advice)
{
	int err = sys_madvise(space_mm(worker), addr, len, advice);

	return err ? space_fail(space_of(worker), err, "advice %d at %#lx failed: %d", advice, addr, err) : 0;
}

static int64_t write_round(struct worker *worker)
{
	struct process_pages pages = { home(worker), WRITTEN, STEP, false };

	return process_write_round(worker, pages);
}

/* @mm, the worker's or its child's, has what the last round wrote. */
static int expect_round(struct worker *worker, struct mm_struct *mm)
{
	const uint64_t *round = worker->data;
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned long i = 0; !err && *round && worker->run->checking && i < WRITTEN; i++)
		err = process_expect(worker, mm, home(worker) + i * STEP, 1, *round);
	return err;
}

/* Small pages, which khugepaged may collapse once that is advised. */
static int64_t renew(struct worker *worker)
{
	int err = advise(worker, home(worker), PMD_SIZE, MADV_DONTNEED);
	int64_t pages;

	if (!err)
		err = advise(worker, home(worker), PMD_SIZE, MADV_NOHUGEPAGE);
	pages = err ? err : write_round(worker);
	if (pages < 0)
		return pages;
	err = advise(worker, home(worker), PMD_SIZE, MADV_HUGEPAGE);
	return err ? err : pages;
}

/* A page that holds nothing: a leaf is split. */
static int64_t split(struct worker *worker)
{
	int err = advise(worker, home(worker) + PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED);

	if (!err)
		err = expect_round(worker, space_mm(worker));
	return err ? err : 1;
}

static int64_t fork_and_exit(struct worker *worker)
{
	struct mm_struct *child = process_fork(worker);
	int64_t pages;
	int err;

	if (!child)
		return load_relaxed(&space_of(worker)->error);
	err = expect_round(worker, child);
	pages = err ? err : process_write(worker, child, home(worker), 1, 0);
	mm_exit(child);
	return pages;
}

/* What the owner writes is in the page that is pinned. */
static int64_t pin(struct worker *worker)
{
	struct mm_struct *mm = space_mm(worker);
	int64_t pages = write_round(worker);
	uint64_t mark;
	struct page *page;
	int err;

	if (pages < 0)
		return pages;
	if (pin_user_pages_fast(mm, home(worker), 1, FOLL_WRITE, &page) != 1)
		return space_fail(space_of(worker), -EFAULT, "the page at %#lx can't be pinned", home(worker));
	SYNCPOINT("khugepaged_vs_all.pinned");
	pages = write_round(worker);
	err = pages < 0 ? (int)pages : contents_read(mm, home(worker), &mark);
	if (!err && worker->run->checking && machine.payload && load_relaxed((uint64_t *)page_payload(page)) != mark)
		err = space_fail(space_of(worker), -EUCLEAN, "the page at %#lx is not the one that is pinned there",
				 home(worker));
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
	int err = move(worker, home(worker), away(worker));

	if (!err)
		err = move(worker, away(worker), home(worker));
	if (!err)
		err = expect_round(worker, space_mm(worker));
	return err ? err : 1;
}

static int64_t use(struct worker *worker)
{
	int64_t (*const ops[])(struct worker *worker) = {
		renew, split, fork_and_exit, pin, move_there_and_back, write_round,
	};
	int err = load_relaxed(&space_of(worker)->error);

	return err ? err : ops[rng_below(&worker->rng, ARRAY_SIZE(ops))](worker);
}

WORKLOAD(khugepaged_vs_all,
	.what = "one worker: passes of khugepaged; the others: write, drop, pin, mremap and fork their pages",
	.item = "operation",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [SCANNER] = { "scanner", scan, NULL }, [USER] = { "user", use, NULL } },
	.role_of = role_of,
	.setup = setup,
	.worker_setup = process_open_rounds,
	.worker_teardown = process_close_rounds,
	.check = check,
	.teardown = teardown)
