/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmap_device.c - maps files of drivers, and drivers that map frames and pages in the usual ways. */
#include "core/op/mmap_device.h"

#include <errno.h>

#include "core/mm/rmap.h"
#include "core/op/huge_pud.h"
#include "core/op/mmap.h"
#include "core/op/munmap.h"
#include "core/op/pfnmap.h"
#include "core/op/uffd_event.h"
#include "core/op/vm_fault.h"
#include "core/op/vm_insert.h"
#include "core/probe/operation.h"

/* Locking: mmap_lock for write. Returns as sys_mmap_device(). */
static long map_by_driver(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind,
			  struct uffd_unmaps *unmaps)
{
	long at = do_mmap(mm, addr, len, flags, kind, unmaps);
	struct vm_area_struct *vma;
	int err;

	if (at < 0)
		return at;
	vma = vma_lookup(mm, (unsigned long)at);
	vma_start_write(vma);
	err = kind.file->ops->mmap(kind.file, vma);
	if (!err)
		return at;
	BUG_ON(do_munmap_locked(mm, (unsigned long)at, (unsigned long)at + len, unmaps));
	return err;
}

long sys_mmap_device(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags,
		     struct file *file, unsigned long pgoff)
{
	OPERATION("mmap_device", mm, addr);
	/* Special from the beginning: it is never merged with a neighbour. */
	struct vma_kind kind = { .flags = prot_to_vm_flags(prot) | VM_DONTEXPAND, .file = file, .pgoff = pgoff };
	struct uffd_unmaps unmaps = STAILQ_HEAD_INITIALIZER(unmaps);
	long ret;

	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len || ((flags & MAP_TYPE) != MAP_SHARED && (flags & MAP_TYPE) != MAP_PRIVATE))
		return -EINVAL;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (flags & MAP_SHARED)
		kind.flags |= VM_SHARED;
	count_event(EV_MMAP);
	mmap_write_lock(mm);
	ret = map_by_driver(mm, addr, len, flags, kind, &unmaps);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&unmaps);
	return ret;
}

/* ---- drivers ---- */

static bool has_frames(const struct file *file, unsigned long pfn, unsigned long nr)
{
	const struct device_frames *frames = file->private_data;

	return pfn >= frames->first && nr <= frames->nr && pfn - frames->first <= frames->nr - nr;
}

static int mmap_mem(struct file *file, struct vm_area_struct *vma)
{
	if (!has_frames(file, vma->vm_pgoff, vma_pages(vma)))
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, vma->vm_end - vma->vm_start);
}

static int mmap_pfn(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	vma_set_flags(vma, vma->vm_flags | VM_IO | VM_PFNMAP);
	return 0;
}

static vm_fault_t fault_pfn(struct vm_fault *vmf)
{
	unsigned long pfn = linear_page_index(vmf->vma, vmf->addr);

	if (!has_frames(vmf->vma->vm_file, pfn, 1))
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->addr, pfn);
}

static int mmap_mixed(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	vma_set_flags(vma, vma->vm_flags | VM_MIXEDMAP);
	return 0;
}

static vm_fault_t fault_mixed(struct vm_fault *vmf)
{
	unsigned long pfn = linear_page_index(vmf->vma, vmf->addr);

	if (!has_frames(vmf->vma->vm_file, pfn, 1))
		return VM_FAULT_SIGBUS;
	if (pfn_valid(pfn) && page_type(pfn_to_page(pfn)) == PAGE_DRIVER)
		return vmf_insert_page(vmf->vma, vmf->addr, pfn_to_page(pfn));
	return vmf_insert_mixed(vmf->vma, vmf->addr, pfn);
}

/* Source: drivers/dax/device.c, check_vma(). */
static int mmap_dax(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	return is_cow_mapping(vma->vm_flags) ? -EINVAL : 0;
}

static vm_fault_t fault_dax(struct vm_fault *vmf)
{
	unsigned long pfn = linear_page_index(vmf->vma, vmf->addr);

	if (!has_frames(vmf->vma->vm_file, pfn, 1))
		return VM_FAULT_SIGBUS;
	return vmf_insert_page_mkwrite(vmf, pfn_to_page(pfn));
}

/* Source: drivers/dax/device.c, __dev_dax_pud_fault(). */
static vm_fault_t huge_fault_dax(struct vm_fault *vmf, unsigned int order)
{
	unsigned long nr = 1ul << order, start = ALIGN_DOWN(vmf->addr, nr << PAGE_SHIFT);
	unsigned long pfn = linear_page_index(vmf->vma, start);
	struct folio *folio;

	if (order != HPAGE_PUD_ORDER || !has_frames(vmf->vma->vm_file, pfn, nr))
		return VM_FAULT_FALLBACK;
	folio = page_folio(pfn_to_page(pfn));
	if (folio_pfn(folio) != pfn || folio_order(folio) != order)
		return VM_FAULT_FALLBACK;
	return vmf_insert_folio_pud(vmf, folio);
}

const struct vm_operations_struct mem_device = { .mmap = mmap_mem };
const struct vm_operations_struct pfn_device = { .mmap = mmap_pfn, .fault = fault_pfn };
const struct vm_operations_struct mixed_device = { .mmap = mmap_mixed, .fault = fault_mixed };
const struct vm_operations_struct dax_device = { .mmap = mmap_dax, .fault = fault_dax, .huge_fault = huge_fault_dax };
