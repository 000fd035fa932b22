/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmalloc.h - the kernel's address space: pages mapped at consecutive kernel addresses.
 *
 * init_mm has page tables of its own, no VMAs and no users. Its addresses are handed out as areas, and only the owner
 * of an area sets, reads and clears entries of its range: no PTL is needed.
 *
 *   vmap areas lock           which ranges are in use; a range is free again once its entries are cleared and flushed
 *   page_table_lock           links tables: two areas may share each of them
 *   mmap_lock, for write      unlinks and frees a PTE table, when a leaf takes its place; all others stay for ever
 *   mmap_lock, for read       walks of ranges of other owners: they find the entries of no moment, and no freed table
 *
 * Source: mm/vmalloc.c, include/linux/vmalloc.h, mm/init-mm.c.
 */
#ifndef FAULTLINE_CORE_MM_VMALLOC_H
#define FAULTLINE_CORE_MM_VMALLOC_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(VMAP);
DECLARE_EVENT(VMAP_LEAF);
DECLARE_EVENT(KERNEL_TABLE_FREE);

extern struct mm_struct *init_mm;	/* (C) between vmalloc_init() and vmalloc_exit(); else NULL */

/*
 * vmalloc_init - makes the kernel's address space, under @policy but for its PTLs: page_table_lock links all tables.
 * Returns 0 or -ENOMEM. vmalloc_exit() - frees it, and its tables; no area is left. Locking: a registered cpu; no other
 * thread uses it.
 */
int vmalloc_init(const struct mm_policy *policy);
void vmalloc_exit(void);

/*
 * vmap - maps @nr pages, not none, of @pages one after the other; the caller keeps their references. Returns
 * the first address; 0 without memory or addresses. vunmap() - unmaps them. Locking: no spinlock held. Source:
 * mm/vmalloc.c.
 */
unsigned long vmap(struct page *const *pages, unsigned long nr) __must_check;
void vunmap(unsigned long addr);

/*
 * vmalloc - the same with @nr new pages. vmalloc_huge() - the same, with a leaf for each huge page that there is memory
 * for; PTEs where there is none. vfree() - unmaps and frees them. Locking: no lock held. Source: mm/vmalloc.c.
 */
unsigned long vmalloc(unsigned long nr) __must_check;
unsigned long vmalloc_huge(unsigned long nr) __must_check;
void vfree(unsigned long addr);

/* The page that the kernel maps at @addr, or NULL. Locking: the caller owns its area. Source: mm/vmalloc.c. */
struct page *vmalloc_to_page(unsigned long addr);

#endif
