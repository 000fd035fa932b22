/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_queue.h - what the files that register ranges and fill in pages need of a userfaultfd's queues. */
#ifndef FAULTLINE_CORE_OP_UFFD_QUEUE_H
#define FAULTLINE_CORE_OP_UFFD_QUEUE_H

#include "core/mm/address_space.h"
#include "core/op/userfaultfd.h"

/* Locking: mmap_lock or the VMA lock. Source: include/linux/mm.h. */
static inline bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return !vma_is_anonymous(vma) && shmem_mapping(&vma->vm_file->mapping);
}

/*
 * vma_can_userfault - true if @vma may be a userfaultfd's, for @modes of __VM_UFFD_FLAGS. vma_move_compatible() - if
 * pages may be moved from there, and to there. Locking: mmap_lock or the VMA lock. Source: include/linux/
 * userfaultfd_k.h; mm/userfaultfd.c.
 */
static inline bool vma_can_userfault(const struct vm_area_struct *vma, unsigned long modes)
{
	if (vma->vm_flags & (VM_SPECIAL | VM_HUGETLB))
		return false;
	return vma_is_anonymous(vma) ? !(modes & VM_UFFD_MINOR) : vma_is_shmem(vma) && !(modes & VM_UFFD_WP);
}

static inline bool vma_move_compatible(const struct vm_area_struct *vma)
{
	return vma_is_anonymous(vma) && !(vma->vm_flags & (VM_SPECIAL | VM_HUGETLB));
}

/* -EINVAL unless the range is aligned, not empty, and in bounds. Source: fs/userfaultfd.c, validate_range(). */
int uffd_validate_range(unsigned long start, unsigned long len);
/* Wakes faults in [@start, @end). Locking: none, or any but a leaf. */
void uffd_wake_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end);
/* Drops a reference; the last one frees it. Locking: none held. */
void uffd_put(struct userfaultfd_ctx *ctx);
/* Its address space, in which the caller has no user. */
struct mm_struct *uffd_mm(const struct userfaultfd_ctx *ctx);

#endif
