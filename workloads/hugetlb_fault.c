/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_fault.c - first writes to reserved huge pages of a mapping: thp_fault without the node's allocator. */
#include <errno.h>

#include "workloads/lib/space.h"

/* Every huge page is used once, so that the host has backed it. */
static int map_region(struct space *space, unsigned int i)
{
	unsigned long start = space_region(space, i), len = space->pages << PAGE_SHIFT;
	long addr = sys_mmap(space->mm, start, len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED_NOREPLACE, 0);
	int err;

	if (addr < 0)
		return (int)addr;
	err = sys_madvise(space->mm, start, len, MADV_POPULATE_WRITE);
	return err ? err : sys_madvise(space->mm, start, len, MADV_DONTNEED);
}

static void teardown(struct workload_run *run)
{
	space_close(run);
	hugetlb_pool_resize(HPAGE_PMD_ORDER, 0);
}

static int setup(struct workload_run *run)
{
	unsigned long nr = run->threads * (unsigned long)run->choice[0] / HPAGE_PMD_NR;
	int err = THP_POSSIBLE ? space_open_room(run, run->threads, (unsigned long)run->choice[0]) : -EOPNOTSUPP;

	if (err)
		return err;
	err = hugetlb_pool_resize(HPAGE_PMD_ORDER, nr) == nr ? 0 : -ENOMEM;
	for (unsigned int i = 0; !err && i < run->threads; i++)
		err = map_region(run->data, i);
	if (err)
		teardown(run);
	return err;
}

static int64_t fault(struct worker *worker)
{
	return space_touch_own(worker, PMD_SIZE);
}

WORKLOAD(hugetlb_fault,
	.what = "first write to each huge page of a MAP_HUGETLB mapping; each worker its own",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.nr_roles = 1,
	.roles = { { "fault", fault, space_drop_own } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.setup = setup,
	.check = space_check,
	.teardown = teardown)
