/* SPDX-License-Identifier: GPL-2.0-or-later */
/* populate.c - takes the faults of a range before its pages are accessed. */
#include "core/op/populate.h"

#include <errno.h>

#include "core/mm/hugetlb.h"
#include "core/mm/vma.h"
#include "core/op/fault.h"

int faultin_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, unsigned int flags)
{
	unsigned long size = is_vm_hugetlb_page(vma) ? huge_page_size(hstate_vma(vma)) : PAGE_SIZE;
	vm_fault_t ret = 0;

	for (; !ret && start < end; start = ALIGN_DOWN(start, size) + size)
		ret = handle_mm_fault(vma, start, flags);
	if (ret & VM_FAULT_OOM)
		return -ENOMEM;
	if (ret & VM_FAULT_HWPOISON)
		return -EHWPOISON;
	return ret ? -EFAULT : 0;
}

int populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	bool write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;

	if (vma->vm_flags & VM_LOCKONFAULT)
		return 0;
	if (!vma_is_accessible(vma))
		return -EFAULT;
	return faultin_page_range(vma, start, end, write ? FAULT_FLAG_WRITE : 0);
}

int mm_populate(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	unsigned long end = start + len;
	struct vm_area_struct *vma;
	int err = 0;

	mmap_read_lock(mm);
	for (; !err && start < end && (vma = find_vma_intersection(mm, start, end)); start = vma->vm_end)
		if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
			err = populate_vma_page_range(vma, max(start, vma->vm_start), min(end, vma->vm_end));
	mmap_read_unlock(mm);
	return err;
}
