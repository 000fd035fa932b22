/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_mmap.c - maps huge pages from the pool. */
#include <errno.h>

#include "core/mm/hugetlb_file.h"
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

/*
 * Reserves @nr huge pages of the file from page @index on, and lets the file grow to a writable mapping's size.
 * invalidate_lock excludes truncation. Source: fs/hugetlbfs/inode.c, hugetlbfs_file_mmap().
 */
static int prepare_file(const struct vma_kind *kind, unsigned long nr, bool reserve)
{
	struct address_space *mapping = &kind->file->mapping;
	unsigned long end = min(kind->pgoff + nr * HPAGE_PMD_NR, mapping->max_pages);
	int err = 0;

	down_write(&mapping->invalidate_lock);
	if (reserve)
		err = hugetlb_reserve_pages(mapping, kind->pgoff, nr);
	/* ORDER[i-size:A] as in sys_ftruncate(): the places are empty; pairs with ORDER[i-size:B]. */
	if (!err && (kind->flags & VM_WRITE) && i_size_read(mapping) < end)
		store_release(&mapping->i_size, end);
	up_write(&mapping->invalidate_lock);
	return err;
}

/* Reserves what a mapping at @at needs; its hugetlb VMA lock is kind->resv. Locking: mmap_lock for write. */
static int prepare_kind(struct vma_kind *kind, unsigned long at, unsigned long nr, bool reserve)
{
	bool shared = kind->flags & VM_SHARED;
	unsigned long first = kind->file ? kind->pgoff >> HPAGE_PMD_ORDER : at >> PMD_SHIFT;
	int err = kind->file ? prepare_file(kind, nr, shared && reserve) : 0;

	if (err || !(shared || reserve))
		return err;
	kind->resv = shared ? resv_map_alloc(0, 0) : resv_map_alloc(first, nr);
	return kind->resv ? 0 : -ENOMEM;
}

/* Locking: mmap_lock for write. */
static long map_hugetlb(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind)
{
	unsigned long hint = mm->mmap_hint;
	long at = hugetlb_get_unmapped_area(mm, addr, len, flags);
	int err;

	if (at < 0)
		return at;
	err = prepare_kind(&kind, (unsigned long)at, len >> PMD_SHIFT, !(flags & MAP_NORESERVE));
	at = err ? err : do_mmap(mm, (unsigned long)at, len, MAP_FIXED, kind);
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
	if (kind.file && !IS_ALIGNED(kind.pgoff, HPAGE_PMD_NR))
		return -EINVAL;
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
