/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard.h - guard regions: entries that make any access fatal, without a VMA of their own.
 *
 * Both functions take a range inside @vma. Source: mm/madvise.c, madvise_guard_install(), madvise_guard_remove().
 */
#ifndef FAULTLINE_CORE_OP_GUARD_H
#define FAULTLINE_CORE_OP_GUARD_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(GUARD_RETRY);

/*
 * Installs markers over [@start, @end); mapped pages are zapped; a leaf is split only if part of it is zapped. Returns
 * 0; -EINVAL (raw frames, hugetlb, locked memory); -ENOMEM, with part of it done; -EAGAIN if faults mapped pages again
 * in each round. Locking: mmap_lock.
 */
int guard_install(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* Removes the markers only; leaves stay. Returns 0; -EINVAL (raw frames, hugetlb). Locking: mmap_lock. */
int guard_remove(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
