/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * huge_memory.h - huge pages mapped by PMD entries: which memory gets them, and how one is mapped by PTEs instead.
 *
 * A leaf lies in one VMA as a whole: whoever makes a VMA end inside one, or wants to look at or change a part of what it maps,
 * splits it first. That needs no memory, since every leaf has a PTE table put by (pgtable_trans_huge_deposit()), and changes
 * nothing that a program could see: the folio stays, mapped by 512 PTEs.
 *
 * Source: mm/huge_memory.c.
 */
#ifndef FAULTLINE_CORE_MM_HUGE_MEMORY_H
#define FAULTLINE_CORE_MM_HUGE_MEMORY_H

#include "core/mm/mm_types.h"
#include "core/phys/folio.h"
#include "core/pgtable/ptl.h"

/* Anonymous memory of @vma gets huge pages where there is room. Locking: mmap_lock or the VMA lock. */
static inline bool thp_vma_allowable(const struct vm_area_struct *vma)
{
	enum thp_kind thp = vma->vm_mm->pt.policy.thp;

	if (!THP_POSSIBLE || likely(thp == THP_NEVER) || !vma_is_anonymous(vma) || (vma->vm_flags & (VM_SPECIAL | VM_NOHUGEPAGE)))
		return false;
	return thp == THP_ALWAYS || (vma->vm_flags & VM_HUGEPAGE);
}

/* The whole huge page around @addr lies in @vma. Source: include/linux/huge_mm.h, thp_vma_suitable_order(). */
static inline bool thp_vma_suitable(const struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long start = addr & PMD_MASK;

	return start >= vma->vm_start && start + PMD_SIZE <= vma->vm_end;
}

/* ---- the huge page of zeroes ---- */

/*
 * get_huge_zero_folio - mapped by read faults, special in entries: not counted. Made at the first call, and there until
 * faultline_stop(). NULL when memory ran out. Source: mm/huge_memory.c, mm_get_huge_zero_folio().
 */
struct folio *get_huge_zero_folio(void);
bool is_huge_zero_pfn(unsigned long pfn);
/* Frames that it keeps: none before the first call. */
unsigned long huge_zero_frames(void);
/* Frees it. Locking: no other thread is in core. */
void huge_zero_exit(void);

static inline bool is_huge_zero_pmd(pmd_t pmd)
{
	return pmd_trans_huge(pmd) && pmd_special(pmd) && is_huge_zero_pfn(pmd_pfn(pmd));
}

/*
 * The page at @addr's place in the huge page that @pmd, a leaf, maps and counts; NULL for the page of zeroes. Locking: mmap_lock, or
 * the VMA lock. Source: mm/memory.c, vm_normal_page_pmd().
 */
static inline struct page *vm_normal_page_pmd(pmd_t pmd, unsigned long addr)
{
	return pmd_special(pmd) ? NULL : pmd_page(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
}

/* ---- splitting ---- */

/*
 * split_huge_pmd - if @pmdp, which maps @addr in @vma, is a leaf, a PTE table takes its place that maps the same, with the same rights;
 * a page of a file is unmapped instead, and comes back by a fault. By the return it is no leaf, or not that leaf any more.
 * __split_huge_pmd_locked() - the same of a leaf whose lock is held.
 * Locking: mmap_lock, the VMA lock or a rmap lock. Source: mm/huge_memory.c, __split_huge_pmd().
 */
void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr);
void __split_huge_pmd_locked(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr);
/* The same of the leaf around @addr, if there is one. */
void split_huge_pmd_address(struct vm_area_struct *vma, unsigned long addr);

/*
 * split_huge_pud - a leaf of a PUD table around @addr, which maps raw frames, goes: faults map them again, one by one. By the return
 * @pudp is no leaf.
 * split_huge_puds() - the same of every leaf that maps some of [@start, @end) in @vma; does nothing where there can be none.
 * Locking: mmap_lock or the VMA lock. Source: mm/huge_memory.c, __split_huge_pud().
 */
void split_huge_pud(struct vm_area_struct *vma, pud_t *pudp, unsigned long addr);
void split_huge_puds_slow(struct vm_area_struct *vma, unsigned long start, unsigned long end);

static inline void split_huge_puds(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (THP_POSSIBLE && unlikely(load_relaxed(&vma->vm_flags) & VM_PFNMAP))
		split_huge_puds_slow(vma, start, end);
}

/*
 * vma_adjust_trans_huge - @vma is about to end, and another to begin, at @addr inside it: a leaf around it is split.
 * Locking: @vma write-locked, and the rmap locks of its split. Source: mm/huge_memory.c.
 */
void vma_adjust_trans_huge(struct vm_area_struct *vma, unsigned long addr);

#endif
