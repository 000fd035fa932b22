/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagemap_scan.c - ranges of pages by category, by the page walker: a table at a time under its PTL. */
#include "core/op/pagemap_scan.h"

#include <errno.h>

#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/pagewalk.h"
#include "core/mm/soft_dirty.h"
#include "core/mm/vm_normal_page.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/swapent.h"
#include "core/phys/zero_page.h"
#include "core/probe/operation.h"

/* No lock key: a scan's own. */
struct scan {
	struct pm_scan_arg *arg;
	uint64_t nr;			/* regions; the last may grow */
	uint64_t pages;			/* in all regions */
	uint64_t max_pages;
};

/* Whether a page in @categories is asked for. Source: fs/proc/task_mmu.c, pagemap_scan_is_interesting_page(). */
static bool matches(const struct pm_scan_arg *arg, uint64_t categories)
{
	categories ^= arg->category_inverted;
	return (categories & arg->category_mask) == arg->category_mask &&
	       (!arg->category_anyof_mask || (categories & arg->category_anyof_mask));
}

/* Adds the range to the last region, or begins one; false if there is none left. */
static bool push_range(struct scan *scan, uint64_t categories, unsigned long start, unsigned long end)
{
	struct page_region *last = scan->arg->vec + scan->nr - 1;

	if (scan->nr && last->end == start && last->categories == categories) {
		last->end = end;
		return true;
	}
	if (scan->nr == scan->arg->vec_len)
		return false;
	scan->arg->vec[scan->nr++] = (struct page_region){ start, end, categories };
	return true;
}

/*
 * Reports the pages of [@start, @end), all in @categories, if they match. Returns 0, or -ENOSPC once there is no room
 * for one: the scan ends there. Source: fs/proc/task_mmu.c, pagemap_scan_output().
 */
static int report(struct scan *scan, uint64_t categories, unsigned long start, unsigned long end)
{
	uint64_t pages = (end - start) >> PAGE_SHIFT, left = scan->max_pages - scan->pages;

	if (!matches(scan->arg, categories) || !scan->arg->vec_len)
		return 0;
	if (left && push_range(scan, categories & scan->arg->return_mask, start,
			       start + (min(pages, left) << PAGE_SHIFT)))
		pages = min(pages, left);
	else
		pages = 0;
	scan->pages += pages;
	if (start + (pages << PAGE_SHIFT) == end)
		return 0;
	scan->arg->walk_end = start + (pages << PAGE_SHIFT);
	return -ENOSPC;
}

/* Source: fs/proc/task_mmu.c, pagemap_page_category(). Locking: the PTL. */
static uint64_t pte_category(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	struct page *page;

	if (pte_none(pte))
		return PAGE_IS_WRITTEN;
	if (pte_present(pte)) {
		page = vm_normal_page(vma, addr, pte);
		return PAGE_IS_WRITTEN | PAGE_IS_PRESENT |
		       (page && !folio_test_anon(page_folio(page)) ? PAGE_IS_FILE : 0) |
		       (is_zero_pfn(pte_pfn(pte)) ? PAGE_IS_PFNZERO : 0);
	}
	if (pte_is_guard(pte))
		return PAGE_IS_WRITTEN | PAGE_IS_SWAPPED | PAGE_IS_GUARD;
	if ((pte_is_migration(pte) || pte_is_device_private(pte)) && !folio_test_anon(pfn_swap_entry_folio(pte)))
		return PAGE_IS_WRITTEN | PAGE_IS_SWAPPED | PAGE_IS_FILE;
	return PAGE_IS_WRITTEN | PAGE_IS_SWAPPED;
}

/* Source: fs/proc/task_mmu.c, pagemap_thp_category(), pagemap_hugetlb_category(). Locking: the PTL. */
static uint64_t leaf_category(pmd_t pmd, unsigned long addr)
{
	struct page *page;

	if (is_pmd_migration_entry(pmd))
		return PAGE_IS_WRITTEN | PAGE_IS_SWAPPED | PAGE_IS_HUGE |
		       (folio_test_anon(page_folio(pfn_to_page(pmd_pfn(pmd)))) ? 0 : PAGE_IS_FILE);
	if (is_huge_zero_pmd(pmd))
		return PAGE_IS_WRITTEN | PAGE_IS_PRESENT | PAGE_IS_HUGE | PAGE_IS_PFNZERO;
	page = vm_normal_page_pmd(pmd, addr);
	return PAGE_IS_WRITTEN | PAGE_IS_PRESENT | PAGE_IS_HUGE |
	       (page && !folio_test_anon(page_folio(page)) ? PAGE_IS_FILE : 0);
}

static uint64_t vma_category(const struct vm_area_struct *vma)
{
	return vma_reports_soft_dirty(vma) ? PAGE_IS_SOFT_DIRTY : 0;
}

/* With the category that depends on its VMA, too. Locking: the PTL. */
static uint64_t category_at(const struct vm_area_struct *vma, unsigned long addr, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);
	uint64_t found = pte_category(vma, addr, pte);

	if (unlikely(!pte_none(pte) && pte_uffd_wp_any(pte)))
		found &= ~(uint64_t)PAGE_IS_WRITTEN;
	return found | (pte_reports_soft_dirty(vma, pte) ? PAGE_IS_SOFT_DIRTY : 0);
}

static int report_leaf(struct mm_walk *walk, pmd_t pmd, unsigned long addr, unsigned long next)
{
	uint64_t soft_dirty = leaf_reports_soft_dirty(walk->vma, pmd) ? PAGE_IS_SOFT_DIRTY : 0;

	return report(walk->private, leaf_category(pmd, addr) | soft_dirty, addr, next);
}

/* Pages of one category are reported together. Source: fs/proc/task_mmu.c, pagemap_scan_pmd_entry(). */
static int scan_table(struct mm_walk *walk, pte_t *ptep, unsigned long addr, unsigned long next)
{
	uint64_t categories = category_at(walk->vma, addr, ptep), found;
	unsigned long start = addr;
	int err = 0;

	for (addr += PAGE_SIZE; addr < next && !err; addr += PAGE_SIZE) {
		found = category_at(walk->vma, addr, ++ptep);
		if (found == categories)
			continue;
		err = report(walk->private, categories, start, addr);
		start = addr;
		categories = found;
	}
	return err ? err : report(walk->private, categories, start, next);
}

static int scan_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);
	pte_t *ptep;
	int err;

	if (ptl) {
		walk->action = ACTION_CONTINUE;
		err = report_leaf(walk, pmdp_get(pmdp), addr, next);
		spin_unlock(ptl);
		return err;
	}
	ptep = walk_lock_ptes(walk, pmdp, addr, &ptl);
	if (!ptep)
		return 0;
	err = scan_table(walk, ptep, addr, next);
	pte_unmap_unlock(&walk->mm->pt, ptl);
	return err;
}

/* Source: fs/proc/task_mmu.c, pagemap_scan_hugetlb_entry(). Locking: the hugetlb VMA lock. */
static int scan_hugetlb(pmd_t *entryp, unsigned long hmask, unsigned long addr, unsigned long next,
			struct mm_walk *walk)
{
	spinlock_t *ptl = huge_leaf_lock(hstate_vma(walk->vma), &walk->mm->pt, entryp);
	int err;

	(void)hmask;
	if (!ptl)
		return report(walk->private, PAGE_IS_HUGE | vma_category(walk->vma), addr, next);
	err = report_leaf(walk, pmdp_get(entryp), addr, next);
	spin_unlock(ptl);
	return err;
}

static int scan_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	(void)depth;
	return walk->vma ? report(walk->private, vma_category(walk->vma), addr, next) : 0;
}

/* No VMA allows write-protection. Source: fs/proc/task_mmu.c, pagemap_scan_test_walk(). */
static int scan_test_walk(unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const struct scan *scan = walk->private;

	(void)addr, (void)next;
	if (scan->arg->flags & PM_SCAN_CHECK_WPASYNC)
		return -EPERM;
	return (scan->arg->flags & PM_SCAN_WP_MATCHING) != 0;
}

/* Source: fs/proc/task_mmu.c, pagemap_scan_get_args(). */
static int check_arg(const struct pm_scan_arg *arg)
{
	uint64_t categories = arg->category_inverted | arg->category_mask | arg->category_anyof_mask | arg->return_mask;

	if (arg->flags & ~(uint64_t)(PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC))
		return -EINVAL;
	if ((categories & ~(uint64_t)PM_SCAN_CATEGORIES) || !IS_ALIGNED(arg->start, PAGE_SIZE))
		return -EINVAL;
	if (arg->start > arg->end || arg->end > TASK_SIZE)
		return -EFAULT;
	return arg->vec_len && !arg->vec ? -EINVAL : 0;
}

long sys_pagemap_scan(struct mm_struct *mm, struct pm_scan_arg *arg)
{
	OPERATION("pagemap_scan", mm, arg->start);
	static const struct mm_walk_ops ops = {
		.pmd_entry = scan_pmd_entry, .hugetlb_entry = scan_hugetlb, .pte_hole = scan_hole,
		.test_walk = scan_test_walk, .walk_lock = PGWALK_RDLOCK,
	};
	struct scan scan = { .arg = arg, .max_pages = arg->max_pages ? arg->max_pages : UINT64_MAX };
	long err = check_arg(arg);

	if (err)
		return err;
	arg->walk_end = ALIGN_UP(arg->end, PAGE_SIZE);
	if (arg->start == arg->walk_end)
		return 0;
	mmap_read_lock(mm);
	err = walk_page_range(mm, arg->start, arg->walk_end, &ops, &scan);
	mmap_read_unlock(mm);
	return !err || err == -ENOSPC ? (long)scan.nr : err;
}
