/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise.c - advice about a range. */
#include "core/op/madvise.h"

#include <errno.h>

#include "core/mm/hugetlb.h"
#include "core/mm/vma.h"
#include "core/op/collapse.h"
#include "core/op/fault.h"
#include "core/op/guard.h"
#include "core/op/ksm.h"
#include "core/op/populate.h"
#include "core/op/reclaim.h"
#include "core/op/zap.h"
#include "core/probe/operation.h"
#include "core/probe/retry.h"

/* Locking: mmap_lock for read; the range lies in @vma. Source: mm/madvise.c, madvise_dontneed_single_vma(). */
static int madvise_dontneed_locked(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
				   unsigned long end)
{
	struct mmu_gather tlb;

	if (vma->vm_flags & VM_PFNMAP)
		return -EINVAL;
	if (is_vm_hugetlb_page(vma)) {
		if (start & ~huge_page_mask(hstate_vma(vma)))
			return -EINVAL;
		end &= huge_page_mask(hstate_vma(vma));
		if (start == end)
			return 0;
	}
	tlb_gather_mmu(&tlb, &mm->pt);
	zap_range(&tlb, vma, start, end, ZAP_KEEP_GUARDS | ZAP_RECLAIM);
	tlb_finish_mmu(&tlb);
	return 0;
}

/* The same without locked memory. */
static int madvise_dontneed(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return vma->vm_flags & VM_LOCKED ? -EINVAL : madvise_dontneed_locked(mm, vma, start, end);
}

/* Folios that can't be swapped out stay. Locking: as above. Source: mm/madvise.c, madvise_pageout(). */
static int madvise_pageout(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	(void)mm;
	if (vma->vm_flags & (VM_PFNMAP | VM_LOCKED | VM_HUGETLB))
		return -EINVAL;
	reclaim_range(vma, start, end);
	return 0;
}

/*
 * A VMA of raw frames is not split for it, like Linux's special mappings. Locking: mmap_lock for write; as above.
 * Source: mm/mmap.c, special_mapping_split(); mm/madvise.c, madvise_vma_behavior().
 */
static int set_flags(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
		     unsigned long flags)
{
	int err;

	if (flags == vma->vm_flags)
		return 0;
	if ((vma->vm_flags & VM_PFNMAP) && (start != vma->vm_start || end != vma->vm_end))
		return -EINVAL;
	err = vma_isolate(mm, &vma, start, end);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	vma_set_flags(vma, flags);
	vma_merge_neighbours(mm, vma);
	return 0;
}

/*
 * Every kind of VMA takes the flag; those without transparent huge pages ignore it. Source: mm/khugepaged.c,
 * hugepage_madvise().
 */
static int set_thp_advice(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
			  unsigned long advice)
{
	return set_flags(mm, vma, start, end, (vma->vm_flags & ~(VM_HUGEPAGE | VM_NOHUGEPAGE)) | advice);
}

static int madvise_hugepage(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return set_thp_advice(mm, vma, start, end, VM_HUGEPAGE);
}

static int madvise_nohugepage(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return set_thp_advice(mm, vma, start, end, VM_NOHUGEPAGE);
}

static int set_ksm_advice(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
			  int advice)
{
	unsigned long flags;
	int err = ksm_madvise(vma, start, end, advice, &flags);

	return err ? -EAGAIN : set_flags(mm, vma, start, end, flags);
}

static int madvise_mergeable(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return set_ksm_advice(mm, vma, start, end, MADV_MERGEABLE);
}

static int madvise_unmergeable(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			       unsigned long end)
{
	return set_ksm_advice(mm, vma, start, end, MADV_UNMERGEABLE);
}

/* Calls @apply for each mapped part; -ENOMEM at the end if a part was not mapped. Locking: mmap_lock. */
static int madvise_walk_vmas(struct mm_struct *mm, unsigned long start, unsigned long end,
			     int (*apply)(struct mm_struct *, struct vm_area_struct *, unsigned long, unsigned long))
{
	struct vm_area_struct *vma;
	bool unmapped = false;
	unsigned long next;
	int err = 0;

	for (; !err && start < end; start = next) {
		vma = find_vma(mm, start);
		if (!vma || vma->vm_start > start) {
			unmapped = true;
			next = vma ? min(vma->vm_start, end) : end;
			continue;
		}
		next = min(vma->vm_end, end);
		err = apply(mm, vma, start, next);
	}
	return err ? err : unmapped ? -ENOMEM : 0;
}

/* Locking: mmap_lock for read; the range lies in @vma. Source: mm/madvise.c, madvise_populate(). */
static int populate_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool write)
{
	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) || !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EINVAL;
	return faultin_page_range(vma, start, end, write ? FAULT_FLAG_WRITE : 0);
}

static int madvise_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool write)
{
	struct vm_area_struct *vma;
	unsigned long next;
	int err = 0;

	for (; !err && start < end; start = next) {
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		next = min(vma->vm_end, end);
		err = populate_vma(vma, start, next, write);
	}
	return err;
}

static int do_madvise(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
		return madvise_walk_vmas(mm, start, end, madvise_dontneed);
	case MADV_DONTNEED_LOCKED:
		return madvise_walk_vmas(mm, start, end, madvise_dontneed_locked);
	case MADV_PAGEOUT:
		return madvise_walk_vmas(mm, start, end, madvise_pageout);
	case MADV_HUGEPAGE:
		return madvise_walk_vmas(mm, start, end, madvise_hugepage);
	case MADV_NOHUGEPAGE:
		return madvise_walk_vmas(mm, start, end, madvise_nohugepage);
	case MADV_MERGEABLE:
		return madvise_walk_vmas(mm, start, end, madvise_mergeable);
	case MADV_UNMERGEABLE:
		return madvise_walk_vmas(mm, start, end, madvise_unmergeable);
	case MADV_GUARD_INSTALL:
		return madvise_walk_vmas(mm, start, end, guard_install);
	case MADV_GUARD_REMOVE:
		return madvise_walk_vmas(mm, start, end, guard_remove);
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return madvise_populate(mm, start, end, advice == MADV_POPULATE_WRITE);
	default:
		return -EINVAL;
	}
}

static bool advice_changes_vmas(int advice)
{
	return advice == MADV_HUGEPAGE || advice == MADV_NOHUGEPAGE || advice == MADV_MERGEABLE ||
	       advice == MADV_UNMERGEABLE;
}

static bool advice_known(int advice)
{
	return advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED || advice == MADV_PAGEOUT ||
	       advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE ||
	       advice == MADV_GUARD_INSTALL || advice == MADV_GUARD_REMOVE || advice == MADV_COLLAPSE ||
	       advice_changes_vmas(advice);
}

int sys_madvise(struct mm_struct *mm, unsigned long start, unsigned long len, int advice)
{
	OPERATION("madvise", mm, start);
	RETRY_LOOP_PROFILED(100000, "madvise restarted after it dropped its lock");
	unsigned long end = start + ALIGN_UP(len, PAGE_SIZE);
	int err;

	if (!advice_known(advice) || !IS_ALIGNED(start, PAGE_SIZE) || (len && end == start) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (advice == MADV_COLLAPSE)
		return madvise_collapse(mm, start, end);
	if (advice_changes_vmas(advice)) {
		mmap_write_lock(mm);
		err = do_madvise(mm, start, end, advice);
		mmap_write_unlock(mm);
		return err;
	}
	/*
	 * A guard install that lost too many races with faults drops the lock, and restarts. Source: -ERESTARTNOINTR
	 * in mm/madvise.c.
	 */
	do {
		mmap_read_lock(mm);
		err = do_madvise(mm, start, end, advice);
		mmap_read_unlock(mm);
	} while (err == -EAGAIN && RETRIED());
	return err;
}
