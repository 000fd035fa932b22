/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * numa_vs_all.c - one thread makes NUMA hints; the others use pages of their own, as owner.h says, each time on a node
 * by chance, to which their faults move the pages.
 */
#include "workloads/lib/owner.h"

#include <errno.h>

#define PATIENCE	64u	/* scans at most of one operation of the scanner */

enum { SCANNER, USER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	(void)threads;
	return index ? USER : SCANNER;
}

static int setup(struct workload_run *run)
{
	run->policy.numa_balancing = true;
	return owner_open(run);
}

/* Scans, up to one that finds something. */
static int64_t scan(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);
	unsigned long hints = 0;

	for (unsigned int i = 0; !err && !hints && i < PATIENCE; i++) {
		hints = numa_scan(space_mm(worker), OWNER_PAGES);
		if (!hints)
			yield_core();
	}
	return err ? err : 1 + (int64_t)hints;
}

static int64_t renew(struct worker *worker)
{
	int err = owner_advise(worker, owner_home(worker), OWNER_PAGES << PAGE_SHIFT, MADV_DONTNEED);

	return err ? err : owner_write(worker);
}

static int64_t use(struct worker *worker)
{
	cpu_stand_for((unsigned int)rng_below(&worker->rng, machine.nr_nodes));
	return owner_use(worker, renew);
}

WORKLOAD(numa_vs_all,
	.what = "one worker makes NUMA hints; the others: write, drop, pin, mremap and fork their pages, on any node",
	.item = "operation",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [SCANNER] = { "scanner", scan, NULL }, [USER] = { "user", use, NULL } },
	.role_of = role_of,
	.setup = setup,
	.worker_setup = process_open_rounds,
	.worker_teardown = process_close_rounds,
	.check = space_check,
	.teardown = space_close)
