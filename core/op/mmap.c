/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmap.c - finds free ranges, and maps. */
#include "core/op/mmap.h"

#include <errno.h>

#include "core/mm/account.h"
#include "core/mm/address_space.h"
#include "core/mm/khugepaged.h"
#include "core/mm/vma.h"
#include "core/op/munmap.h"

/* Where the search for free addresses begins: the top, less a guard gap. Source: mmap_base(). */
#define MMAP_BASE	ALIGN_DOWN(TASK_SIZE - PMD_SIZE, PAGE_SIZE)

/* The highest free range of @len bytes; -ENOMEM. Source: mm/vma.c, unmapped_area_topdown(). */
static long unmapped_area_topdown(struct mm_struct *mm, unsigned long len)
{
	unsigned long end = vma_tree_find_gap(&mm->tree, len, MMAP_MIN_ADDR, MMAP_BASE);

	/* Below a VMA that grows its guard gap stays free. */
	while (unlikely(mm->has_stack) && end && !range_is_free(mm, end - len, len))
		end = vma_tree_find_gap(&mm->tree, len, MMAP_MIN_ADDR, vm_start_gap(find_vma(mm, end - len)));
	return end ? (long)(end - len) : -ENOMEM;
}

long get_unmapped_area(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags)
{
	if (len > TASK_SIZE)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr > TASK_SIZE - len)
			return -ENOMEM;
		if (!IS_ALIGNED(addr, PAGE_SIZE))
			return -EINVAL;
		if (addr < MMAP_MIN_ADDR)
			return -EPERM;
		if ((flags & MAP_FIXED_NOREPLACE) && find_vma_intersection(mm, addr, addr + len))
			return -EEXIST;
		return (long)addr;
	}
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	if (addr) {
		addr = max(addr, MMAP_MIN_ADDR);
		if (range_is_free(mm, addr, len))
			return (long)addr;
	}
	return unmapped_area_topdown(mm, len);
}

/* Locking: mmap_lock for write; [addr, addr + len) is free. */
static int map_region(struct mm_struct *mm, unsigned long addr, unsigned long len, struct vma_kind kind)
{
	struct vm_area_struct *vma;

	if (vma_tree_reserve(&mm->tree, 1))
		return -ENOMEM;
	if (vma_expand(mm, addr, addr + len, kind))
		return 0;
	vma = vma_alloc(mm, addr, addr + len, kind);
	if (!vma)
		return -ENOMEM;
	vma_link(mm, vma);
	return 0;
}

/*
 * The same where something is mapped, which is unmapped. Memory is allocated before anything is unmapped: a mapping
 * that fails has changed nothing. Locking: mmap_lock for write. Source: mm/vma.c, __mmap_region().
 */
static int replace_region(struct mm_struct *mm, unsigned long addr, unsigned long len, struct vma_kind kind,
			  struct uffd_unmaps *unmaps)
{
	struct vm_area_struct *vma = vma_alloc(mm, addr, addr + len, kind);
	int err;

	if (!vma)
		return -ENOMEM;
	err = vma_tree_reserve(&mm->tree, 2 * VMA_SPLIT_INSERTS + 1);
	if (!err)
		err = do_munmap_locked(mm, addr, addr + len, unmaps);
	if (!err && !vma_expand(mm, addr, addr + len, kind)) {
		vma_link(mm, vma);
		return 0;
	}
	vma_free(mm, vma);
	return err;
}

/* The largest file has so many pages. Source: include/linux/fs.h, MAX_LFS_FILESIZE. */
#define MAX_FILE_PAGES	((1ul << 51) - 1)

#ifdef MAP_32BIT
#define MAP_BELOW	(MAP_32BIT | 0x80)	/* and MAP_ABOVE4G: below which addresses. Of no effect here */
#else
#define MAP_BELOW	0
#endif

#define MAP_HUGE_BITS	0x7c000000	/* of MAP_HUGE_2MB and MAP_HUGE_1GB */

/* What MAP_SHARED_VALIDATE does not reject; MAP_FIXED_NOREPLACE is not among them. Source: include/linux/mman.h. */
#define LEGACY_MAP_MASK \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | MAP_LOCKED | \
	 MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_BELOW | \
	 MAP_HUGE_BITS)

/* What can be mapped so. Source: mm/mmap.c, do_mmap(), file_mmap_ok(). */
static int check_type(struct vma_kind kind, unsigned long len, int flags)
{
	int type = flags & MAP_TYPE;

	if (!kind.file && !(kind.flags & VM_HUGETLB)) {
		if (type == MAP_PRIVATE)
			return 0;
		return type == MAP_DROPPABLE ? -EOPNOTSUPP : -EINVAL;
	}
	if (kind.file && !kind.file->ops && kind.pgoff + (len >> PAGE_SHIFT) > MAX_FILE_PAGES)
		return -EOVERFLOW;
	if (type == MAP_SHARED_VALIDATE && (flags & ~LEGACY_MAP_MASK))
		return -EOPNOTSUPP;
	if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE && type != MAP_PRIVATE)
		return -EINVAL;
	return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

/* What was mapped there may have merged. Locking: mmap_lock for write. Source: mm/vma.c, __mmap_region(). */
static inline void khugepaged_enter_at(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	if (likely(!load_relaxed(&khugepaged_enabled)))
		return;
	vma = vma_lookup(mm, addr);
	khugepaged_enter_vma(vma, vma->vm_flags);
}

long do_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind,
	     struct uffd_unmaps *unmaps)
{
	long at;
	int err;

	if (mm->map_count > max_map_count(&mm->pt.policy))
		return -ENOMEM;
	kind.flags = account_mapping(kind, flags);
	if (unlikely(flags & MAP_GROWSDOWN)) {
		kind.flags |= VM_GROWSDOWN;
		mm->has_stack = true;
	}
	if (unlikely(mm->def_flags) && !(kind.flags & VM_SPECIAL))
		kind.flags |= mm->def_flags;
	at = get_unmapped_area(mm, addr, len, flags);
	if (at < 0)
		return at;
	err = check_type(kind, len, flags);
	if (!err && find_vma_intersection(mm, (unsigned long)at, (unsigned long)at + len))
		err = replace_region(mm, (unsigned long)at, len, kind, unmaps);
	else if (!err)
		err = map_region(mm, (unsigned long)at, len, kind);
	if (!err)
		khugepaged_enter_at(mm, (unsigned long)at);
	return err ? err : at;
}
