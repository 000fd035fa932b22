/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pfnmap.h - maps raw frames: device memory, or memory that the allocator manages for another owner.
 *
 * The entries hold frame numbers. The frames may lie beyond the machine: then they cannot be read, and a private copy
 * is zero. Or they exist: the owner keeps them for as long as they are mapped, as no entry counts them.
 *
 * Source: mm/memory.c, remap_pfn_range(); drivers/char/mem.c, mmap_mem(); the patch "mm: re-architect the VM_UNPAGED
 * logic".
 */
#ifndef FAULTLINE_CORE_OP_PFNMAP_H
#define FAULTLINE_CORE_OP_PFNMAP_H

#include "core/mm/mm_types.h"

/*
 * remap_pfn_range - maps frames @pfn … over [@addr, @addr + @size), which is empty: all of @vma if that is private,
 * any part of it if it is shared. Sets VM_IO, VM_RESERVED, VM_DONTDUMP and VM_PFNMAP, and in a private @vma vm_pgoff
 * to @pfn. Writes to a shared @vma go to the frames themselves. A private one without a file is mapped by leaves of PUD
 * tables as far as possible, under policy thp=always. Returns 0; -EINVAL (a private @vma and not all of it, not in
 * @vma, or more than an entry can name; nothing is changed); -ENOMEM (nothing of it is mapped). Locking: mmap_lock for
 * write, @vma write-locked. Source: mm/memory.c.
 */
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long size);

/*
 * sys_mmap_pfn - sys_mmap() of frames @pfn …, privately, as of a device: addresses, @flags without MAP_ANONYMOUS, and
 * errors as there, and -EINVAL for frames that remap_pfn_range() rejects. For shared ones see sys_mmap_device().
 * Locking: none held.
 */
long sys_mmap_pfn(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, unsigned long pfn);

/*
 * alloc_raw_frames - 1 << @order consecutive frames to be mapped raw, contents undefined; NULL without memory.
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
