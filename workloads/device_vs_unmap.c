/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device_vs_unmap.c - a driver's file, mapped shared by each worker that reads, while others unmap it by file.
 *
 * All of its pages are the driver's, each with its number in it. A fault maps the page of its address, whatever
 * another worker unmaps; what is not mapped is not counted.
 */
#include "workloads/lib/space.h"

#include <errno.h>

#include "workloads/lib/contents.h"

#define DRIVER_ORDER	6
#define DRIVER_PAGES	(1ul << DRIVER_ORDER)

enum { READER, UNMAPPER };

/* Lock key: (C) const while workers run */
static struct {
	struct page *pages;		/* (C) */
	struct device_frames frames;	/* (C) */
	struct file *file;		/* (C) */
} driver;

static uint64_t mark_of(unsigned long i)
{
	return 0xd1ce0000 + i;
}

static unsigned long region_of(const struct worker *worker)
{
	return space_region(space_of(worker), worker->role_index);
}

static void close_driver(struct workload_run *run)
{
	space_close(run);
	if (driver.file)
		file_put(driver.file);
	if (driver.pages)
		put_page(driver.pages);
	driver.file = NULL;
	driver.pages = NULL;
}

static int open_file(void)
{
	driver.pages = alloc_driver_pages(DRIVER_ORDER);
	if (!driver.pages)
		return -ENOMEM;
	for (unsigned long i = 0; machine.payload && i < DRIVER_PAGES; i++)
		*(uint64_t *)page_payload(&driver.pages[i]) = mark_of(i);
	driver.frames = (struct device_frames){ page_to_pfn(driver.pages), DRIVER_PAGES };
	driver.file = file_create_device(&mixed_device, &driver.frames);
	return driver.file ? 0 : -ENOMEM;
}

static int open_regions(struct workload_run *run)
{
	unsigned int nr = (run->threads + 1) / 2;
	int err = space_open(run, nr, DRIVER_PAGES);
	struct space *space = run->data;

	if (err)
		return err;
	err = open_file();
	for (unsigned int i = 0; !err && i < nr; i++) {
		long at = sys_mmap_device(space->mm, space_region(space, i), DRIVER_PAGES << PAGE_SHIFT,
					  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, driver.file,
					  driver.frames.first);

		err = at < 0 ? (int)at : 0;
	}
	if (err)
		close_driver(run);
	return err;
}

/* A page that is mapped at that moment is the right one. */
static int check_pages(struct worker *worker)
{
	struct space *space = space_of(worker);

	for (unsigned long i = 0; i < DRIVER_PAGES; i++) {
		unsigned long addr = region_of(worker) + (i << PAGE_SHIFT);
		uint64_t mark;

		if (!contents_read(space->mm, addr, &mark) && machine.payload && mark != mark_of(i))
			return space_fail(space, -EUCLEAN, "the page at %#lx is not that page of its driver", addr);
	}
	return 0;
}

static int64_t read_all(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	for (unsigned long i = 0; !err && i < DRIVER_PAGES; i++)
		err = space_fault(space, space->mm, region_of(worker) + (i << PAGE_SHIFT),
				  i % 2 ? FAULT_FLAG_WRITE : 0);
	if (!err && worker->run->checking)
		err = check_pages(worker);
	return err ? err : (int64_t)DRIVER_PAGES;
}

static int64_t unmap_all(struct worker *worker)
{
	int err = load_relaxed(&space_of(worker)->error);

	if (err)
		return err;
	unmap_mapping_range(&driver.file->mapping, driver.frames.first, DRIVER_PAGES, false);
	return (int64_t)DRIVER_PAGES;
}

WORKLOAD(device_vs_unmap,
	.what = "half of the workers: read or write each page of a driver, mapped by faults; the others: unmap all of "
		"them by file",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [READER] = { "reader", read_all, NULL }, [UNMAPPER] = { "unmapper", unmap_all, NULL } },
	.setup = open_regions,
	.check = space_check,
	.teardown = close_driver)
