/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_queue.h - what the files that register ranges and fill in pages need of a userfaultfd's queues. */
#ifndef FAULTLINE_CORE_OP_UFFD_QUEUE_H
#define FAULTLINE_CORE_OP_UFFD_QUEUE_H

#include "core/op/userfaultfd.h"

/*
 * True if @vma may have pages of a userfaultfd, and pages that are moved to one. Locking: mmap_lock or the VMA lock.
 * Source: fs/userfaultfd.c, vma_can_userfault(); mm/userfaultfd.c, vma_move_compatible().
 */
static inline bool vma_can_userfault(const struct vm_area_struct *vma)
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
