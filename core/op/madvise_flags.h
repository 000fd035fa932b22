/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise_flags.h - advice that a VMA keeps as a flag. Source: mm/madvise.c, madvise_vma_behavior(). */
#ifndef FAULTLINE_CORE_OP_MADVISE_FLAGS_H
#define FAULTLINE_CORE_OP_MADVISE_FLAGS_H

#include "core/mm/mm_types.h"

/* True if @advice changes flags of VMAs: it needs mmap_lock for write. Source: mm/madvise.c, get_lock_mode(). */
bool advice_sets_flags(int advice);

/*
 * madvise_update_vma - sets the flags of such an @advice for [@start, @end), which lies in @vma, and splits and merges
 * VMAs accordingly. Returns 0; -EINVAL (the kind of memory does not take the advice; a part of raw frames, which are
 * not split; unknown advice); -EAGAIN (no memory, or too many VMAs). Locking: mmap_lock for write.
 */
int madvise_update_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       int advice);

#endif
