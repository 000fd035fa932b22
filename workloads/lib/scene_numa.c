/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_numa.c - scenes with NUMA hints. */
#include "workloads/lib/scene_numa.h"

#include <errno.h>

#include "workloads/lib/scene_state.h"

static int open_balanced(struct workload_run *run, int (*open)(struct workload_run *run))
{
	run->policy.numa_balancing = true;
	return open(run);
}

int scene_numa(struct workload_run *run)
{
	return open_balanced(run, scene_written);
}

int scene_numa_huge(struct workload_run *run)
{
	return open_balanced(run, scene_huge);
}

int scene_numa_tlb(struct workload_run *run)
{
	return open_balanced(run, scene_tlb);
}

static void make_hints(const struct space *space)
{
	numa_scan(space->mm, space->pages);
}

int scene_hints(struct workload_run *run)
{
	int err = scene_numa(run);

	if (!err)
		make_hints(run->data);
	return err;
}

int scene_huge_hint(struct workload_run *run)
{
	int err = scene_numa_huge(run);

	if (!err)
		make_hints(run->data);
	return err;
}

int64_t scene_numa_scan(struct worker *worker)
{
	make_hints(space_of(worker));
	return 1;
}

static int64_t far(struct worker *worker, int64_t (*op)(struct worker *worker))
{
	unsigned int node = this_cpu->node;
	int64_t done;

	cpu_stand_for(machine.nr_nodes - 1);
	done = op(worker);
	cpu_stand_for(node);
	return done;
}

int64_t scene_read_far(struct worker *worker)
{
	return far(worker, scene_read);
}

int64_t scene_write_far(struct worker *worker)
{
	return far(worker, scene_write);
}

int64_t scene_drop_all(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, 0);
	int err = sys_madvise(space->mm, start, space->pages << PAGE_SHIFT, MADV_DONTNEED);
	unsigned char in_core = 0;

	if (!err)
		err = sys_mincore(space->mm, start, PAGE_SIZE, &in_core);
	if (!err && in_core)
		err = -EUCLEAN;
	return err ? space_fail(space, err, "MADV_DONTNEED has passed over a page") : 1;
}
