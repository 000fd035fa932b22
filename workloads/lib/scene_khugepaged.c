/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_khugepaged.c - scenes that khugepaged scans. */
#include "workloads/lib/scene_khugepaged.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/scene_state.h"

static unsigned long start_of(const struct space *space)
{
	return space_region(space, 0);
}

/* Memory that is advised is scanned; what is written before is mapped by pages. */
static int open_small(struct workload_run *run)
{
	run->policy.thp = THP_MADVISE;
	return scene_collapsible(run);
}

/* A pass is one huge page long. */
static int scanned(struct workload_run *run, struct mm_struct *mm)
{
	struct khugepaged_settings settings = KHUGEPAGED_DEFAULTS;

	settings.pages_to_scan = HPAGE_PMD_NR;
	khugepaged_enable(&settings);
	scene_state.khugepaged = true;
	return sys_madvise(mm, start_of(run->data), PMD_SIZE, MADV_HUGEPAGE);
}

int scene_khugepaged(struct workload_run *run)
{
	int err = open_small(run);

	return scene_settle(run, err ? err : scanned(run, ((struct space *)run->data)->mm));
}

int scene_khugepaged_child(struct workload_run *run)
{
	int err = open_small(run);

	if (!err)
		err = sys_fork(((struct space *)run->data)->mm, &scene_state.child);
	if (!err)
		err = space_fault(run->data, scene_state.child, start_of(run->data), FAULT_FLAG_WRITE);
	return scene_settle(run, err ? err : scanned(run, scene_state.child));
}

int64_t scene_khugepaged_scan(struct worker *worker)
{
	(void)worker;
	khugepaged_do_scan();
	return 1;
}

int64_t scene_map_again(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long start = start_of(space);
	int err = sys_munmap(space->mm, start, PMD_SIZE);
	long at = err ? err : sys_mmap(space->mm, start, PMD_SIZE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 1);

	if (at < 0)
		return space_fail(space, (int)at, "all is not mapped again: %ld", at);
	err = sys_madvise(space->mm, start, PMD_SIZE, MADV_HUGEPAGE);
	err = err ? err : space_fault(space, space->mm, start, FAULT_FLAG_WRITE);
	return err ? err : 1;
}
