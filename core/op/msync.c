/* SPDX-License-Identifier: GPL-2.0-or-later */
/* msync.c - writes pages of files that a range maps back. */
#include "core/op/msync.h"

#include <errno.h>

#include "core/mm/rmap.h"
#include "core/mm/vma.h"
#include "core/op/mkclean.h"
#include "core/probe/operation.h"

/* Of hugetlb there is no device. Locking: a reference to @file. Source: fs/sync.c, vfs_fsync_range(). */
static int fsync_range(struct file *file, unsigned long first, unsigned long end)
{
	if (file->ops)
		return -EINVAL;
	filemap_writeback_range(file, first, end);
	return filemap_check_errors(&file->mapping);
}

/*
 * Writes what @vma maps in [@start, @end) to the device, without mmap_lock, which other operations may wait for.
 * Locking: mmap_lock for read, which is dropped and taken again.
 */
static int sync_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long first = linear_page_index(vma, start);
	struct file *file = vma->vm_file;
	int err;

	file_get(file);
	mmap_read_unlock(mm);
	SYNCPOINT("msync.unlocked");
	err = fsync_range(file, first, first + ((end - start) >> PAGE_SHIFT));
	file_put(file);
	mmap_read_lock(mm);
	return err;
}

/* Locking: mmap_lock for read, which may be dropped and taken again. */
static int do_msync(struct mm_struct *mm, unsigned long start, unsigned long end, int flags)
{
	bool unmapped = false;
	unsigned long next;
	int err = 0;

	for (; !err && start < end; start = next) {
		struct vm_area_struct *vma = find_vma(mm, start);

		if (!vma)
			return -ENOMEM;
		unmapped |= vma->vm_start > start;
		start = max(start, vma->vm_start);
		if (start >= end)
			break;
		next = min(vma->vm_end, end);
		if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED))
			err = -EBUSY;
		else if ((flags & MS_SYNC) && vma->vm_file && (vma->vm_flags & VM_SHARED))
			err = sync_vma(mm, vma, start, next);
	}
	return err ? err : unmapped ? -ENOMEM : 0;
}

int sys_msync(struct mm_struct *mm, unsigned long start, unsigned long len, int flags)
{
	OPERATION("msync", mm, start);
	unsigned long end = start + ALIGN_UP(len, PAGE_SIZE);
	int err;

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || !IS_ALIGNED(start, PAGE_SIZE) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	if (end < start)
		return -ENOMEM;
	mmap_read_lock(mm);
	err = do_msync(mm, start, end, flags);
	mmap_read_unlock(mm);
	return err;
}
