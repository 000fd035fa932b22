/* SPDX-License-Identifier: GPL-2.0-or-later */
/* numa_scan.c - makes NUMA hints of a part of an address space at a time. */
#include "core/op/numa_scan.h"

#include "core/mm/hugetlb.h"
#include "core/mm/mmap_lock.h"
#include "core/mm/vma.h"
#include "core/op/protect.h"
#include "core/probe/operation.h"

DEFINE_EVENT(NUMA_SCAN, "scans for NUMA balancing");
DEFINE_EVENT(NUMA_SCAN_BUSY, "scans for NUMA balancing that found mmap_lock held");

/* Lock key: (T) this thread only */
struct scan {
	long pages;		/* (T) to scan where there is something to make hints of */
	long virtpages;		/* (T) to scan in any case */
	unsigned long hints;	/* (T) made */
};

#define VIRTPAGES	8	/* pages of address space for a page to scan. Source: kernel/sched/fair.c */

static bool over(const struct scan *scan)
{
	return scan->pages <= 0 || scan->virtpages <= 0;
}

/*
 * Read-only pages of files are cached by each node's processors. Locking: mmap_lock. Source: kernel/sched/fair.c,
 * task_numa_work(); include/linux/mempolicy.h, vma_migratable().
 */
static bool vma_can_have_hints(const struct vm_area_struct *vma)
{
	if (is_vm_hugetlb_page(vma) || (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP)))
		return false;
	if (vma->vm_file && (vma->vm_flags & (VM_READ | VM_WRITE)) == VM_READ)
		return false;
	return vma_is_accessible(vma);
}

/* Source: mm/mempolicy.c. */
static unsigned long change_prot_numa(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return change_protection(vma, start, end, MM_CP_PROT_NUMA);
}

/* Part by part from @start on; returns where it ended. Locking: mmap_lock for read. */
static unsigned long scan_vma(struct scan *scan, struct vm_area_struct *vma, unsigned long start)
{
	unsigned long end, hints;

	do {
		end = min(ALIGN_UP(start + ((unsigned long)scan->pages << PAGE_SHIFT), PMD_SIZE), vma->vm_end);
		hints = change_prot_numa(vma, start, end);
		scan->hints += hints;
		scan->pages -= hints ? (long)((end - start) >> PAGE_SHIFT) : 0;
		scan->virtpages -= (long)((end - start) >> PAGE_SHIFT);
		start = end;
	} while (end < vma->vm_end && !over(scan));
	return end;
}

/* From the cursor on to the last VMA; moves the cursor. Locking: mmap_lock for read. */
static void scan_mm(struct scan *scan, struct mm_struct *mm)
{
	unsigned long start = load_relaxed(&mm->numa_scan_offset);
	struct vm_area_struct *vma = find_vma(mm, start);

	if (!vma) {
		start = 0;
		vma = find_vma(mm, start);
	}
	for (; vma && !over(scan); vma = find_vma(mm, start)) {
		start = max(start, vma->vm_start);
		start = vma_can_have_hints(vma) ? scan_vma(scan, vma, start) : vma->vm_end;
	}
	/* Others may scan it at the same time: each goes on from where one of them ended. */
	store_relaxed(&mm->numa_scan_offset, vma ? start : 0);
}

unsigned long numa_scan(struct mm_struct *mm, unsigned long pages)
{
	OPERATION("numa_scan", mm, 0);
	struct scan scan = { .pages = (long)min(pages, TASK_SIZE >> PAGE_SHIFT) };

	scan.virtpages = VIRTPAGES * scan.pages;
	if (!mm->pt.policy.numa_balancing || !pages)
		return 0;
	if (!mmap_read_trylock(mm)) {
		count_event(EV_NUMA_SCAN_BUSY);
		return 0;
	}
	scan_mm(&scan, mm);
	mmap_read_unlock(mm);
	count_event(EV_NUMA_SCAN);
	return scan.hints;
}
