/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pud_scene.h - a device with memory for one leaf of a PUD table, and an mm. Includes cmocka.h first, as every test. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_PUD_SCENE_H
#define FAULTLINE_TESTS_LIB_SCENE_PUD_SCENE_H

#include "core/mm/mmap_lock.h"
#include "core/mm/rmap.h"
#include "core/op/huge_pud.h"
#include "core/op/mmap_device.h"
#include "tests/lib/scene/thp_scene.h"

/* One row of 1 GiB is free: pfn 0 is in the first, and what is in use is in the last. */
#define PUD_FRAMES	(3 * HPAGE_PUD_NR)
#define PLACE		(3 * PGDIR_SIZE)
#define RW		(PROT_READ | PROT_WRITE)

/* Lock key: (C) const while its file is mapped */
struct pud_device {
	struct page *pages;		/* (C) */
	struct folio *folio;		/* (C) */
	struct device_frames frames;	/* (C) */
	struct file *file;		/* (C) */
	struct mm_struct *mm;		/* (C) */
};

static inline long pud_map(const struct pud_device *d, struct mm_struct *mm, unsigned long start, unsigned long len,
			   int prot)
{
	return sys_mmap_device(mm, PLACE + start, len, prot, MAP_SHARED | MAP_FIXED, d->file,
			       d->frames.first + (start >> PAGE_SHIFT));
}

/* Its memory is mapped at PLACE, and not touched. */
static inline void pud_device_open_as(struct pud_device *d, const struct vm_operations_struct *ops, int prot,
				      const char *policy)
{
	*d = (struct pud_device){ .pages = alloc_driver_pages(HPAGE_PUD_ORDER), .mm = world_mm(policy) };
	BUG_ON(!d->pages);
	d->folio = page_folio(d->pages);
	d->frames = (struct device_frames){ page_to_pfn(d->pages), HPAGE_PUD_NR };
	d->file = file_create_device(ops, &d->frames);
	BUG_ON(!d->file || pud_map(d, d->mm, 0, PUD_SIZE, prot) < 0);
}

static inline void pud_device_open(struct pud_device *d, const struct vm_operations_struct *ops, int prot)
{
	pud_device_open_as(d, ops, prot, "linux-6.15");
}

/* No mm maps it any more. */
static inline void pud_device_close(struct pud_device *d)
{
	file_put(d->file);
	BUG_ON(folio_mapped(d->folio) || folio_ref_count(d->folio) != 1);
	put_page(d->pages);
}

static inline pud_t pud_at(struct mm_struct *mm, unsigned long addr)
{
	return (pud_t){ tree_value(mm->pt.pgd, LEVEL_PUD, addr) };
}

static inline bool has_pud_leaf(struct mm_struct *mm)
{
	return pud_trans_huge(pud_at(mm, PLACE));
}

#endif
