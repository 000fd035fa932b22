/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mseal.c - seals ranges. */
#include "core/op/mseal.h"

#include <errno.h>

#include "core/op/madvise.h"
#include "core/probe/operation.h"

/* It discards contents, or hides them from children. Source: mm/madvise.c. */
static bool is_discard(int advice)
{
	switch (advice) {
	case MADV_FREE:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_REMOVE:
	case MADV_DONTFORK:
	case MADV_WIPEONFORK:
	case MADV_GUARD_INSTALL:
		return true;
	default:
		return false;
	}
}

/* A program that may write could overwrite the contents anyway; those of a file come back from it. */
bool can_madvise_modify(const struct vm_area_struct *vma, int advice)
{
	return likely(!vma_is_sealed(vma)) || !is_discard(advice) || !vma_is_anonymous(vma) ||
	       (vma->vm_flags & (VM_HUGETLB | VM_PFNMAP | VM_WRITE));
}

/* Locking: mmap_lock. Source: mm/mseal.c. */
static bool range_contains_unmapped(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	while (start < end) {
		struct vm_area_struct *vma = vma_lookup(mm, start);

		if (!vma)
			return true;
		start = vma->vm_end;
	}
	return false;
}

/* All of the range is mapped. Locking: mmap_lock for write. Source: mm/mseal.c. */
static int mseal_apply(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mm->has_sealed = true;
	while (start < end) {
		struct vm_area_struct *vma = vma_lookup(mm, start);
		unsigned long next = min(vma->vm_end, end);
		int err = vma_is_sealed(vma) ? 0 : vma_isolate(mm, &vma, start, next, vma->vm_flags | VM_SEALED);

		if (err)
			return err;
		if (!vma_is_sealed(vma)) {
			vma_set_flags(vma, vma->vm_flags | VM_SEALED);
			vma_merge_neighbours(mm, vma);
		}
		start = next;
	}
	return 0;
}

int sys_mseal(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned long flags)
{
	OPERATION("mseal", mm, start);
	unsigned long end = start + ALIGN_UP(len, PAGE_SIZE);
	int err;

	if (flags || !IS_ALIGNED(start, PAGE_SIZE) || (len && end == start) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	mmap_write_lock(mm);
	err = range_contains_unmapped(mm, start, end) ? -ENOMEM : mseal_apply(mm, start, end);
	mmap_write_unlock(mm);
	return err;
}
