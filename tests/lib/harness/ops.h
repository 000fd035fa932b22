/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops.h - operations on an mm in the short forms that most tests need. */
#ifndef FAULTLINE_TESTS_LIB_HARNESS_OPS_H
#define FAULTLINE_TESTS_LIB_HARNESS_OPS_H

#include "core/mm/vma.h"
#include "core/op/fault.h"
#include "core/op/madvise.h"
#include "core/op/mmap.h"
#include "core/op/munmap.h"
#include "core/op/protect.h"
#include "core/op/reclaim.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)

/* Maps [@addr, @addr + @len), whatever is there; dies when that fails. */
static inline void map_at(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot)
{
	BUG_ON(sys_mmap(mm, addr, len, prot, ANON | MAP_FIXED, 0) != (long)addr);
}

/* A write or a read that must succeed. */
static inline void write_at(struct mm_struct *mm, unsigned long addr)
{
	BUG_ON(do_user_addr_fault(mm, addr, FAULT_FLAG_WRITE));
}

static inline void read_at(struct mm_struct *mm, unsigned long addr)
{
	BUG_ON(do_user_addr_fault(mm, addr, 0));
}

/* Reclaims what the range maps, also where others map it too: MADV_PAGEOUT leaves that alone. */
static inline void reclaim_at(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	struct vm_area_struct *vma;
	unsigned long next;

	mmap_read_lock(mm);
	for (unsigned long addr = start; (vma = find_vma_intersection(mm, addr, start + len)); addr = next) {
		next = vma->vm_end;
		if (!(vma->vm_flags & (VM_PFNMAP | VM_HUGETLB)))
			reclaim_range(vma, max(vma->vm_start, addr), min(next, start + len));
	}
	mmap_read_unlock(mm);
}

#endif
