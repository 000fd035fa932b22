/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_lock.h - the lock of one mm's VMA tree, wrapped so that another kind of lock replaces this file alone.
 *
 * Dropping or downgrading it for write releases all VMA write locks taken under it.
 * Source: include/linux/mmap_lock.h.
 */
#ifndef FAULTLINE_CORE_MM_MMAP_LOCK_H
#define FAULTLINE_CORE_MM_MMAP_LOCK_H

#include "core/mm/vma_lock.h"

#define mmap_read_lock(mm)	down_read(&(mm)->mmap_lock)
#define mmap_read_trylock(mm)	down_read_trylock(&(mm)->mmap_lock)
#define mmap_write_lock(mm) \
	do { \
		down_write(&(mm)->mmap_lock); \
		mm_lock_seqcount_begin(mm); \
	} while (0)
/* The child's at fork, with its parent's held. */
#define mmap_write_lock_nested(mm) \
	do { \
		down_write_nested(&(mm)->mmap_lock); \
		mm_lock_seqcount_begin(mm); \
	} while (0)
#define mmap_assert_locked(mm)	assert_rwsem_held(&(mm)->mmap_lock)
#define mmap_assert_write_locked(mm) assert_rwsem_held_write(&(mm)->mmap_lock)

/* Locking: mmap_lock for read. */
static inline void mmap_read_unlock(struct mm_struct *mm)
{
	up_read(&mm->mmap_lock);
}

/*
 * mmap_read_lock_seen, mmap_read_unlock_seen - the same by calls, for oracles: an explore build does not see their
 * accesses, and has to see what they wait for, and what waits for them. Locking: as mmap_read_lock().
 */
void mmap_read_lock_seen(struct mm_struct *mm);
void mmap_read_unlock_seen(struct mm_struct *mm);

/*
 * Releases all VMA write locks, then mmap_lock. Locking: mmap_lock for write. Source: include/linux/mmap_lock.h,
 * vma_end_write_all().
 */
static inline void mmap_write_unlock(struct mm_struct *mm)
{
	vma_end_write_all(mm);
	up_write(&mm->mmap_lock);
}

/* The same, but keeps mmap_lock for read: no writer comes in between. */
static inline void mmap_write_downgrade(struct mm_struct *mm)
{
	vma_end_write_all(mm);
	downgrade_write(&mm->mmap_lock);
}

#endif
