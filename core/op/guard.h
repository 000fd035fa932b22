/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard.h - guard regions: entries any touch of which is fatal, without a VMA of their own.
 *
 * Both take a range inside @vma. Source: mm/madvise.c, madvise_guard_install(), madvise_guard_remove().
 */
#ifndef FAULTLINE_CORE_OP_GUARD_H
#define FAULTLINE_CORE_OP_GUARD_H

#include "core/mm/mm_types.h"

/*
 * Markers over [@start, @end); what was mapped is zapped. Returns 0; -EINVAL (raw frames); -ENOMEM, with part of it done; -EAGAIN when faults
 * kept mapping pages for as many rounds as are tried. Locking: mmap_lock.
 */
int guard_install(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* Takes the markers away, and nothing else. Returns 0. Locking: mmap_lock. */
int guard_remove(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
