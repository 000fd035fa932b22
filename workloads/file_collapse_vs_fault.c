/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_collapse_vs_fault.c - a file of huge folios, mapped shared several times: faults map its pages small or huge, as
 * the mapping is advised; others advise, put one mapping's pages into a huge page, which takes the tables of all
 * others, and drop it.
 */
#include "workloads/lib/file_space.h"

#include <errno.h>
#include <sys/mman.h>

#define REGIONS		4u
#define FILE_PAGES	TABLE_PAGES
#define OP_FAULTS	16

enum { FAULTER, COLLAPSER };

static int setup(struct workload_run *run)
{
	int err = THP_POSSIBLE ? file_space_open(run, REGIONS, FILE_PAGES, FILE_PAGES, HPAGE_PMD_ORDER) : -EOPNOTSUPP;

	if (err)
		return err;
	for (unsigned int i = 0; !err && i < REGIONS; i++)
		err = file_space_map(run->data, i, MAP_SHARED, 0);
	if (err)
		space_close(run);
	return err;
}

static int64_t fault(struct worker *worker)
{
	return file_space_fault_anywhere(worker, OP_FAULTS, false);
}

/*
 * -EINVAL: tables cannot go under this policy, or there is none, or its advice was taken back; -EAGAIN: the folio is
 * busy.
 */
static int advise(struct space *space, unsigned int region, int advice)
{
	int err = sys_madvise(space->mm, space_region(space, region), FILE_PAGES << PAGE_SHIFT, advice);

	if (advice == MADV_COLLAPSE && (err == -EINVAL || err == -EAGAIN))
		return 0;
	return err ? space_fail(space, err, "madvise(%d) failed: %d", advice, err) : 0;
}

static int64_t collapse(struct worker *worker)
{
	static const int advice[] = { MADV_NOHUGEPAGE, MADV_DONTNEED, MADV_HUGEPAGE, MADV_COLLAPSE, MADV_COLLAPSE };
	struct space *space = space_of(worker);
	unsigned int region = (unsigned int)rng_below(&worker->rng, REGIONS);
	int err = load_relaxed(&space->error);

	if (!err)
		err = advise(space, region, advice[rng_below(&worker->rng, ARRAY_SIZE(advice))]);
	return err ? err : 1;
}

WORKLOAD(file_collapse_vs_fault,
	.what = "half of the workers: faults in shared mappings of a huge folio; the others: MADV_HUGEPAGE or not, "
		"MADV_COLLAPSE, zap",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FAULTER] = { "faulter", fault, NULL }, [COLLAPSER] = { "collapser", collapse, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
