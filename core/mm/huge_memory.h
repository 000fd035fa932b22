/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * huge_memory.h - huge pages mapped by PMD entries: which memory gets them, and how a leaf is split into PTEs.
 *
 * A leaf lies in one VMA as a whole: it is split before a VMA ends inside it, and before a part of it is read or
 * changed. That needs no memory, since every leaf has a deposited PTE table (pgtable_trans_huge_deposit()), and
 * changes nothing that a program could see: the folio stays, mapped by 512 PTEs.
 *
 * Source: mm/huge_memory.c.
 */
#ifndef FAULTLINE_CORE_MM_HUGE_MEMORY_H
#define FAULTLINE_CORE_MM_HUGE_MEMORY_H

#include "core/base/event.h"
#include "core/mm/device.h"
#include "core/mm/mm_types.h"
#include "core/pgtable/ptl.h"
#include "core/phys/folio.h"

DECLARE_EVENT(THP_SPLIT_PMD);
DECLARE_EVENT(THP_SPLIT_PUD);

/* True if anonymous memory of @vma may get huge pages. Locking: mmap_lock or the VMA lock. */
static inline bool thp_vma_allowable(const struct vm_area_struct *vma)
{
	enum thp_kind thp = vma->vm_mm->pt.policy.thp;

	if (!THP_POSSIBLE || likely(thp == THP_NEVER) || !vma_is_anonymous(vma) ||
	    (vma->vm_flags & (VM_SPECIAL | VM_NOHUGEPAGE | VM_UFFD_MISSING)))
		return false;
	return thp == THP_ALWAYS || (vma->vm_flags & VM_HUGEPAGE);
}

/* True if the whole huge page around @addr lies in @vma. Source: include/linux/huge_mm.h, thp_vma_suitable_order(). */
static inline bool thp_vma_suitable(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = addr & PMD_MASK;

	return start >= vma->vm_start && start + PMD_SIZE <= vma->vm_end;
}

/*
 * thp_vma_wanted - true if the policy wants huge pages in @vma, which has, or is about to get, @vm_flags.
 * thp_vma_collapsible() - false if no huge page can be made in @vma, wherever the range begins and ends. Locking:
 * mmap_lock or the VMA lock. Source: mm/huge_memory.c, __thp_vma_allowable_orders(), TVA_KHUGEPAGED,
 * TVA_FORCED_COLLAPSE.
 */
static inline bool thp_vma_wanted(const struct vm_area_struct *vma, unsigned long vm_flags)
{
	enum thp_kind thp = vma->vm_mm->pt.policy.thp;

	return THP_POSSIBLE && (thp == THP_ALWAYS || (thp == THP_MADVISE && (vm_flags & VM_HUGEPAGE)));
}

static inline bool thp_vma_collapsible(const struct vm_area_struct *vma, unsigned long vm_flags)
{
	if ((vm_flags & (VM_SPECIAL | VM_HUGETLB | VM_NOHUGEPAGE)) || vma_pages(vma) < HPAGE_PMD_NR)
		return false;
	if (!thp_vma_suitable(vma, vma->vm_end - PMD_SIZE))
		return false;
	return vma_is_anonymous(vma) || IS_ALIGNED((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff, HPAGE_PMD_NR);
}

/* ---- the huge zero page ---- */

/*
 * get_huge_zero_folio - the folio that read faults map, special in entries: not counted. Allocated by the first call,
 * and kept until faultline_stop(). NULL without memory. Source: mm/huge_memory.c, mm_get_huge_zero_folio().
 */
struct folio *get_huge_zero_folio(void);
bool is_huge_zero_pfn(unsigned long pfn);
/* Its frames: none before the first call. */
unsigned long huge_zero_frames(void);
/* Frees it. Locking: no other thread is in core. */
void huge_zero_exit(void);

static inline bool is_huge_zero_pmd(pmd_t pmd)
{
	return pmd_trans_huge(pmd) && pmd_special(pmd) && is_huge_zero_pfn(pmd_pfn(pmd));
}

/*
 * The page of @addr in the huge page that @pmd, a leaf, maps and counts; NULL for the zero page. Of a leaf under
 * migration it is the old one, neither mapped nor counted: callers check that first. Locking: mmap_lock, or the VMA
 * lock; of one under migration, the PTL. Source: mm/memory.c, vm_normal_page_pmd().
 */
static inline struct page *vm_normal_page_pmd(pmd_t pmd, unsigned long addr)
{
	return pmd_special(pmd) ? NULL : pmd_page(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
}

/*
 * The same of a leaf of a PUD table; NULL for raw frames. The page is a driver's. Locking: mmap_lock, or the VMA lock.
 * Source: mm/memory.c, vm_normal_page_pud().
 */
static inline struct page *vm_normal_page_pud(pud_t pud, unsigned long addr)
{
	return pud_special(pud) ? NULL : pud_page(pud) + ((addr & (PUD_SIZE - 1)) >> PAGE_SHIFT);
}

/* ---- splitting ---- */

/*
 * split_huge_pmd - if @pmdp, which maps @addr in @vma, is a leaf, replaces it by a PTE table with the same pages and
 * permissions; a page of a file is unmapped instead, and mapped again by a fault. On return it is no leaf, or another
 * leaf. __split_huge_pmd_locked() - the same for a leaf whose lock is held.
 * Locking: mmap_lock, the VMA lock or a rmap lock. Source: mm/huge_memory.c, __split_huge_pmd().
 */
void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr);
void __split_huge_pmd_locked(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr);
/* The same for the leaf around @addr, if there is one. */
void split_huge_pmd_address(struct vm_area_struct *vma, unsigned long addr);

/*
 * split_huge_pud - unmaps a leaf of a PUD table around @addr, which maps raw frames or pages of a driver: faults map
 * them again. On return @pudp is no leaf.
 * split_huge_puds() - the same for every leaf that overlaps [@start, @end) in @vma; no effect where leaves are
 * impossible.
 * Locking: mmap_lock, the VMA lock, or i_mmap_rwsem. Source: mm/huge_memory.c, __split_huge_pud().
 */
void split_huge_pud(struct vm_area_struct *vma, pud_t *pudp, unsigned long addr);
void split_huge_puds_slow(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/*
 * unmap_huge_pud_locked - clears the leaf at @pudp, which maps @page, or raw frames if that is NULL, and uncounts it.
 * The caller drops its reference, after a flush. Locking: page_table_lock; a running invalidation. Source:
 * mm/huge_memory.c, zap_huge_pud().
 */
void unmap_huge_pud_locked(struct vm_area_struct *vma, pud_t *pudp, struct page *page);

/* True if leaves of PUD tables may map @vma: raw frames, or pages of a driver that maps as many at once. */
static inline bool vma_has_puds(const struct vm_area_struct *vma)
{
	if (!THP_POSSIBLE)
		return false;
	return unlikely(load_relaxed(&vma->vm_flags) & VM_PFNMAP) ||
	       unlikely(vma_is_device(vma) && vma->vm_file->ops->huge_fault);
}

static inline void split_huge_puds(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma_has_puds(vma))
		split_huge_puds_slow(vma, start, end);
}

/*
 * vma_adjust_trans_huge - splits a leaf around @addr, before @vma is split there. Locking: @vma write-locked, and the
 * rmap locks of its split. Source: mm/huge_memory.c.
 */
void vma_adjust_trans_huge(struct vm_area_struct *vma, unsigned long addr);

#endif
