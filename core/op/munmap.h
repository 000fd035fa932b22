/* SPDX-License-Identifier: GPL-2.0-or-later */
/* munmap.h - unmaps ranges. Source: mm/vma.c, do_vmi_align_munmap(). */
#ifndef FAULTLINE_CORE_OP_MUNMAP_H
#define FAULTLINE_CORE_OP_MUNMAP_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(MUNMAP);

/*
 * sys_munmap - as munmap(2): 0; -EINVAL (@start not page aligned, @len 0, range beyond TASK_SIZE; the range ends
 * inside a huge page of hugetlb, and a VMA may have been split at @start); -ENOMEM (no memory for a split, or too many
 * VMAs), with nothing changed; -EPERM (part of it is sealed: nothing is unmapped, but a VMA may have been split at
 * @start). Locking: none held.
 */
int sys_munmap(struct mm_struct *mm, unsigned long start, unsigned long len);

/*
 * do_munmap_locked - the same over [@start, @end), page aligned and in range; mmap_lock stays held for write.
 * Locking: mmap_lock for write.
 */
int do_munmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end);
/*
 * do_munmap_unlock - the same, and drops mmap_lock: it is downgraded to read first, if the policy says so. Locking:
 * mmap_lock for write.
 */
int do_munmap_unlock(struct mm_struct *mm, unsigned long start, unsigned long end);

#endif
