/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.h - files whose pages are a driver's: what the driver does, and which of its entries allow writes.
 *
 * VM_PFNMAP     the entries are raw frames (vm_normal_page.h). A private mapping of them is mapped as a whole, by
 *               remap_pfn_range()
 * VM_MIXEDMAP   raw frames, and pages of the driver, which are counted as those of a file
 *
 * neither       counted pages of the driver alone, as of a device's memory: huge_pud.h
 *
 * A driver maps its pages when a VMA is made, or in faults: pfnmap.h, vm_insert.h.
 *
 * Source: include/linux/fs.h, struct file_operations; include/linux/mm.h, struct vm_operations_struct.
 */
#ifndef FAULTLINE_CORE_MM_DEVICE_H
#define FAULTLINE_CORE_MM_DEVICE_H

#include "core/mm/address_space.h"
#include "core/mm/mm_types.h"

struct vm_fault;

/* Lock key: (C) const */
struct vm_operations_struct {
	/*
	 * (C) prepares a new VMA of the file: sets VM_PFNMAP or VM_MIXEDMAP, may map it. Returns 0 or -errno. Locking:
	 * mmap_lock for write, the VMA write-locked.
	 */
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	/*
	 * (C) an access where nothing is mapped: maps vmf->addr and returns VM_FAULT_NOPAGE, or an error; NULL:
	 * VM_FAULT_SIGBUS. Locking: mmap_lock.
	 */
	unsigned int (*fault)(struct vm_fault *vmf);
	/*
	 * (C) the same before that, where a leaf of 1 << @order pages may map: maps it and returns VM_FAULT_NOPAGE;
	 * VM_FAULT_FALLBACK leaves it to fault(); or an error. NULL: no leaves. Shared mappings. Locking: mmap_lock.
	 */
	unsigned int (*huge_fault)(struct vm_fault *vmf, unsigned int order);
	/*
	 * (C) before a raw frame of a shared mapping becomes writable: returns 0 for yes, VM_FAULT_NOPAGE if it made
	 * the entry writable itself, or an error. With it entries are read-only at first; NULL: writable. Locking:
	 * mmap_lock.
	 */
	unsigned int (*pfn_mkwrite)(struct vm_fault *vmf);
};

/* True if entries can name the @nr frames from @pfn on. Source: arch/x86/mm/mmap.c. */
static inline bool pfn_modify_allowed(unsigned long pfn, unsigned long nr)
{
	return pfn + nr >= pfn && pfn + nr - 1 <= ENTRY_PFN_MASK >> PAGE_SHIFT;
}

/* True if @vma maps a file of a driver. */
static inline bool vma_is_device(const struct vm_area_struct *vma)
{
	return vma->vm_file && vma->vm_file->ops;
}

/*
 * True if entries of @vma, a shared mapping, become writable by a fault only: a file with writeback, which one of huge
 * pages of the pool has not, or a driver that wants to know. Source: mm/vma.c.
 */
static inline bool vma_wants_writenotify(const struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE | VM_HUGETLB)) != (VM_SHARED | VM_WRITE) || !vma->vm_file)
		return false;
	return !vma->vm_file->ops || vma->vm_file->ops->pfn_mkwrite;
}

/* True if writes to it go to a file with writeback, or a driver keeps count of them. Source: mm/vma.c. */
static inline bool vma_needs_dirty_tracking(const struct vm_area_struct *vma)
{
	return vma_wants_writenotify(vma);
}

/* True if entries of a driver's pages and frames are writable at once. */
static inline bool vma_inserts_writable(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) && !vma_wants_writenotify(vma);
}

#endif
