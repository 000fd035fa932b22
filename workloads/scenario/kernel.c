/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel.c - scenarios of the kernel's own address space. */
#include <errno.h>

#include "workloads/lib/scene.h"
#include "workloads/lib/scene_state.h"

static int setup(struct workload_run *run)
{
	int err = scene_empty(run);

	return err ? err : scene_settle(run, vmalloc_init(&run->policy));
}

static void teardown(struct workload_run *run)
{
	vmalloc_exit();
	scene_close(run);
}

/* Each page is the area's own, until it is freed. */
static int64_t allocate_and_free(struct worker *worker)
{
	unsigned long addr = vmalloc(2);

	if (!addr)
		return space_fail(worker->run->data, -ENOMEM, "no kernel addresses");
	for (unsigned long i = 0; i < 2; i++)
		if (!vmalloc_to_page(addr + i * PAGE_SIZE))
			return space_fail(worker->run->data, -EUCLEAN, "no page at %#lx", addr + i * PAGE_SIZE);
	vfree(addr);
	return 1;
}

static int count_entry(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)ptep, (void)addr, (void)next, (void)walk;
	return 0;
}

static int64_t walk_all(struct worker *worker)
{
	static const struct mm_walk_ops ops = { .pte_entry = count_entry };
	int err;

	mmap_read_lock(init_mm);
	err = walk_kernel_page_table_range(VMALLOC_START, VMALLOC_END, &ops, NULL, NULL);
	mmap_read_unlock(init_mm);
	return err ? space_fail(worker->run->data, err, "kernel tables are not walked") : 1;
}

SCENARIO(vmalloc_vs_vmalloc,
	.what = "two threads allocate and free areas of kernel addresses",
	.nr_roles = 2,
	.roles = { { "allocate", allocate_and_free, NULL }, { "allocate", allocate_and_free, NULL } },
	.setup = setup,
	.check = scene_check,
	.teardown = teardown)

SCENARIO(vmalloc_vs_walk,
	.what = "a walk of all kernel tables meets an area that comes and goes",
	.nr_roles = 2,
	.roles = { { "allocate", allocate_and_free, NULL }, { "walk", walk_all, NULL } },
	.setup = setup,
	.check = scene_check,
	.teardown = teardown)
