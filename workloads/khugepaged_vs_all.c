/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * khugepaged_vs_all.c - one thread makes passes of khugepaged; the others use pages of their own, as owner.h says.
 * Their children are scanned, too.
 */
#include "workloads/lib/owner.h"

#include <errno.h>

#define PATIENCE	64u	/* passes at most of one operation of the scanner */

enum { SCANNER, USER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	(void)threads;
	return index ? USER : SCANNER;
}

static int setup(struct workload_run *run)
{
	struct khugepaged_settings settings = KHUGEPAGED_DEFAULTS;
	int err;

	run->policy.thp = THP_MADVISE;
	err = THP_POSSIBLE ? owner_open(run) : -EOPNOTSUPP;
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

/* Small pages, which khugepaged may collapse once that is advised. */
static int64_t renew(struct worker *worker)
{
	int err = owner_advise(worker, owner_home(worker), PMD_SIZE, MADV_DONTNEED);
	int64_t pages;

	if (!err)
		err = owner_advise(worker, owner_home(worker), PMD_SIZE, MADV_NOHUGEPAGE);
	pages = err ? err : owner_write(worker);
	if (pages < 0)
		return pages;
	err = owner_advise(worker, owner_home(worker), PMD_SIZE, MADV_HUGEPAGE);
	return err ? err : pages;
}

static int64_t use(struct worker *worker)
{
	return owner_use(worker, renew);
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
