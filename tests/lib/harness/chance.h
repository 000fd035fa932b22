/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chance.h - which locks another thread could get at some moment. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_CHANCE_H
#define FAULTLINE_TESTS_LIB_HARNESS_CHANCE_H

#include "core/mm/mmap_lock.h"
#include "core/mm/vma.h"

/* True when the VMA at @addr can be had without mmap_lock. */
static inline bool can_be_read(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);

	if (vma)
		vma_end_read(mm, vma);
	return vma;
}

/* What is got at @addr, and was before. */
struct chance {
	struct mm_struct *mm;
	unsigned long addr;
	bool mmap_lock, vma_lock;
};

/* @arg: the chance. To be done meanwhile (meanwhile.h). */
static inline void try_locks(void *arg)
{
	struct chance *chance = arg;

	chance->vma_lock = can_be_read(chance->mm, chance->addr);
	chance->mmap_lock = mmap_read_trylock(chance->mm);
	if (chance->mmap_lock)
		mmap_read_unlock(chance->mm);
}

#endif
