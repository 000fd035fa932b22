/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_device.h - maps files of drivers, and drivers that map frames and pages in the usual ways.
 *
 * Pages of these files are numbered by frames, as those of /dev/mem: page n is frame n. So a private mapping by
 * remap_pfn_range(), which keeps its first frame in vm_pgoff, has its place among the VMAs of its file by the same
 * number, and unmap_mapping_range() finds all of them. Source: mm/mmap.c, mmap_region(); drivers/char/mem.c.
 */
#ifndef FAULTLINE_CORE_OP_MMAP_DEVICE_H
#define FAULTLINE_CORE_OP_MMAP_DEVICE_H

#include "core/mm/device.h"

/* What a driver of this file has: file->private_data. No lock key: const while the file exists. */
struct device_frames {
	unsigned long first, nr;	/* frames; what may be mapped */
};

/*
 * sys_mmap_device - as sys_mmap_file() for @file of a driver, whose mmap() prepares the VMA: MAP_SHARED or MAP_PRIVATE.
 * Returns as sys_mmap_file(), or the driver's error; what was mapped there before is then unmapped. Locking: none held.
 */
long sys_mmap_device(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags,
		     struct file *file, unsigned long pgoff);

/*
 * mem_device - maps all frames when the VMA is made, by remap_pfn_range(); -EINVAL for others than the file's. Once
 * unmapped, they are VM_FAULT_SIGBUS. Source: drivers/char/mem.c, mmap_mem().
 * pfn_device - faults map raw frames, by vmf_insert_pfn(); -EINVAL for private mappings.
 * mixed_device - faults map PAGE_DRIVER pages by vmf_insert_page(), other frames raw by vmf_insert_mixed().
 * dax_device - its frames are PAGE_DRIVER pages, a device's memory: faults map each folio of HPAGE_PUD_NR of them that
 * lies in the VMA, aligned, by a leaf of a PUD table, others one by one; -EINVAL for private mappings. Source:
 * drivers/dax/device.c.
 * Faults beyond the file's frames are VM_FAULT_SIGBUS.
 */
extern const struct vm_operations_struct mem_device;
extern const struct vm_operations_struct pfn_device;
extern const struct vm_operations_struct mixed_device;
extern const struct vm_operations_struct dax_device;

#endif
