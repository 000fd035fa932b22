/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exit.c - ends address spaces.
 *
 * Threads that have no user of the mm may run beside the end of its address space, with a reference to the struct: they
 * walk under mmap_lock for read, reap (oom_kill.c), or reach it from a page, by its reverse map. None of them faults.
 *
 *   (A1) mmap_lock for read: pages are unmapped      as MADV_DONTNEED does, beside all of them
 *   (A2) MMF_OOM_SKIP                                later reapers have nothing to do
 *   (A3) mmap_lock for write: tables are freed       walkers that found a VMA, or a table, have ended
 *        VMAs leave the tree
 *
 * A long unmap does not delay the walkers, and a walker delays only A3. Source: mm/mmap.c, exit_mmap().
 */
#include "core/op/exit.h"

#include "core/mm/khugepaged.h"
#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/vma.h"
#include "core/op/munmap.h"
#include "core/pgtable/mmu_gather.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_KNOCKOUT(EXIT_WRITE_LOCK,
	.name = "exit:write-lock",
	.removes = "mmap_lock for write while an exit frees page tables",
	.breaks = "a reaper in page tables that are freed",
	.detected_by = "object age, and pages counted at the end of an mm",
	.hunt = "explore exit_vs_mrelease",
	.mirrors = "mm: protect free_pgtables with mmap_lock write lock in exit_mmap");

/* All VMAs as a list; they stay in the tree. Without users no other thread removes any. */
static struct vm_area_struct *list_vmas(struct mm_struct *mm)
{
	struct vm_area_struct *list = NULL, **last = &list, *vma;

	for (unsigned long addr = 0; (vma = find_vma(mm, addr)); addr = vma->vm_end) {
		*last = vma;
		last = &vma->vm_next_detached;
	}
	*last = NULL;
	return list;
}

static void detach_vmas(struct mm_struct *mm, struct vm_area_struct *vma)
{
	for (; vma; vma = vma->vm_next_detached) {
		vma_start_write(vma);
		vma_unlink(mm, vma);
	}
}

static void free_tables(struct mmu_gather *tlb, struct vm_area_struct *list)
{
	unlink_vmas(list);
	if (list)
		free_pgtables(tlb, 0, ALIGN_UP(TASK_SIZE, PGDIR_SIZE), 0, 0);
	tlb_finish_mmu(tlb);
}

static void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *list;
	struct mmu_gather tlb;

	BUG_ON(mm_flag(mm, MMF_OOM_SKIP));	/* it ends once, */
	mmap_read_lock(mm);
	mmu_notifier_release(mm);
	SYNCPOINT("exit.released");
	tlb_gather_mmu(&tlb, &mm->pt);
	list = list_vmas(mm);
	unmap_vmas(&tlb, list);
	mmap_read_unlock(mm);
	mm_set_flag(mm, MMF_OOM_SKIP);
	SYNCPOINT("exit.unmapped");
	BUG_ON(load_relaxed(&mm->mm_users));	/* and for good */
	if (KNOCKED_OUT(EXIT_WRITE_LOCK))
		free_tables(&tlb, list);
	mmap_write_lock(mm);
	if (!KNOCKED_OUT(EXIT_WRITE_LOCK))
		free_tables(&tlb, list);
	detach_vmas(mm, list);
	remove_vmas(mm, list);
	mmap_write_unlock(mm);
}

static void __mmput(struct mm_struct *mm)
{
	OPERATION("exit", mm, 0);

	ksm_wait_for_scan();
	khugepaged_exit(mm);
	exit_mmap(mm);
	ksm_exit(mm);
	mmdrop(mm);
}

void mmput(struct mm_struct *mm)
{
	/* ORDER: refcount */
	uint32_t old = fetch_sub_acq_rel(&mm->mm_users, 1u);

	BUG_ON(!old);
	if (old == 1)
		__mmput(mm);
}

void mm_exit(struct mm_struct *mm)
{
	mmput(mm);
}
