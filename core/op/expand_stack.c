/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expand_stack.c - faults below a VMA that grows downwards. */
#include "core/op/expand_stack.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/vma.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(EXPAND_STACK, "VMAs that grew downwards");

DEFINE_KNOCKOUT(EXPAND_RELOOKUP,
	.name = "expand:relookup",
	.removes = "the second look-up of a VMA that grows, once mmap_lock is held for write",
	.breaks = "growth of a VMA that was unmapped",
	.detected_by = "the assertion that a VMA that grows is attached",
	.hunt = "stress stack_vs_lookup --noise 100");

/* True if it would come too near to memory below that is used. Source: mm/vma.c, expand_downwards(). */
static bool meets_guard_gap(struct mm_struct *mm, const struct vm_area_struct *vma, unsigned long addr)
{
	const struct vm_area_struct *prev = find_vma_before(mm, vma->vm_start);

	return prev && !(prev->vm_flags & VM_GROWSDOWN) && (prev->vm_flags & VM_ACCESS_FLAGS) &&
	       addr - prev->vm_end < STACK_GUARD_GAP;
}

/*
 * Extends @vma down to the page of @addr, which is in no VMA. Returns 0; -ENOMEM. Locking: mmap_lock for write. Source:
 * mm/vma.c, expand_downwards().
 */
static int expand_downwards(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = addr & PAGE_MASK;

	BUG_ON(load_relaxed(&vma->vm_detached));
	if (start < MMAP_MIN_ADDR || vma->vm_end - start > STACK_LIMIT || meets_guard_gap(mm, vma, start))
		return -ENOMEM;
	if ((vma->vm_start - start) >> PAGE_SHIFT > vma->vm_pgoff || anon_vma_prepare(vma))
		return -ENOMEM;
	vma_start_write(vma);
	SYNCPOINT("expand.locked");
	vma_expand_down(mm, vma, start);
	count_event(EV_EXPAND_STACK);
	return 0;
}

/* Locking: none held; mmap_lock for read on return, or none with NULL. */
static __cold struct vm_area_struct *expand_stack(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr)
{
	mmap_write_lock(mm);
	/* Others may have changed everything since mmap_lock was dropped. */
	if (!KNOCKED_OUT(EXPAND_RELOOKUP))
		vma = find_vma(mm, addr);
	if (vma && (vma->vm_start <= addr ||
		    ((vma->vm_flags & VM_GROWSDOWN) && !expand_downwards(mm, vma, addr)))) {
		mmap_write_downgrade(mm);
		return vma;
	}
	mmap_write_unlock(mm);
	return NULL;
}

struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	bool grows;

	mmap_read_lock(mm);
	vma = find_vma(mm, addr);
	if (likely(vma && vma->vm_start <= addr))
		return vma;
	grows = vma && (vma->vm_flags & VM_GROWSDOWN);
	mmap_read_unlock(mm);
	SYNCPOINT("expand.unlocked");
	return grows ? expand_stack(mm, vma, addr) : NULL;
}
