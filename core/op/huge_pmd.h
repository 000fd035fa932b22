/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge_pmd.h - operations on a leaf as a whole, each for its operation on PTEs. Source: mm/huge_memory.c. */
#ifndef FAULTLINE_CORE_OP_HUGE_PMD_H
#define FAULTLINE_CORE_OP_HUGE_PMD_H

#include "core/mm/huge_memory.h"
#include "core/pgtable/mmu_gather.h"
#include "core/probe/knockout.h"

/*
 * zap_huge_pmd - zaps the leaf that maps all of [@addr, @addr + PMD_SIZE), and its deposit; with ZAP_KEEP_COWS an
 * anonymous one stays. @tlb has room for one. False: it is no leaf any more. Locking: as zap_range().
 */
bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr,
		  unsigned int flags);

/*
 * unmap_huge_pmd_locked - drops @folio, lazily freed, which the leaf at @pmdp maps at @addr, unless it is needed.
 * Returns the leaf's deposit, for the caller to free after a grace period; NULL: the leaf stays. Locking: the PTL, the
 * folio lock, a rmap lock; one reference. Source: mm/huge_memory.c, unmap_huge_pmd_locked().
 */
struct page *unmap_huge_pmd_locked(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmdp, struct folio *folio);

/*
 * change_huge_pmd - gives the leaf the current permissions of @vma. False: it is no leaf any more.
 * change_huge_pmd_locked() - the same for a leaf whose lock is held. Locking: as mprotect.
 */
void change_huge_pmd_locked(const struct vm_area_struct *vma, pmd_t *pmdp);
bool change_huge_pmd(const struct vm_area_struct *vma, pmd_t *pmdp);

/*
 * copy_huge_pmd - maps in @dst at @addr what the leaf at @src_pmd maps in @src, both read-only. Returns 0, -ENOMEM, or
 * -EAGAIN if there is no leaf any more: it was split, because the huge page may be pinned. Locking: as
 * copy_page_range().
 */
int copy_huge_pmd(struct vm_area_struct *dst, struct vm_area_struct *src, pmd_t *dst_pmd, pmd_t *src_pmd,
		  unsigned long addr);

/*
 * share_leaf - write protects the leaf of the parent at @src_pmd, under migration or not; returns the child's. Locking:
 * the PTLs of both; inside write_protect_seq.
 */
pmd_t share_leaf(pmd_t *src_pmd);

/*
 * move_huge_pmd - moves the leaf of @vma at @old_addr, @old_pmd, to @new_pmd, which is none, with its deposit. False:
 * it is no leaf any more. Locking: as move_page_tables(), and the rmap locks.
 */
bool move_huge_pmd(const struct vm_area_struct *vma, unsigned long old_addr, pmd_t *old_pmd, pmd_t *new_pmd);

/* Moves a deposit: they are kept by PMD table. Locking: the PTLs of both. */
void pgtable_trans_huge_move(struct mm_pgtable *pt, pmd_t *old_pmd, pmd_t *new_pmd);

#endif
