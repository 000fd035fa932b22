/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise_flags.c - advice that a VMA keeps as a flag. */
#include "core/op/madvise_flags.h"

#include <errno.h>

#include "core/mm/khugepaged.h"
#include "core/mm/vma.h"
#include "core/op/ksm.h"
#include "core/op/madvise.h"

bool advice_sets_flags(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
		return true;
	default:
		return false;
	}
}

/*
 * A VMA of raw frames is not split for it, like Linux's special mappings. Locking: mmap_lock for write; the range lies
 * in @vma. Source: mm/mmap.c, special_mapping_split(); mm/madvise.c, madvise_update_vma().
 */
static int set_flags(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
		     unsigned long flags)
{
	int err;

	if (flags == vma->vm_flags)
		return 0;
	if ((vma->vm_flags & VM_PFNMAP) && (start != vma->vm_start || end != vma->vm_end))
		return -EINVAL;
	err = vma_isolate(mm, &vma, start, end, flags);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	vma_set_flags(vma, flags);
	vma_merge_neighbours(mm, vma);
	return 0;
}

/* DODUMP: drivers exclude their memory from dumps themselves. */
static bool takes_advice(const struct vm_area_struct *vma, int advice)
{
	switch (advice) {
	case MADV_DOFORK:
		return !(vma->vm_flags & VM_IO);
	case MADV_WIPEONFORK:
		return vma_is_anonymous(vma) && !(vma->vm_flags & VM_HUGETLB);
	case MADV_DODUMP:
		return (vma->vm_flags & VM_HUGETLB) || !(vma->vm_flags & VM_SPECIAL);
	default:
		return true;
	}
}

/*
 * @flags with what @advice, not one of KSM, sets and clears. Every kind of VMA takes the flags of huge pages; those
 * without transparent huge pages ignore them. Source: mm/khugepaged.c, hugepage_madvise().
 */
static unsigned long advised(unsigned long flags, int advice)
{
	switch (advice) {
	case MADV_NORMAL:
		return flags & ~(VM_SEQ_READ | VM_RAND_READ);
	case MADV_RANDOM:
		return (flags & ~VM_SEQ_READ) | VM_RAND_READ;
	case MADV_SEQUENTIAL:
		return (flags & ~VM_RAND_READ) | VM_SEQ_READ;
	case MADV_DONTFORK:
		return flags | VM_DONTCOPY;
	case MADV_DOFORK:
		return flags & ~VM_DONTCOPY;
	case MADV_WIPEONFORK:
		return flags | VM_WIPEONFORK;
	case MADV_KEEPONFORK:
		return flags & ~VM_WIPEONFORK;
	case MADV_DONTDUMP:
		return flags | VM_DONTDUMP;
	case MADV_DODUMP:
		return flags & ~VM_DONTDUMP;
	case MADV_HUGEPAGE:
		return (flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
	default:
		return (flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
	}
}

int madvise_update_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       int advice)
{
	unsigned long flags;

	if (!advice_sets_flags(advice) || !takes_advice(vma, advice))
		return -EINVAL;
	if (advice != MADV_MERGEABLE && advice != MADV_UNMERGEABLE)
		flags = advised(vma->vm_flags, advice);
	else if (ksm_madvise(vma, start, end, advice, &flags))
		return -EAGAIN;
	if (advice == MADV_HUGEPAGE)
		khugepaged_enter_vma(vma, flags);
	return set_flags(mm, vma, start, end, flags);
}
