/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm_normal_page.h - which entries map pages that are counted, and which map raw frames.
 *
 * Raw      in a VM_PFNMAP VMA, the frame that its place in the VMA says: vm_pgoff plus the number of the page. Nobody looks
 *          behind it: it is not counted, found by rmap, pinned, swapped or freed, and may have no struct page.
 * Normal   any other frame. In a VM_PFNMAP VMA it is the private copy of what was raw there.
 *
 * A raw entry is special too, for GUP-fast, which has no VMA to ask. The zero page is not raw, and not counted either.
 *
 * Source: mm/memory.c, vm_normal_page(), print_bad_pte() (seed 003).
 */
#ifndef FAULTLINE_CORE_MM_VM_NORMAL_PAGE_H
#define FAULTLINE_CORE_MM_VM_NORMAL_PAGE_H

#include "core/mm/mm_types.h"
#include "core/phys/folio.h"

/* The frame that @vma, a VM_PFNMAP one, maps raw at @addr. */
static inline unsigned long vma_raw_pfn(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

struct page *vm_normal_page_slow(const struct vm_area_struct *vma, unsigned long addr, pte_t pte);

/*
 * vm_normal_page - the page that @pte, present and read at @addr, maps and counts in. NULL: a raw frame, the zero page, or an
 * entry that can't be - a frame that does not exist, a special one of another kind - which is reported.
 * Locking: mmap_lock, the VMA lock, or @vma is detached; or a lock of its reverse map, under which other flags may change.
 * Source: mm/memory.c.
 */
static force_inline struct page *vm_normal_page(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	if (likely(!pte_special(pte) && !(load_relaxed(&vma->vm_flags) & VM_PFNMAP) && pfn_valid(pte_pfn(pte))))
		return pte_page(pte);
	return vm_normal_page_slow(vma, addr, pte);
}

/* ---- entries that can't be ---- */

#define BAD_PTE_LOG	16	/* reports that are kept: the first ones say where it began */

/* No lock key: a copy. */
struct bad_pte {
	unsigned long addr, vm_start, vm_flags;
	uint64_t val;
};

/* How many were reported since bad_ptes_reset(); the first BAD_PTE_LOG of them, at the most, go to @log, if not NULL. */
unsigned long bad_ptes(struct bad_pte *log);
/* Locking: no other thread is in core. */
void bad_ptes_reset(void);

#endif
