/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device_scene.h - a driver's file, and an mm that maps it over two PTE tables. Includes cmocka.h first, as every test
 * does.
 */
#ifndef FAULTLINE_TESTS_LIB_SCENE_DEVICE_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_DEVICE_SCENE_H

#include <string.h>

#include "core/mm/mmap_lock.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/exit.h"
#include "core/op/mmap_device.h"
#include "core/op/pfnmap.h"
#include "core/op/vm_insert.h"
#include "core/oracle/at_rest.h"
#include "tests/lib/harness/at_rest.h"
#include "tests/lib/scene/fault_scene.h"

#define ORDER	3
#define PAGES	(1ul << ORDER)
#define BYTES	(PAGES * PAGE_SIZE)
#define AT	(AREA + PMD_SIZE - 4 * PAGE_SIZE)	/* over two PTE tables */
#define BEYOND	(machine.max_pfn + 64)			/* frames without a struct page */
#define RW	(PROT_READ | PROT_WRITE)

/* A driver's file, its frames, and one mm that maps all of them at AT. */
struct device {
	struct device_frames frames;
	struct page *pages;	/* the frames, if they are the machine's */
	struct file *file;
	struct mm_struct *mm;
};

static inline void open_at(struct device *d, const struct vm_operations_struct *ops, unsigned long first)
{
	d->frames = (struct device_frames){ first, PAGES };
	d->file = file_create_device(ops, &d->frames);
	assert_non_null(d->file);
}

/* Frames of the machine, raw, each full of its number. */
static inline void open_raw(struct device *d, const struct vm_operations_struct *ops)
{
	d->pages = alloc_raw_frames(ORDER);
	assert_non_null(d->pages);
	for (unsigned long i = 0; i < PAGES; i++)
		memset(page_payload(&d->pages[i]), (int)(0x10 + i), machine.payload);
	open_at(d, ops, page_to_pfn(d->pages));
}

static inline long map(struct device *d, unsigned long addr, int prot, int flags)
{
	return sys_mmap_device(d->mm, addr, BYTES, prot, flags | MAP_FIXED, d->file, d->frames.first);
}

static inline struct vm_area_struct *vma_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	mmap_read_unlock(mm);
	assert_non_null(vma);
	return vma;
}

static inline void close_device(struct device *d)
{
	assert_at_rest(d->mm);
	mm_exit(d->mm);
	file_put(d->file);
	for (unsigned long i = 0; d->pages && i < PAGES; i++)
		assert_int_equal(page_mapcount(&d->pages[i]), 0);
	if (d->pages)
		free_raw_frames(d->pages, ORDER);
}

static inline pte_t entry(struct device *d, unsigned long i)
{
	return tree_pte(d->mm, AT + i * PAGE_SIZE);
}

/* Pages of a driver, in a row: a mixed device maps them counted. */
static inline struct page *driver_pages(struct device *d)
{
	struct page *pages = alloc_driver_pages(ORDER);

	assert_non_null(pages);
	for (unsigned long i = 0; i < PAGES; i++)
		memset(page_payload(&pages[i]), (int)(0x20 + i), machine.payload);
	open_at(d, &mixed_device, page_to_pfn(pages));
	return pages;
}

#endif
