/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagemap.c - the mapping of each page of a range, by the page walker. */
#include "core/op/pagemap.h"

#include <errno.h>

#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/pagewalk.h"
#include "core/mm/rmap.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vm_normal_page.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/swapent.h"
#include "core/probe/operation.h"

/* The bits of a counted page. @once: it is mapped by one entry. */
static uint64_t page_bits(struct page *page, bool once)
{
	uint64_t bits = folio_test_anon(page_folio(page)) ? 0 : PM_FILE;

	return once ? bits | PM_MMAP_EXCLUSIVE : bits;
}

/* Mapped by one PTE and no leaf, or by one leaf and no PTE. Source: fs/proc/internal.h. */
static bool mapped_once(struct page *page)
{
	return folio_precise_page_mapcount(page_folio(page), page) == 1;
}

/* Source: fs/proc/task_mmu.c, pte_to_pagemap_entry(). Locking: the PTL. */
static uint64_t pagemap_pte(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	struct page *page;

	uint64_t wp;

	if (pte_none(pte))
		return 0;
	wp = pte_uffd_wp_any(pte) ? PM_UFFD_WP : 0;
	if (pte_present(pte)) {
		page = vm_normal_page(vma, addr, pte);
		return PM_PRESENT | wp | pte_pfn(pte) | (page ? page_bits(page, mapped_once(page)) : 0);
	}
	if (pte_is_migration(pte) && !folio_test_anon(pfn_swap_entry_folio(pte)))
		return PM_SWAP | PM_FILE | swapent_payload(pte);
	return PM_SWAP | wp | (pte_is_guard(pte) ? PM_GUARD_REGION : 0) | swapent_payload(pte);
}

/*
 * The page at @addr in the leaf, @mask masks whose address. Source: fs/proc/task_mmu.c, pagemap_pmd_range(),
 * pagemap_hugetlb_range(). Locking: the PTL.
 */
static uint64_t pagemap_leaf(pmd_t pmd, unsigned long addr, unsigned long mask)
{
	unsigned long pfn = pmd_pfn(pmd) + ((addr & ~mask) >> PAGE_SHIFT);
	struct page *page;

	if (is_pmd_migration_entry(pmd))
		return PM_SWAP | (folio_test_anon(page_folio(pmd_page(pmd))) ? 0 : PM_FILE) | pfn;
	if (is_huge_zero_pmd(pmd))
		return PM_PRESENT | PM_FILE | pfn;	/* not anonymous, and not counted */
	page = pmd_special(pmd) ? NULL : pfn_to_page(pfn);
	return PM_PRESENT | pfn | (page ? page_bits(page, mapped_once(page)) : 0);
}

static void fill_leaf(struct mm_walk *walk, pmd_t pmd, unsigned long mask, unsigned long addr, unsigned long next)
{
	uint64_t **map = walk->private, soft_dirty = leaf_reports_soft_dirty(walk->vma, pmd) ? PM_SOFT_DIRTY : 0;

	for (; addr < next; addr += PAGE_SIZE)
		*(*map)++ = pagemap_leaf(pmd, addr, mask) | soft_dirty;
}

static int pagemap_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);
	uint64_t **map = walk->private;
	pte_t *ptep;

	if (ptl) {
		walk->action = ACTION_CONTINUE;
		fill_leaf(walk, pmdp_get(pmdp), PMD_MASK, addr, next);
		spin_unlock(ptl);
		return 0;
	}
	ptep = walk_lock_ptes(walk, pmdp, addr, &ptl);
	if (!ptep)
		return 0;
	for (; addr < next; addr += PAGE_SIZE, ptep++)
		*(*map)++ = pagemap_pte(walk->vma, addr, ptep_get(ptep)) |
			    (pte_reports_soft_dirty(walk->vma, ptep_get(ptep)) ? PM_SOFT_DIRTY : 0);
	pte_unmap_unlock(&walk->mm->pt, ptl);
	return 0;
}

static int pagemap_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	uint64_t **map = walk->private;

	(void)depth;
	for (; addr < next; addr += PAGE_SIZE)
		*(*map)++ = walk->vma && vma_reports_soft_dirty(walk->vma) ? PM_SOFT_DIRTY : 0;
	return 0;
}

/* VM_PFNMAP ranges are not skipped: their frames are reported too. Source: fs/proc/task_mmu.c. */
static int pagemap_test_walk(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	return 0;
}

/* Source: fs/proc/task_mmu.c, pagemap_hugetlb_range(). Locking: the hugetlb VMA lock. */
static int pagemap_hugetlb(pmd_t *entryp, unsigned long hmask, unsigned long addr, unsigned long next,
			   struct mm_walk *walk)
{
	spinlock_t *ptl = huge_leaf_lock(hstate_vma(walk->vma), &walk->mm->pt, entryp);

	if (!ptl)
		return pagemap_hole(addr, next, -1, walk);
	fill_leaf(walk, pmdp_get(entryp), hmask, addr, next);
	spin_unlock(ptl);
	return 0;
}

int sys_pagemap(struct mm_struct *mm, unsigned long start, unsigned long nr, uint64_t *map)
{
	OPERATION("pagemap", mm, start);
	static const struct mm_walk_ops ops = {
		.pmd_entry = pagemap_pmd_entry, .hugetlb_entry = pagemap_hugetlb, .pte_hole = pagemap_hole,
		.test_walk = pagemap_test_walk, .walk_lock = PGWALK_RDLOCK,
	};
	int err;

	if (!IS_ALIGNED(start, PAGE_SIZE) || start > TASK_SIZE || nr > (TASK_SIZE - start) >> PAGE_SHIFT)
		return -EINVAL;
	if (!nr)
		return 0;
	mmap_read_lock(mm);
	err = walk_page_range(mm, start, start + (nr << PAGE_SHIFT), &ops, &map);
	mmap_read_unlock(mm);
	return err;
}
