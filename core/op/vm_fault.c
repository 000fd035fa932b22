/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_fault.c - what all kinds of faults share beside vm_fault.h. */
#include "core/op/vm_fault.h"

#include "core/lock/wait.h"
#include "core/mm/mmap_lock.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(PAGE_ALLOC, "pages mapped anew by faults");

DEFINE_KNOCKOUT(FAULT_RECHECK,
	.name = "fault:recheck",
	.removes = "the comparison, under the PTL, of the entry with the fault's first read",
	.breaks = "another fault's entry is overwritten, and its page leaks",
	.detected_by = "page and counter accounting at rest",
	.hunt = HUNT_JUMBLE);

DEFINE_KNOCKOUT(FAULT_READY,
	.name = "fault:ready",
	.removes = "making a new page ready before an entry maps it",
	.breaks = "a pin of an uninitialised page",
	.detected_by = "the in-flight check of pins",
	.hunt = "explore pin_vs_fault",
	.mirrors = "mm: don't expose page to fast gup before it's ready (mm tree)");

DEFINE_KNOCKOUT(THP_FAULT_RECHECK,
	.name = "thp:fault-recheck",
	.removes = "the re-check of the PMD entry under its lock before a fault changes it",
	.breaks = "a leaked table or huge page",
	.detected_by = "tables and frames at rest",
	.hunt = HUNT_HUGE);

/*
 * Under the VMA lock alone mmap_lock is only tried: waiting for it here would mean waiting for a writer that waits for
 * this reader.
 */
vm_fault_t vmf_anon_prepare_slow(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	bool take_lock = vmf->flags & FAULT_FLAG_VMA_LOCK;
	vm_fault_t ret = 0;

	if (take_lock && !mmap_read_trylock(mm))
		return VM_FAULT_RETRY;
	if (anon_vma_prepare(vmf->vma))
		ret = VM_FAULT_OOM;
	if (take_lock)
		mmap_read_unlock(mm);
	return ret;
}

void fault_wait(struct vm_fault *vmf)
{
	if (vmf->waits_for)
		folio_wait_end(vmf->waits_for, vmf->wait_seen);
	else
		sleep_yield();
}
