/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oom_kill.c - frees the memory of killed processes before they exit.
 *
 * The reaper has no user of the mm, so its address space may end meanwhile (exit.c):
 *
 *   reaper                                         exit
 *   (B1) mmap_lock for read                        (A1) mmap_lock for read: unmaps pages
 *   (B2) MMF_OOM_SKIP: nothing to do               (A2) sets MMF_OOM_SKIP
 *   (B3) unmaps pages; mmap_lock is dropped        (A3) mmap_lock for write: frees tables, VMAs leave the tree
 *
 * Between B1 and B3 there is no A3: VMAs and tables stay. If A3 came first, B2 finds the flag; if not, both unmap, as
 * two MADV_DONTNEED do.
 *
 * Threads of the killed process may still run. Where a page was taken they must not find a zero page, or the
 * file's instead of their own copy: MMF_UNSTABLE is set before B3, and faults that find no entry check it
 * under the PTL (check_stable_address_space()). Source: mm/oom_kill.c.
 */
#include "core/op/oom_kill.h"

#include <errno.h>

#include "core/mm/mm.h"
#include "core/mm/vma.h"
#include "core/op/zap.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(OOM_REAP, "address spaces reaped");
DEFINE_EVENT(OOM_SKIP, "address spaces not reaped, since they have ended");

DEFINE_KNOCKOUT(OOM_UNSTABLE,
	.name = "oom:unstable",
	.removes = "the check, where a fault finds no entry, that the mm is not being reaped",
	.breaks = "a process that finds zeroes where it wrote something else",
	.detected_by = "the contents of pages",
	.hunt = "explore mrelease_vs_read",
	.mirrors = "mm, oom: fix potential data corruption when oom_reaper races with writer");

void mm_kill(struct mm_struct *mm)
{
	mm_set_flag(mm, MMF_KILLED);
}

/* Huge pages of the pool are of no use to others, raw frames are not freed, and a driver's pages stay in use. */
static bool can_reap(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_HUGETLB | VM_PFNMAP | VM_MIXEDMAP | VM_SHARED));
}

static void reap_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct mmu_gather tlb;

	SYNCPOINT("oom.vma");
	tlb_gather_mmu(&tlb, &mm->pt);
	zap_range(&tlb, vma, vma->vm_start, vma->vm_end, ZAP_KEEP_GUARDS);
	tlb_finish_mmu(&tlb);
}

/* From the end, as exit unmaps from the start: each finds less to do. Locking: mmap_lock. Source: mm/oom_kill.c. */
static void __oom_reap_task_mm(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	if (mm_flag(mm, MMF_OOM_SKIP)) {
		count_event(EV_OOM_SKIP);
		return;
	}
	mm_set_flag(mm, MMF_UNSTABLE);
	for (unsigned long end = TASK_SIZE; (vma = find_vma_before(mm, end)); end = vma->vm_start)
		if (can_reap(vma))
			reap_vma(mm, vma);
	count_event(EV_OOM_REAP);
}

bool oom_reap_task_mm(struct mm_struct *mm)
{
	OPERATION("oom_reap", mm, 0);

	if (!mm_flag(mm, MMF_KILLED) || !mmap_read_trylock(mm))
		return false;
	__oom_reap_task_mm(mm);
	mmap_read_unlock(mm);
	return true;
}

int sys_process_mrelease(struct mm_struct *mm, unsigned int flags)
{
	OPERATION("process_mrelease", mm, 0);

	if (flags || !mm_flag(mm, MMF_KILLED | MMF_OOM_SKIP))
		return -EINVAL;
	mmap_read_lock(mm);
	__oom_reap_task_mm(mm);
	mmap_read_unlock(mm);
	return 0;
}
