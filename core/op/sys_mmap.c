/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sys_mmap.c - the calls that map: anonymous memory, private or shared, huge pages, files. */
#include <errno.h>

#include "core/mm/hugetlb_file.h"
#include "core/mm/vma.h"
#include "core/op/hugetlb.h"
#include "core/op/mmap.h"
#include "core/op/populate.h"
#include "core/op/uffd_event.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MMAP, "mmap");

/*
 * @locked: by the mm's default. Errors are not reported: what is not faulted in now is later. Source: mm/util.c,
 * vm_mmap_pgoff().
 */
static long populated(struct mm_struct *mm, long addr, unsigned long len, int flags, bool locked)
{
	bool wanted = locked || (flags & MAP_LOCKED) || (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;

	if (unlikely(wanted && addr >= 0))
		(void)mm_populate(mm, (unsigned long)addr, len);
	return addr;
}

static long mmap_kind(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind)
{
	struct uffd_unmaps unmaps = STAILQ_HEAD_INITIALIZER(unmaps);
	bool locked;
	long ret;

	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -ENOMEM;
	if (flags & MAP_LOCKED)
		kind.flags |= VM_LOCKED;
	count_event(EV_MMAP);
	mmap_write_lock(mm);
	ret = do_mmap(mm, addr, len, flags, kind, &unmaps);
	locked = mm->def_flags & VM_LOCKED;
	mmap_write_unlock(mm);
	userfaultfd_unmap_complete(&unmaps);
	return populated(mm, ret, len, flags, locked);
}

/* Shared memory is a file that only its VMAs hold. Source: mm/vma.c, mmap_new_vma(). */
static long mmap_shmem(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind)
{
	unsigned long pages = ALIGN_UP(len, PAGE_SIZE) >> PAGE_SHIFT;
	long ret;

	if (!pages || len > TASK_SIZE)
		return -ENOMEM;
	kind.file = file_create_shmem(pages, !(flags & MAP_NORESERVE));
	if (!kind.file)
		return -ENOMEM;
	kind.flags |= VM_SHARED;
	ret = mmap_kind(mm, addr, len, flags, kind);
	file_put(kind.file);
	return ret;
}

long sys_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, uint32_t name)
{
	OPERATION("mmap", mm, addr);
	struct vma_kind kind = { .flags = prot_to_vm_flags(prot), .name = name };

	if (!(flags & MAP_ANONYMOUS))
		return -EBADF;
	if (!len)
		return -EINVAL;
	if (flags & MAP_HUGETLB)
		return populated(mm, hugetlb_mmap(mm, addr, len, flags, kind), len, flags, false);
	if ((flags & MAP_TYPE) == MAP_SHARED)
		return mmap_shmem(mm, addr, len, flags, kind);
	return mmap_kind(mm, addr, len, flags, kind);
}

long sys_mmap_file(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, struct file *file,
		   unsigned long pgoff)
{
	struct vma_kind kind = { .flags = prot_to_vm_flags(prot), .file = file, .pgoff = pgoff };

	if (!len || (flags & MAP_ANONYMOUS) || ((flags & MAP_HUGETLB) && !is_file_hugepages(file)))
		return -EINVAL;
	if (pgoff + (ALIGN_UP(len, PAGE_SIZE) >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		kind.flags |= VM_SHARED;
	if (is_file_hugepages(file))
		return populated(mm, hugetlb_mmap(mm, addr, len, flags, kind), len, flags, false);
	return mmap_kind(mm, addr, len, flags, kind);
}
