/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * all_locks.h - every lock under which the entries of one mm change, all held at once.
 *
 * Faults and operations hold mmap_lock or a VMA lock, rmap walks i_mmap_rwsem or the lock of an anon_vma. Their holder
 * for write knows that none of them is inside the mm, and that each one which comes later sees what it has stored.
 * Threads without any of these, GUP-fast and walks under RCU, still come and go.
 *
 * Several VMAs may map one file, or share a family of anon_vmas: a mark shows that its lock is held already.
 */
#ifndef FAULTLINE_CORE_MM_ALL_LOCKS_H
#define FAULTLINE_CORE_MM_ALL_LOCKS_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(ALL_LOCKS);

/*
 * mm_take_all_locks - takes for write the VMA lock of each VMA of @mm, then i_mmap_rwsem of each file that it maps,
 * then the lock of each family of anon_vmas that it is linked to, each once. It cannot fail: there are no signals.
 * mm_drop_all_locks() drops all but the VMA locks, which end with mmap_lock. Cost: one step for each VMA and chain; all
 * rmap walks over pages that @mm may share wait meanwhile. Locking: mmap_lock for write, until both are done; no lock
 * that ranks below it. Source: mm/vma.c.
 */
void mm_take_all_locks(struct mm_struct *mm);
void mm_drop_all_locks(struct mm_struct *mm);

/* Locking: the calling thread is the only one in core. */
void mm_all_locks_init(void);

#endif
