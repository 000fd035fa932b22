/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb.h - operations on memory of huge pages from the pool, each called by its namesake for other memory.
 *
 * It is private and anonymous like other memory, but there is no huge zero page, a copy is one of the whole huge page,
 * nothing is swapped or migrated, and without a free huge page the access is fatal (VM_FAULT_SIGBUS).
 *
 * Source: mm/hugetlb.c.
 */
#ifndef FAULTLINE_CORE_OP_HUGETLB_H
#define FAULTLINE_CORE_OP_HUGETLB_H

#include "core/base/event.h"
#include "core/mm/hugetlb.h"
#include "core/mm/vma.h"
#include "core/op/fault.h"

DECLARE_EVENT(HUGETLB_TAKE_BACK);

/*
 * hugetlb_mmap - sys_mmap() with MAP_HUGETLB: @len is rounded up to whole huge pages, which are reserved for the
 * mapping, except with MAP_NORESERVE. -EINVAL also for a fixed @addr between two huge pages, -ENOMEM if they can't be
 * reserved, -EOPNOTSUPP in geometries without PMD tables. Locking: none held. Source: mm/hugetlb.c,
 * hugetlb_reserve_pages(); fs/hugetlbfs/inode.c.
 */
long hugetlb_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind);

/* hugetlb_fault - as handle_mm_fault(); VM_FAULT_SIGBUS: no huge page is left. */
vm_fault_t hugetlb_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags);

/*
 * hugetlb_take_back - unmaps @folio, which was reserved for @vma, from all forks. False: nothing was done, because
 * another thread holds the lock of @folio, which ranks above those of a fault. Locking: a reference to @folio; as a
 * fault. Source: mm/hugetlb.c, unmap_ref_private().
 */
bool hugetlb_take_back(struct vm_area_struct *vma, struct folio *folio);

/*
 * unmap_hugepage_range - as zap_range(): on return huge pages without other users are back in the pool, and reserved
 * for @vma again if they were before. Locking: as zap_range().
 */
void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/*
 * copy_hugetlb_pmd - gives the child's @dst at @addr, at @dst_pmd, the leaf of the parent's @src at @src_pmd, both
 * read-only; a huge page that may be pinned is copied at once. Returns 0 or -ENOMEM. Locking: as copy_page_range().
 * Source: mm/hugetlb.c, copy_hugetlb_page_range().
 */
int copy_hugetlb_pmd(struct vm_area_struct *dst, struct vm_area_struct *src, pmd_t *dst_pmd, pmd_t *src_pmd,
		     unsigned long addr);

#endif
