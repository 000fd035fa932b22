/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lru_vs_all.c - one thread reclaims the oldest folios of a node; the others use pages of their own, as owner.h says,
 * page some out, and move some.
 */
#include "workloads/lib/owner.h"

#include <errno.h>

enum { RECLAIMER, USER };

#define SCANNED		32ul	/* folios of one operation of the reclaimer */
#define SLOTS		(OWNER_PAGES / 4)	/* for the pages of each worker, of which it writes to a few */

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	(void)threads;
	return index ? USER : RECLAIMER;
}

static int setup(struct workload_run *run)
{
	int err;

	run->policy.lru = true;
	err = owner_open(run);
	if (err)
		return err;
	err = swap_on(run->threads * SLOTS);
	if (err)
		space_close(run);
	return err;
}

static void teardown(struct workload_run *run)
{
	space_close(run);
	BUG_ON(swap_off());
}

static int64_t reclaim(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);

	return err ? err : 1 + (int64_t)shrink_lruvec((unsigned int)rng_below(&worker->rng, machine.nr_nodes), SCANNED);
}

/* Its pages are not used any more for now, and paged out; or moved. */
static int64_t renew(struct worker *worker)
{
	static const int advice[] = { MADV_COLD, MADV_PAGEOUT, MADV_FREE, MADV_DONTNEED };
	unsigned long len = OWNER_PAGES << PAGE_SHIFT;
	unsigned int choice = (unsigned int)rng_below(&worker->rng, ARRAY_SIZE(advice) + 1);
	int err;

	if (choice == ARRAY_SIZE(advice))
		return sys_migrate_range(space_mm(worker), owner_home(worker), len, machine.nr_nodes - 1);
	err = owner_advise(worker, owner_home(worker), len, advice[choice]);
	return err ? err : owner_write(worker);
}

static int64_t use(struct worker *worker)
{
	return owner_use(worker, renew);
}

WORKLOAD(lru_vs_all,
	.what = "one worker reclaims the oldest folios; the others: write, drop, pin, mremap, fork, migrate and page "
		"out their pages",
	.item = "operation",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [RECLAIMER] = { "reclaimer", reclaim, NULL }, [USER] = { "user", use, NULL } },
	.role_of = role_of,
	.setup = setup,
	.worker_setup = process_open_rounds,
	.worker_teardown = process_close_rounds,
	.check = space_check,
	.teardown = teardown)
