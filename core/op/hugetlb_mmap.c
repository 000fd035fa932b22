/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_mmap.c - maps huge pages from the pool. */
#include <errno.h>

#include "core/op/hugetlb.h"
#include "core/op/mmap.h"

/* A free range for @len bytes of whole huge pages: as get_unmapped_area(). Locking: mmap_lock for write. */
static long hugetlb_get_unmapped_area(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags)
{
	long at;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return IS_ALIGNED(addr, PMD_SIZE) ? get_unmapped_area(mm, addr, len, flags) : -EINVAL;
	addr = max(ALIGN_UP(addr, PMD_SIZE), addr ? PMD_SIZE : 0);
	if (addr && addr <= TASK_SIZE - len && !find_vma_intersection(mm, addr, addr + len))
		return (long)addr;
	at = get_unmapped_area(mm, 0, len + PMD_SIZE - PAGE_SIZE, 0);
	return at < 0 ? at : (long)ALIGN_UP((unsigned long)at, PMD_SIZE);
}

/* Locking: mmap_lock for write. */
static long map_hugetlb(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind)
{
	unsigned long hint = mm->mmap_hint;
	long at = hugetlb_get_unmapped_area(mm, addr, len, flags);

	if (at < 0)
		return at;
	if (!(flags & MAP_NORESERVE)) {
		kind.resv = resv_map_alloc((unsigned long)at >> PMD_SHIFT, len >> PMD_SHIFT);
		if (!kind.resv)
			at = -ENOMEM;
	}
	if (at >= 0)
		at = do_mmap(mm, (unsigned long)at, len, MAP_FIXED, kind);
	if (at < 0)
		mm->mmap_hint = hint;
	if (at < 0 && kind.resv)
		resv_map_cancel(kind.resv);
	else if (kind.resv)
		resv_map_put(kind.resv);
	return at;
}

long hugetlb_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind)
{
	long ret;

	if (!THP_POSSIBLE)
		return -EOPNOTSUPP;
	len = ALIGN_UP(len, PMD_SIZE);
	if (!len || len > TASK_SIZE - PMD_SIZE)
		return -ENOMEM;
	kind.flags |= VM_HUGETLB | VM_DONTEXPAND;
	count_event(EV_MMAP);
	mmap_write_lock(mm);
	ret = map_hugetlb(mm, addr, len, flags, kind);
	mmap_write_unlock(mm);
	return ret;
}
