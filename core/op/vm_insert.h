/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm_insert.h - a driver maps its frames and pages, one by one, in a VMA of its file (device.h).
 *
 * Where an entry exists, it stays: of several faults at one address one maps it, the others return as if they had.
 *
 * Source: mm/memory.c.
 */
#ifndef FAULTLINE_CORE_OP_VM_INSERT_H
#define FAULTLINE_CORE_OP_VM_INSERT_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/op/fault.h"

struct vm_fault;

DECLARE_EVENT(VM_INSERT_PAGE);
DECLARE_EVENT(VM_INSERT_PFN);
DECLARE_EVENT(VM_INSERT_BUSY);
DECLARE_EVENT(PFN_MKWRITE);

#define VM_FAULT_NOPAGE		0x100u	/* of a driver's fault: the address is mapped */
#define VM_FAULT_FALLBACK	0x800u	/* of a driver's huge_fault(): smaller entries have to map it */

/*
 * alloc_driver_pages - a folio of 1 << @order pages of a driver, with its reference, contents undefined; NULL without
 * memory. put_page() drops it.
 */
struct page *alloc_driver_pages(unsigned int order);

/*
 * vm_insert_page - maps @page, a PAGE_DRIVER one, at @addr: the entry takes a reference and counts as one of a file's
 * page. Sets VM_MIXEDMAP if @vma has not: then mmap_lock is held for write, and @vma write-locked. Returns 0; -EFAULT,
 * @addr is outside @vma; -EINVAL, not such a page; -EBUSY, something is mapped there; -ENOMEM. Locking: mmap_lock.
 */
int vm_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page);

/*
 * vm_insert_pfn - maps frame @pfn raw, in a shared VM_PFNMAP VMA, or in a VM_MIXEDMAP one. Returns as vm_insert_page();
 * -EINVAL, more than an entry can name. Locking: mmap_lock. Source: mm/memory.c until Linux 4.19, insert_pfn() since.
 */
int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);

/*
 * For a driver's fault. vmf_insert_page() - vm_insert_page(). vmf_insert_pfn() - vm_insert_pfn() in a shared VM_PFNMAP
 * VMA; in a VM_MIXEDMAP one only for a frame without a struct page. vmf_insert_mixed() - in a VM_MIXEDMAP VMA, any
 * frame but the zero page, raw and not counted. vmf_insert_mixed_mkwrite() - the same, and where that frame is mapped
 * already makes the entry writable and dirty. All return VM_FAULT_NOPAGE: it, or another thread's, is mapped;
 * VM_FAULT_OOM; or VM_FAULT_SIGBUS. Locking: mmap_lock.
 */
vm_fault_t vmf_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page);
/* The same for the fault's address, in a shared mapping without VM_MIXEDMAP: all of its pages are counted. */
vm_fault_t vmf_insert_page_mkwrite(struct vm_fault *vmf, struct page *page);
vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);
vm_fault_t vmf_insert_mixed(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);
vm_fault_t vmf_insert_mixed_mkwrite(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);

/*
 * zap_vma_ptes - unmaps [@addr, @addr + @size) of @vma, a VM_PFNMAP one; no effect if it is not, or the range is not in
 * it. Locking: mmap_lock. Source: mm/memory.c.
 */
void zap_vma_ptes(struct vm_area_struct *vma, unsigned long addr, unsigned long size);

#endif
