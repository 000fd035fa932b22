/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_hugetlb_fault.c - the live kernel's first writes to huge pages of its pool, where its administrator has put some
 * there.
 */
#include "workloads/lib/live.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE	(2ul << 20)
#define MAP_HUGE_2M	(21 << 26)	/* MAP_HUGE_2MB of linux/mman.h */

/* Reserved for the mapping, or refused, before the first access. */
static void *map_huge(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2M, -1, 0);
}

static int setup(struct workload_run *run)
{
	const size_t size = run->threads * ((size_t)run->choice[0] << FRAME_SHIFT);
	void *all = map_huge(size);

	if (all == MAP_FAILED)
		return workload_skip(run, "MAP_HUGETLB of %zu MiB: %s", size >> 20, strerror(errno));
	munmap(all, size);
	return 0;
}

static int map_own(struct worker *worker)
{
	void *memory = map_huge(live_size(worker));

	if (memory == MAP_FAILED)
		return -errno;
	worker->data = memory;
	return 0;
}

static int64_t touch(struct worker *worker)
{
	char *memory = worker->data;

	for (size_t at = 0; at < live_size(worker); at += HUGE_PAGE)
		memory[at] = 1;
	return worker->run->choice[0];
}

WORKLOAD(live_hugetlb_fault,
	.what = "live kernel: first write to each huge page of a MAP_HUGETLB mapping; each worker its own",
	.item = "page",
	.twin_of = "hugetlb_fault",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "fault", touch, live_drop } },
	.nr_axes = 1,
	.axes = { FEW_PAGES_AXIS },
	.setup = setup,
	.worker_setup = map_own,
	.worker_teardown = live_unmap)
