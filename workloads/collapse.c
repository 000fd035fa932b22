/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collapse.c - small pages put together to huge ones, on demand. */
#include "workloads/lib/thp_space.h"

static int open_collapsible(struct workload_run *run)
{
	return space_open_advised(run, MADV_COLLAPSE, "MADV_COLLAPSE");
}

/* Where the live kernel has no huge pages for us, small ones are as good until they are put together. */
static int setup(struct workload_run *run)
{
	run->policy.thp = THP_MADVISE;
	return THP_POSSIBLE ? open_collapsible(run) : -EOPNOTSUPP;
}

static void fill_small(struct worker *worker)
{
	space_drop_own(worker);
	space_advise_own(worker, MADV_NOHUGEPAGE);
	space_fill_own(worker);
	space_advise_own(worker, MADV_HUGEPAGE);
}

static int64_t collapse(struct worker *worker)
{
	return space_advise_own(worker, MADV_COLLAPSE);
}

TWINS(collapse, WORKLOAD_PAYLOAD, "MADV_COLLAPSE over a VMA populated with small pages; each worker its own",
	.item = "page",
	.nr_roles = 1,
	.roles = { { "collapse", collapse, fill_small } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
