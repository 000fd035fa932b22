/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm_normal_page.h - distinguishes entries of counted pages from those of raw frames.
 *
 * Raw      a special entry in a VM_PFNMAP or VM_MIXEDMAP VMA. Its frame is not counted, found by rmap, pinned, swapped
 *          or freed, and may have no struct page. In a private VM_PFNMAP VMA it is the frame at its offset in the VMA:
 *          vm_pgoff plus the number of the page.
 * Normal   any other frame. In a private VMA it may be the copy of a raw one.
 *
 * Special decides, not the frame's number: ordinary memory may be mapped raw, and if its owner frees it, a copy may be
 * allocated in the very frame that it is a copy of. The zero page is special, not raw, and not counted either.
 *
 * Source: mm/memory.c, vm_normal_page(), print_bad_pte(); the patch "mm: re-architect the VM_UNPAGED logic".
 */
#ifndef FAULTLINE_CORE_MM_VM_NORMAL_PAGE_H
#define FAULTLINE_CORE_MM_VM_NORMAL_PAGE_H

#include "core/mm/mm_types.h"
#include "core/pgtable/bad_entry.h"
#include "core/phys/folio.h"

/* The frame that @vma, a private VM_PFNMAP one, maps raw at @addr. */
static inline unsigned long vma_raw_pfn(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/*
 * True if a special entry of @vma at @addr may name frame @pfn: then it is raw. Locking: as vm_normal_page(). Source:
 * mm/memory.c, vm_normal_page(): both of its ways to recognise a raw frame, which agree here.
 */
static inline bool vma_maps_raw(const struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	unsigned long flags = load_relaxed(&vma->vm_flags);

	if (flags & VM_MIXEDMAP)
		return true;
	return (flags & VM_PFNMAP) && (!is_cow_mapping(flags) || pfn == vma_raw_pfn(vma, addr));
}

/* The rest of vm_normal_page(): special entries, corrupt entries. */
struct page *vm_normal_page_slow(const struct vm_area_struct *vma, unsigned long addr, pte_t pte);

/*
 * vm_normal_page - the page that @pte, present and read at @addr, maps and counts in. NULL: a raw frame, the zero
 * page, or a corrupt entry - a frame that does not exist, a special one of another kind - which is reported. Locking:
 * mmap_lock, the VMA lock, or @vma is detached; or a lock of its reverse map, under which other flags may change.
 * Source: mm/memory.c.
 */
static force_inline struct page *vm_normal_page(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	if (likely(!pte_special(pte) && pfn_valid(pte_pfn(pte))))
		return pte_page(pte);
	return vm_normal_page_slow(vma, addr, pte);
}

#endif
