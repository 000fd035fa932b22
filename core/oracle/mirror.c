/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirror.c - compares a device's entries with the mm's page tables. */
#include "core/oracle/mirror.h"

#include <errno.h>
#include <stdio.h>

#include "core/mm/mmap_lock.h"
#include "core/mm/vma.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/swapent.h"
#include "core/probe/race.h"

DEFINE_EVENT(HMM_COMPARED, "entries of devices compared with the page tables");

/* The PTE that maps the page of @addr as a leaf of 1 << @order pages, with value @val, does. */
static pte_t pte_of_leaf(uint64_t val, unsigned int order, unsigned long addr)
{
	return pte_advance_pfn(__pte(val & ~ENTRY_HUGE), (addr >> PAGE_SHIFT) & ((1ul << order) - 1));
}

/*
 * The current entry of @addr, for a leaf the equivalent PTE; none without a table. *@order: of what it maps. Locking:
 * mmap_lock, inside a VMA.
 */
static pte_t entry_now(struct mm_pgtable *pt, unsigned long addr, unsigned int *order)
{
	pud_t *pudp = pud_find(pt, addr), pud = { 0 };
	unsigned long found = addr;
	pte_t *ptep, pte = { 0 };
	pmd_t *pmdp, pmd;

	*order = 0;
	if (THP_POSSIBLE && pudp)
		pud = pudp_get(pudp);
	if (pud_trans_huge(pud)) {
		*order = HPAGE_PUD_ORDER;
		return pte_of_leaf(pud.val, *order, addr);
	}
	pmdp = pmd_find_next(pt, &found, addr + PAGE_SIZE);
	if (!pmdp)
		return pte;
	ptep = pte_offset_map(pt, pmdp, addr, &pmd);
	if (ptep) {
		pte = ptep_get_lockless(ptep);
		pte_unmap(pt);
	} else if (pmd_trans_huge(pmd)) {
		*order = HPAGE_PMD_ORDER;
		pte = pte_of_leaf(pmd.val, *order, addr);
	}
	return pte;
}

/* The flags of an entry of a device's memory; of a leaf that maps 1 << @order pages. */
static hmm_pfn_t device_flags(pte_t pte, unsigned int order)
{
	if (pte_is_device_private(pte))
		return HMM_PFN_DEVICE | HMM_PFN_UNADDRESSABLE;
	if (!order || pte_special(pte) || !pfn_valid(pte_pfn(pte)) || page_type(pte_page(pte)) != PAGE_DRIVER)
		return 0;
	return HMM_PFN_DEVICE;
}

/*
 * Compares with the page tables' current permissions. Faults may add to them meanwhile, and none can be removed; a
 * split of a leaf keeps its pages.
 */
static bool agrees(const struct vm_area_struct *vma, hmm_pfn_t entry, pte_t pte, unsigned int order)
{
	bool device = pte_is_device_private(pte), write = device ? device_private_pte_write(pte) : pte_write(pte);
	hmm_pfn_t where = device_flags(pte, order);

	if ((!device && !pte_present(pte)) || pte_pfn(pte) != hmm_pfn_to_pfn(entry))
		return false;
	if ((entry & (HMM_PFN_DEVICE | HMM_PFN_UNADDRESSABLE)) != where || ((entry & HMM_PFN_WRITE) && !write))
		return false;
	return !(entry & HMM_PFN_READ) || (vma->vm_flags & VM_READ);
}

long oracle_snapshot(struct vm_area_struct *vma, unsigned long start, unsigned long end, const hmm_pfn_t *pfns,
		     char *why, size_t why_size)
{
	long compared = 0;

	for (; start < end; start += PAGE_SIZE, pfns++) {
		unsigned int order;
		pte_t pte;

		if (!(*pfns & HMM_PFN_VALID))
			continue;
		pte = entry_now(&vma->vm_mm->pt, start, &order);
		race_see_all();	/* so that the caller's check of the sequence reads no older one */
		if (!agrees(vma, *pfns, pte, order)) {
			snprintf(why, why_size, "a device has %#lx for %#lx, whose entry is %#lx", *pfns, start,
				 (unsigned long)pte.val);
			return -EINVAL;
		}
		compared++;
	}
	count_events(EV_HMM_COMPARED, (uint64_t)compared);
	return compared;
}

/*
 * Addresses outside VMAs are skipped: a running munmap has yet to invalidate the mirror, and is about to free the
 * tables.
 */
long oracle_mirror(struct hmm_mirror *mirror, unsigned long start, unsigned long end, char *why, size_t why_size)
{
	struct vm_area_struct *vma;
	long sum = 0, some = 0;

	mmap_read_lock_seen(mirror->mm);
	for (; some >= 0 && (vma = find_vma_intersection(mirror->mm, start, end)); start = vma->vm_end) {
		unsigned long from = max(start, vma->vm_start);

		spin_lock(&mirror->lock);
		some = oracle_snapshot(vma, from, min(end, vma->vm_end), hmm_mirror_entry(mirror, from), why, why_size);
		spin_unlock(&mirror->lock);
		sum += some;
		if (vma->vm_end >= end)
			break;
	}
	mmap_read_unlock_seen(mirror->mm);
	return some < 0 ? some : sum;
}
