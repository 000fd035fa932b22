/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sys_mmap.c - the calls that map: private anonymous memory, huge pages, files. */
#include <errno.h>
#include <limits.h>

#include "core/mm/hugetlb_file.h"
#include "core/mm/vma.h"
#include "core/op/hugetlb.h"
#include "core/op/mmap.h"
#include "core/probe/operation.h"

DEFINE_EVENT(MMAP, "mmap");

#define UNSUPPORTED_FLAGS	(MAP_POPULATE | MAP_LOCKED | MAP_GROWSDOWN)

unsigned long prot_to_vm_flags(int prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) | (prot & PROT_EXEC ? VM_EXEC : 0);
}

/* The checks that need no lock. */
static int check_flags(unsigned long len, int flags)
{
	if (!len)
		return -EINVAL;
	return flags & UNSUPPORTED_FLAGS ? -EOPNOTSUPP : 0;
}

static bool type_known(int flags)
{
	return (flags & MAP_TYPE) == MAP_PRIVATE || (flags & MAP_TYPE) == MAP_SHARED;
}

/* The checks that come after those of the address. Source: mm/mmap.c, do_mmap(), file_mmap_ok(). */
static int check_kind(unsigned long len, int flags, const struct vma_kind *kind)
{
	if (kind->file && kind->pgoff > (LONG_MAX - len) >> PAGE_SHIFT)
		return -EOVERFLOW;
	return type_known(flags) ? 0 : -EINVAL;
}

static long mmap_kind(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind)
{
	long ret;
	int err;

	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -ENOMEM;
	err = check_kind(len, flags, &kind);
	count_event(EV_MMAP);
	mmap_write_lock(mm);
	ret = err ? get_unmapped_area(mm, addr, len, flags) : do_mmap(mm, addr, len, flags, kind);
	mmap_write_unlock(mm);
	return err && ret >= 0 ? err : ret;
}

long sys_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, uint32_t name)
{
	OPERATION("mmap", mm, addr);
	struct vma_kind kind = { .flags = prot_to_vm_flags(prot), .name = name };
	int err;

	if (!(flags & MAP_ANONYMOUS))
		return -EBADF;
	err = check_flags(len, flags);
	if (!err && (flags & MAP_TYPE) == MAP_SHARED)
		err = -EOPNOTSUPP;
	if (!err && (flags & MAP_HUGETLB))
		return type_known(flags) ? hugetlb_mmap(mm, addr, len, flags, kind) : -EINVAL;
	return err ? err : mmap_kind(mm, addr, len, flags, kind);
}

long sys_mmap_file(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags, struct file *file,
		   unsigned long pgoff)
{
	struct vma_kind kind = { .flags = prot_to_vm_flags(prot), .file = file, .pgoff = pgoff };
	int err = check_flags(len, flags);

	if (err)
		return err;
	if ((flags & MAP_ANONYMOUS) || ((flags & MAP_HUGETLB) && !is_file_hugepages(file)))
		return -EINVAL;
	if (pgoff + (ALIGN_UP(len, PAGE_SIZE) >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (flags & MAP_SHARED)
		kind.flags |= VM_SHARED;
	if (is_file_hugepages(file))
		return type_known(flags) ? hugetlb_mmap(mm, addr, len, flags, kind) : -EINVAL;
	return mmap_kind(mm, addr, len, flags, kind);
}
