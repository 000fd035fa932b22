/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pud_fault.c - a device's memory of the size of one PUD leaf, mapped shared by each worker: a fault sets the leaf, a
 * walk finds it, and a zap takes it away.
 */
#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/space.h"

#define ROUNDS	64

/* Lock key: (C) const while workers run */
static struct {
	struct page *pages;		/* (C) */
	struct device_frames frames;	/* (C) */
	struct file *file;		/* (C) */
} device;

static void close_device(struct workload_run *run)
{
	space_close(run);
	if (device.file)
		file_put(device.file);
	if (device.pages)
		put_page(device.pages);
	device.file = NULL;
	device.pages = NULL;
}

static int map_regions(struct space *space)
{
	long at = 0;

	device.frames = (struct device_frames){ page_to_pfn(device.pages), HPAGE_PUD_NR };
	device.file = file_create_device(&dax_device, &device.frames);
	if (!device.file)
		return -ENOMEM;
	for (unsigned int i = 0; at >= 0 && i < space->nr; i++)
		at = sys_mmap_device(space->mm, space_region(space, i), PUD_SIZE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_FIXED, device.file, device.frames.first);
	return at < 0 ? (int)at : 0;
}

static int setup(struct workload_run *run)
{
	int err = THP_POSSIBLE ? space_open_room(run, run->threads, HPAGE_PUD_NR) : -EOPNOTSUPP;

	if (err)
		return err;
	device.pages = alloc_driver_pages(HPAGE_PUD_ORDER);
	err = device.pages ? map_regions(run->data) : workload_skip(run, "no node has an aligned GiB free");
	if (err)
		close_device(run);
	return err;
}

static int see_leaf(pud_t *pudp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next;
	*(unsigned int *)walk->private += pud_trans_huge(pudp_get(pudp));
	return 0;
}

static int64_t fault_and_walk(struct worker *worker)
{
	static const struct mm_walk_ops ops = { .pud_entry = see_leaf, .walk_lock = PGWALK_RDLOCK };
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, worker->index);
	int err = load_relaxed(&space->error);
	unsigned int leaves = 0;

	for (unsigned int i = 0; !err && i < ROUNDS; i++) {
		err = space_fault(space, space->mm, start, FAULT_FLAG_WRITE);
		if (!err)
			err = space_walk(space->mm, start, start + PUD_SIZE, &ops, &leaves);
		if (!err)
			err = sys_madvise(space->mm, start, PUD_SIZE, MADV_DONTNEED);
	}
	if (!err && leaves != ROUNDS)
		err = space_fail(space, -EUCLEAN, "%u walks found %u leaves", ROUNDS, leaves);
	return err ? err : ROUNDS;
}

WORKLOAD(pud_fault,
	.what = "a leaf of a PUD table set by a fault, walked and zapped; each worker its own VMA of one device",
	.item = "leaf",
	.nr_roles = 1,
	.roles = { { "fault", fault_and_walk, NULL } },
	.setup = setup,
	.check = space_check,
	.teardown = close_device)
