/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit.c - tears down an address space. */
#include "core/op/exit.h"

#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/notifier.h"
#include "core/op/munmap.h"
#include "core/probe/operation.h"

void mm_exit(struct mm_struct *mm)
{
	OPERATION("exit", mm, 0);
	int err;

	mmap_write_lock(mm);
	mmu_notifier_release(mm);
	SYNCPOINT("exit.released");
	mm->has_sealed = false;	/* seals end with the mm */
	err = do_munmap_locked(mm, 0, ALIGN_UP(TASK_SIZE, PGDIR_SIZE));
	BUG_ON(err);		/* nothing is split, so nothing is allocated */
	mmap_write_unlock(mm);
	ksm_exit(mm);
	mmdrop(mm);
}
