/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pfnmap.h - maps raw frames: device memory, or other memory outside of the allocator.
 *
 * The entries hold frame numbers. The frames may lie beyond the machine: then they cannot be read, and a private copy
 * is zero. Or they exist and are PAGE_RESERVED: the owner keeps them for as long as they are mapped. Others are
 * rejected, since a private copy could be allocated in the very frame it is a copy of, and be taken for it
 * (vm_normal_page.h).
 *
 * Source: mm/memory.c, remap_pfn_range(); drivers/char/mem.c, mmap_mem(); the patch "mm: re-architect the VM_UNPAGED
 * logic".
 */
#ifndef FAULTLINE_CORE_OP_PFNMAP_H
#define FAULTLINE_CORE_OP_PFNMAP_H

#include "core/mm/mm_types.h"

/*
 * remap_pfn_range - maps frames @pfn … over [@addr, @addr + @size), all of @vma, which is empty. Sets VM_IO,
 * VM_RESERVED and VM_PFNMAP, and vm_pgoff to @pfn. Under policy thp=always leaves of PUD tables map as much as
 * possible. Returns 0; -EINVAL (not all of @vma, frames that are rejected, or more than an entry can name; nothing is
 * changed); -ENOMEM (part of it is mapped, and the caller unmaps @vma). Locking: mmap_lock for write, @vma
 * write-locked. Source: mm/memory.c.
 */
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long size);

/*
 * sys_mmap_pfn - sys_mmap() of frames @pfn …, privately, as of a device: addresses, @flags without MAP_ANONYMOUS, and
 * errors as there, and -EINVAL for frames that remap_pfn_range() rejects. Locking: none held.
 */
long sys_mmap_pfn(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, unsigned long pfn);

/*
 * alloc_raw_frames - 1 << @order consecutive frames that may be mapped raw, contents undefined; NULL without memory.
 * free_raw_frames - frees them. Locking: none; to free, nothing maps them.
 */
struct page *alloc_raw_frames(unsigned int order);
void free_raw_frames(struct page *pages, unsigned int order);

/*
 * copy_raw_payload - copies the contents of raw frame @pfn to @to, which is zeroed; no effect if it can't be read.
 * Source: mm/memory.c, cow_user_page().
 */
void copy_raw_payload(struct page *to, unsigned long pfn);

#endif
