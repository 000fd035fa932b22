/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_mmap.c - maps huge pages from the pool. */
#include <errno.h>

#include "core/mm/hugetlb_file.h"
#include "core/op/hugetlb.h"
#include "core/op/mmap.h"
#include "core/op/uffd_event.h"

/* A free range for @len bytes of whole huge pages of @size: as get_unmapped_area(). Locking: mmap_lock for write. */
static long hugetlb_get_unmapped_area(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags,
				      unsigned long size)
{
	long at;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return IS_ALIGNED(addr, size) ? get_unmapped_area(mm, addr, len, flags) : -EINVAL;
	addr = max(ALIGN_UP(addr, size), addr ? size : 0);
	if (addr && range_is_free(mm, addr, len))
		return (long)addr;
	at = get_unmapped_area(mm, 0, len + size - PAGE_SIZE, 0);
	return at < 0 ? at : (long)ALIGN_UP((unsigned long)at, size);
}

/*
 * Reserves @nr huge pages of the file from page @index on, and lets the file grow to a writable mapping's size.
 * invalidate_lock excludes truncation. Source: fs/hugetlbfs/inode.c, hugetlbfs_file_mmap().
 */
static int prepare_file(const struct vma_kind *kind, unsigned long nr, bool reserve)
{
	struct address_space *mapping = &kind->file->mapping;
	unsigned long end = min(kind->pgoff + (nr << mapping->order), mapping->max_pages);
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
static int prepare_kind(struct vma_kind *kind, const struct hstate *h, unsigned long at, unsigned long nr, bool reserve)
{
	bool shared = kind->flags & VM_SHARED;
	unsigned long first = (kind->file ? kind->pgoff : at >> PAGE_SHIFT) >> h->order;
	int err = kind->file ? prepare_file(kind, nr, shared && reserve) : 0;

	if (err || !(shared || reserve))
		return err;
	kind->resv = shared ? resv_map_alloc(h, 0, 0) : resv_map_alloc(h, first, nr);
	return kind->resv ? 0 : -ENOMEM;
}

#define NOT_AGAIN	(MAP_FIXED_NOREPLACE | MAP_NORESERVE)	/* done where a range and pages are reserved */

/* Locking: mmap_lock for write. */
static long map_hugetlb(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind,
			const struct hstate *h, struct uffd_unmaps *unmaps)
{
	long at = hugetlb_get_unmapped_area(mm, addr, len, flags, huge_page_size(h));
	int err;

	if (at < 0)
		return at;
	err = prepare_kind(&kind, h, (unsigned long)at, len >> PAGE_SHIFT >> h->order, !(flags & MAP_NORESERVE));
	at = err ? err : do_mmap(mm, (unsigned long)at, len, MAP_FIXED | (flags & ~NOT_AGAIN), kind, unmaps);
	if (at < 0 && kind.resv)
		resv_map_cancel(kind.resv);
	else if (kind.resv)
		resv_map_put(kind.resv);
	return at;
}

/* NULL: there is no such size. */
static const struct hstate *wanted_size(int flags, const struct file *file)
{
	return file ? hstate_file(file) : hstate_sizelog((unsigned int)flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK);
}

/* The file of shared anonymous memory, held by its VMAs. NULL without memory. Source: mm/hugetlb.c. */
static struct file *hugetlb_file_setup(const struct hstate *h, unsigned long len)
{
	unsigned long pages = len >> PAGE_SHIFT;

	return pages > machine.nr_frames ? NULL : file_create_hugetlb(pages, pages, h->order);
}

/* Locking: none held. */
static long hugetlb_mmap_kind(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags,
			      struct vma_kind kind, const struct hstate *h)
{
	struct uffd_unmaps unmaps = STAILQ_HEAD_INITIALIZER(unmaps);
	long ret;

	kind.flags |= VM_HUGETLB | VM_DONTEXPAND | (h->order == HPAGE_PMD_ORDER ? 0 : VM_HUGETLB_PUD);
	count_event(EV_MMAP);
	mmap_write_lock(mm);
	ret = map_hugetlb(mm, addr, len, flags, kind, h, &unmaps);
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&unmaps);
	return ret;
}

long hugetlb_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind)
{
	const struct hstate *h = wanted_size(flags, kind.file);
	int type = flags & MAP_TYPE;
	long ret;

	if (!THP_POSSIBLE)
		return -EOPNOTSUPP;
	if (!h || (kind.file && !IS_ALIGNED(kind.pgoff, pages_per_huge_page(h))))
		return -EINVAL;
	if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	len = ALIGN_UP(len, huge_page_size(h));
	if (!len || len > TASK_SIZE - huge_page_size(h))
		return -ENOMEM;
	if (kind.file || type == MAP_PRIVATE)
		return hugetlb_mmap_kind(mm, addr, len, flags, kind, h);
	kind.flags |= VM_SHARED;
	kind.file = hugetlb_file_setup(h, len);
	if (!kind.file)
		return -ENOMEM;
	ret = hugetlb_mmap_kind(mm, addr, len, flags, kind, h);
	file_put(kind.file);
	return ret;
}
