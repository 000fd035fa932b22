/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault_locks.h - when a fault that a userfaultfd has reported has decided to wait. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_FAULT_LOCKS_H
#define FAULTLINE_TESTS_LIB_SCENE_FAULT_LOCKS_H

#include "core/mm/mmap_lock.h"
#include "core/mm/vma.h"
#include "core/mm/vma_lock.h"

/*
 * Returns once no fault holds mmap_lock, or the lock of @mm's VMA at @addr. A fault can be read as soon as it is
 * queued; it looks at its entry again before it drops its lock, and does not wait if that was resolved meanwhile.
 */
static inline void await_fault_locks(struct mm_struct *mm, unsigned long addr)
{
	mmap_write_lock(mm);
	vma_start_write(find_vma(mm, addr));
	mmap_write_unlock(mm);
}

#endif
