/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * munmap.c - unmaps ranges.
 *
 * Three steps: split at the ends; remove the VMAs from the tree, write-locked, so that no fault can start or run in
 * them; then zap and free tables, which needs mmap_lock for read only, to exclude new mappings of the range.
 */
#include "core/op/munmap.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/hugetlb.h"
#include "core/mm/i_mmap.h"
#include "core/mm/vma.h"
#include "core/op/uffd_event.h"
#include "core/op/zap.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MUNMAP, "munmap");

static bool any_sealed(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;

	for (; (vma = find_vma_intersection(mm, start, end)); start = vma->vm_end)
		if (vma_is_sealed(vma))
			return true;
	return false;
}

/*
 * Splits VMAs at @start and @end. Returns as sys_munmap(). A sealed VMA is found before the first one is split only if
 * it is the first. Source: mm/vma.c, vms_gather_munmap_vmas().
 */
static int split_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	bool sealed = unlikely(mm->has_sealed) && any_sealed(mm, start, end);
	struct vm_area_struct *vma = vma_lookup(mm, start), *last = vma_lookup(mm, end);
	bool split_start = vma && vma->vm_start < start, split_end = last && last->vm_start < end;

	if (sealed && (!split_start || vma_is_sealed(vma)))
		return -EPERM;
	if (!split_start && !split_end)
		return 0;
	if (split_start && !vma_may_split(vma, start))
		return -EINVAL;
	/* In the middle of one VMA: two more temporarily, one more permanently. */
	if (split_start && split_end && vma == last && mm->map_count >= max_map_count(&mm->pt.policy))
		return -ENOMEM;
	if (vma_tree_reserve(&mm->tree, 2 * VMA_SPLIT_INSERTS))
		return -ENOMEM;
	if (split_start && !split_vma(mm, vma, start))
		return -ENOMEM;
	if (sealed)
		return -EPERM;
	if (split_end && !vma_may_split(last, end))
		return -EINVAL;
	if (split_end && !split_vma(mm, vma_lookup(mm, end), end)) {
		if (split_start)
			vma_merge_neighbours(mm, vma_lookup(mm, start));
		return -ENOMEM;
	}
	return 0;
}

/* Removes every VMA of the range from the tree; returns the list of them. */
static struct vm_area_struct *detach_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma, *list = NULL;

	while ((vma = find_vma_intersection(mm, start, end))) {
		vma_start_write(vma);
		SYNCPOINT("munmap.detach");
		vma_unlink(mm, vma);
		vma->vm_next_detached = list;
		list = vma;
	}
	return list;
}

void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma)
{
	for (; vma; vma = vma->vm_next_detached) {
		mmap_assert_locked(load_relaxed(&vma->vm_mm));
		zap_range(tlb, vma, vma->vm_start, vma->vm_end, ZAP_UNMAP);
	}
}

void unlink_vmas(struct vm_area_struct *vma)
{
	for (; vma; vma = vma->vm_next_detached) {
		unlink_anon_vmas(vma);
		vma_unlink_file(vma);
		hugetlb_vma_close(vma);
	}
}

void remove_vmas(struct mm_struct *mm, struct vm_area_struct *vma)
{
	while (vma) {
		struct vm_area_struct *rest = vma->vm_next_detached;

		vma_free(mm, vma);
		vma = rest;
	}
}

/* @vma: the list of detached VMAs. @floor, @ceiling: bounds of tables that may be freed, the VMAs on either side. */
static void unmap_region(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 unsigned long floor, unsigned long ceiling)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, &mm->pt);
	unmap_vmas(&tlb, vma);
	SYNCPOINT("munmap.zapped");
	unlink_vmas(vma);
	free_pgtables(&tlb, start, end, floor, ceiling);
	tlb_finish_mmu(&tlb);
}

/* Returns with mmap_lock held for write, or, if @downgrade, for read. */
static int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long end, struct uffd_unmaps *unmaps,
		     bool downgrade)
{
	struct vm_area_struct *vma, *prev, *next;
	unsigned long floor, ceiling;
	int err = 0;

	if (find_vma_intersection(mm, start, end))
		err = split_range(mm, start, end);
	if (!err && unlikely(mm->has_uffd))
		err = userfaultfd_unmap_prep(mm, start, end, unmaps);
	if (err) {
		if (downgrade)
			mmap_write_downgrade(mm);
		return err;
	}
	prev = find_vma_before(mm, start);
	next = find_vma(mm, end);
	floor = prev ? prev->vm_end : 0;
	ceiling = next ? next->vm_start : 0;
	vma = detach_range(mm, start, end);
	if (downgrade)
		mmap_write_downgrade(mm);
	if (vma)
		unmap_region(mm, vma, start, end, floor, ceiling);
	remove_vmas(mm, vma);
	return 0;
}

int do_munmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end, struct uffd_unmaps *unmaps)
{
	return do_munmap(mm, start, end, unmaps, false);
}

int do_munmap_unlock(struct mm_struct *mm, unsigned long start, unsigned long end, struct uffd_unmaps *unmaps)
{
	bool downgrade = mm->pt.policy.munmap_downgrade;
	int err = do_munmap(mm, start, end, unmaps, downgrade);

	if (downgrade)
		mmap_read_unlock(mm);
	else
		mmap_write_unlock(mm);
	return err;
}

int sys_munmap(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	OPERATION("munmap", mm, start);
	struct uffd_unmaps unmaps = STAILQ_HEAD_INITIALIZER(unmaps);
	int err;

	if (!IS_ALIGNED(start, PAGE_SIZE) || start > TASK_SIZE || len > TASK_SIZE - start || !len)
		return -EINVAL;
	count_event(EV_MUNMAP);
	mmap_write_lock(mm);
	err = do_munmap_unlock(mm, start, start + ALIGN_UP(len, PAGE_SIZE), &unmaps);
	userfaultfd_unmap_complete(&unmaps);
	return err;
}
