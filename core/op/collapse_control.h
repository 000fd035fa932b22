/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collapse_control.h - the collapse of one range of a huge page: its limits and its results.
 *
 * MADV_COLLAPSE and khugepaged share the code that collapses. khugepaged has limits, and obeys the policy of huge
 * pages.
 *
 * Source: mm/khugepaged.c, struct collapse_control, enum scan_result.
 */
#ifndef FAULTLINE_CORE_OP_COLLAPSE_CONTROL_H
#define FAULTLINE_CORE_OP_COLLAPSE_CONTROL_H

#include "core/mm/huge_memory.h"
#include "core/mm/khugepaged.h"

/* Results of a scan, and of a collapse: name, meaning. */
#define SCAN_RESULTS(RESULT) \
	RESULT(FAIL, "a page could not be swapped in") \
	RESULT(SUCCEED, "collapsed") \
	RESULT(PMD_NULL, "nothing is mapped") \
	RESULT(PMD_MAPPED, "mapped by a leaf already") \
	RESULT(EXCEED_NONE_PTE, "too many entries map nothing, or a userfaultfd has them") \
	RESULT(EXCEED_SWAP_PTE, "too many pages are swapped out") \
	RESULT(EXCEED_SHARED_PTE, "too many pages are shared") \
	RESULT(PTE_NON_PRESENT, "a page was swapped out meanwhile") \
	RESULT(PTE_UFFD_WP, "a userfaultfd write-protects a page") \
	RESULT(PAGE_NULL, "not one huge page of a file, or not mapped as one") \
	RESULT(PAGE_ANON, "no anonymous page was ever there") \
	RESULT(PAGE_LOCK, "a page is locked") \
	RESULT(PAGE_COUNT, "a page has extra references") \
	RESULT(LACK_REFERENCED_PAGE, "too few pages were accessed") \
	RESULT(ANY_PROCESS, "the mm has no users") \
	RESULT(VMA_NULL, "no VMA") \
	RESULT(VMA_CHECK, "a VMA without huge pages") \
	RESULT(ADDRESS_RANGE, "not in one VMA") \
	RESULT(ALLOC_HUGE_PAGE_FAIL, "no memory")

#define SCAN_ENUMERATOR(name, what)	SCAN_##name,
enum scan_result { SCAN_RESULTS(SCAN_ENUMERATOR) NR_SCAN_RESULTS };
#undef SCAN_ENUMERATOR

/* Lock key: (C) const while in use */
struct collapse_control {
	bool is_khugepaged;		/* (C) else the limits have no meaning */
	struct khugepaged_limits limits;	/* (C) */
};

/* True if @nr entries of a kind are more than khugepaged accepts. */
static inline bool exceeds(const struct collapse_control *cc, unsigned long nr, unsigned long max)
{
	return cc->is_khugepaged && nr > max;
}

/* True if a huge page may be made in @vma. Locking: mmap_lock. */
static inline bool collapse_allowed(const struct collapse_control *cc, const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SPECIAL | VM_HUGETLB | VM_NOHUGEPAGE)) &&
	       (!cc->is_khugepaged || thp_vma_wanted(vma, vma->vm_flags));
}

/*
 * collapse_huge_page - copies the anonymous pages at @addr into a new huge page. Drops mmap_lock, and decides anew what
 * it decided before. Locking: mmap_lock for read, which is dropped. Source: mm/khugepaged.c.
 */
enum scan_result collapse_huge_page(struct mm_struct *mm, unsigned long addr, const struct collapse_control *cc);

/*
 * hpage_collapse_scan_pmd - decides, for khugepaged, whether the pages at @addr in @vma are worth a huge page, and
 * collapses them if so: *@mmap_locked becomes false. Locking: mmap_lock for read. Source: mm/khugepaged.c.
 */
enum scan_result hpage_collapse_scan_pmd(struct vm_area_struct *vma, unsigned long addr, bool *mmap_locked,
					 const struct collapse_control *cc);

#endif
