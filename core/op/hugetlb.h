/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb.h - operations on memory of huge pages from the pool, each called by its namesake for other memory.
 *
 * It is anonymous, or of a file of huge pages (hugetlb_file.h), like other memory, but there is no huge zero page, a
 * copy is one of the whole huge page, nothing is swapped or written back, and without a free huge page the access is
 * fatal (VM_FAULT_SIGBUS).
 *
 * Faults against truncation. Both take the fault mutex of the place, for private mappings, too:
 *
 *   truncate                                        fault
 *   (A1) i_size is reduced                          (B1) lock the place
 *   (A2) for each place beyond: lock it; unmap it   (B2) it lies below i_size, else SIGBUS
 *        everywhere, private copies too; remove     (B3) map the file's huge page, a new one that is added to the
 *        its folio; unlock                               file, or a private one; unlock
 *
 * If B1 locks before A2, A2 finds what B3 mapped and added. If it locks after, B2 finds the new size.
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
 * hugetlb_mmap - sys_mmap() with MAP_HUGETLB, whose shared memory is a file of huge pages, or sys_mmap_file() of one:
 * @len is rounded up to whole huge pages, which are reserved for the mapping, or, if it is shared, for the file, except
 * with MAP_NORESERVE. A file grows with a writable mapping. Without a file the bits of @flags from MAP_HUGE_SHIFT on
 * are the size, as hstate_sizelog() says. -EINVAL also for a size that does not exist, for a fixed @addr, or a page of
 * the file, between two huge pages, -ENOMEM if they can't be reserved, -EOPNOTSUPP in geometries without PMD tables.
 * Locking: none held. Source: mm/mmap.c, ksys_mmap_pgoff(); mm/hugetlb.c, hugetlb_reserve_pages();
 * fs/hugetlbfs/inode.c, hugetlbfs_file_mmap().
 */
long hugetlb_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags, struct vma_kind kind);

/* Copies the contents of a huge page to another of its size. Source: mm/memory.c, copy_user_large_folio(). */
void copy_huge_payload(struct folio *to, struct folio *from);

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
 * for @vma again if they were before. @last: as ZAP_UNMAP; then no other VMA shares its tables any more. Locking: as
 * zap_range().
 */
void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool last);

/*
 * hugetlb_change_protection - leaves of @vma get its permissions; those in shared tables are unmapped. Locking: as
 * change_protection(). Source: mm/hugetlb.c.
 */
void hugetlb_change_protection(struct vm_area_struct *vma);

/*
 * Clears the leaf of @vma at @addr, if there is one. Locking: the hugetlb VMA lock for write; mmap_lock or
 * i_mmap_rwsem. Source: mm/hugetlb.c, __unmap_hugepage_range().
 */
void zap_hugetlb_entry(struct vm_area_struct *vma, pmd_t *entryp, unsigned long addr);

/*
 * hugetlb_vmtruncate - removes the huge pages from page @end on, the last, from the file and from all mappings, private
 * copies too, and drops their reservations. i_size is reduced already. Locking: invalidate_lock for write. Source:
 * fs/hugetlbfs/inode.c, hugetlb_vmtruncate(), remove_inode_hugepages().
 */
void hugetlb_vmtruncate(struct address_space *mapping, unsigned long end);

/*
 * hugetlb_count - @vma maps @nr more huge pages: MM_HUGETLBPAGES counts those of private mappings. Locking: the PTL.
 * Source: include/linux/hugetlb.h, hugetlb_count_add(), which counts all.
 */
static inline void hugetlb_count(const struct vm_area_struct *vma, long nr)
{
	if (!(load_relaxed(&vma->vm_flags) & VM_SHARED))
		mm_count(&load_relaxed(&vma->vm_mm)->pt, MM_HUGETLBPAGES,
			 nr * (long)pages_per_huge_page(hstate_vma(vma)));
}

/*
 * copy_hugetlb_page_range - gives the child's @dst the leaves of the parent's @src, both read-only; a huge page that
 * may be pinned is copied at once. Returns 0 or -ENOMEM. Locking: as copy_page_range(). Source: mm/hugetlb.c.
 */
int copy_hugetlb_page_range(struct vm_area_struct *dst, struct vm_area_struct *src);

#endif
