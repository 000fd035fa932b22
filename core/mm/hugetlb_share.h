/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_share.h - PMD tables of huge pages that shared mappings of one file have in common.
 *
 * Two VMAs that map all of one PUD entry's range from the same page of the file on, with the same permissions, need the
 * same PMD table: a fault in the second one links the first one's, and counts it (pt_share_count). So a huge page that
 * one of them maps, all do; it is one leaf, one reference and one mapcount, and the table's own lock guards it.
 *
 * A table is linked under i_mmap_rwsem for read, and unlinked (unshared) from one mm under i_mmap_rwsem and the hugetlb
 * VMA lock, both for write: the holder of either keeps the table of an address. Operations that unmap or protect
 * unshare a shared table, and change only one that is not shared. Faults map the rest of the range again. A VMA that is
 * about to lose its tables loses its hugetlb VMA lock before, and only VMAs with one share tables.
 *
 *   unshare                                         GUP-fast, in the same mm
 *   (A1) clear the PUD entry                        (B1) read the PUD entry
 *   (A2) drop the share                             (B2) read the leaf in its table
 *   (A3) wait for lockless walks, before the locks  (B3) pin its page, re-read the leaf
 *        are dropped
 *
 * After A2 the other mm may be the only one, and may map anything else by the table: B2 would find that. A3 waits for
 * B1 to B3; the table was freed by RCU anyway.
 *
 * Source: mm/hugetlb.c, huge_pmd_share(), huge_pmd_unshare().
 */
#ifndef FAULTLINE_CORE_MM_HUGETLB_SHARE_H
#define FAULTLINE_CORE_MM_HUGETLB_SHARE_H

#include "core/mm/hugetlb.h"
#include "core/pgtable/pgalloc.h"

DECLARE_EVENT(PMD_SHARE);
DECLARE_EVENT(PMD_UNSHARE);

/* True if @vma may share tables: a shared mapping of huge pages with entries in PMD tables, which have own locks. */
static inline bool vma_shares_pmds(const struct vm_area_struct *vma)
{
	return is_vm_hugetlb_page(vma) && (load_relaxed(&vma->vm_flags) & (VM_SHARED | VM_HUGETLB_PUD)) == VM_SHARED;
}

/* True if others share the table of @pmdp. Locking: the hugetlb VMA lock. Source: include/linux/hugetlb.h. */
static inline bool hugetlb_pmd_shared(const struct vm_area_struct *vma, const pmd_t *pmdp)
{
	return vma_shares_pmds(vma) && load_relaxed(&virt_to_page(pmdp)->pt_share_count);
}

/*
 * huge_pte_alloc - the entry of the huge page of size @h at @addr, tables above it allocated, or shared, if missing;
 * NULL without memory. Locking: as pmd_alloc_path(), and the hugetlb VMA lock; takes i_mmap_rwsem. Source:
 * mm/hugetlb.c.
 */
pmd_t *huge_pte_alloc(struct vm_area_struct *vma, unsigned long addr, const struct hstate *h);

/*
 * huge_pmd_unshare - unlinks the PMD table of @addr from @vma's mm, if others share it; all that it maps there is
 * unmapped then. Returns whether it did. Locking: i_mmap_rwsem and the hugetlb VMA lock, both for write. Source:
 * mm/hugetlb.c.
 */
bool huge_pmd_unshare(struct vm_area_struct *vma, unsigned long addr);

/*
 * hugetlb_unshare_mapped - in an rmap walk of @folio, of the pool: unshares the PMD table of @vma that maps it. Returns
 * 0: no table is shared; 1: it is unshared, and @vma maps nothing there; -EBUSY: the hugetlb VMA lock is held by
 * others. Locking: the rmap lock, of a file for write. Source: mm/rmap.c, try_to_migrate_one().
 */
int hugetlb_unshare_mapped(struct folio *folio, struct vm_area_struct *vma, unsigned long addr);

/*
 * hugetlb_unshare_begin - takes both locks, if @vma shares tables; hugetlb_unshare_end() drops them; @last: @vma loses
 * its hugetlb VMA lock before, and no VMA shares its tables, which are about to be freed. Locking: mmap_lock for write
 * or read, and no lock below the hugetlb VMA lock. Source: mm/hugetlb.c, hugetlb_zap_begin(), __hugetlb_zap_end().
 */
void hugetlb_unshare_begin(struct vm_area_struct *vma);
void hugetlb_unshare_end(struct vm_area_struct *vma, bool last);

/*
 * hugetlb_split - before @vma is split at @addr: unshares the table of a range that neither part has alone. Locking: as
 * huge_pmd_unshare(). Source: mm/hugetlb.c.
 */
void hugetlb_split(struct vm_area_struct *vma, unsigned long addr);

/*
 * Extends [*start, *end) to what an unshare of @vma's tables may unmap. Source: mm/hugetlb.c,
 * adjust_range_if_pmd_sharing_possible().
 */
void adjust_range_if_pmd_sharing_possible(const struct vm_area_struct *vma, unsigned long *start, unsigned long *end);

/*
 * hugetlb_walk - the entry of the huge page of size @h at @addr; NULL without its table. hugetlb_walk_next() - that of
 * the first huge page at or above *@addr and below @end that has one; *@addr is advanced to it, unless it lies within.
 * Locking: the hugetlb VMA lock or i_mmap_rwsem, if @vma shares tables; mmap_lock or the VMA lock. Source:
 * include/linux/hugetlb.h; mm/hugetlb.c, huge_pte_offset(), hugetlb_mask_last_page().
 */
pmd_t *hugetlb_walk(struct vm_area_struct *vma, unsigned long addr, const struct hstate *h);
pmd_t *hugetlb_walk_next(struct vm_area_struct *vma, unsigned long *addr, unsigned long end, const struct hstate *h);

#endif
