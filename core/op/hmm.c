/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hmm.c - snapshots of the page tables of a range, for a device. */
#include "core/op/hmm.h"

#include <errno.h>

#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/mmap_lock.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/swapent.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"
#include "core/probe/retry.h"

DEFINE_EVENT(HMM_SNAPSHOT, "entries read for devices");
DEFINE_EVENT(HMM_STALE, "snapshots that an invalidation hit");

/* ---- snapshots ---- */

/* Lock key: (T) this thread only */
struct snapshot {
	struct mm_pgtable *pt;		/* (T) */
	hmm_pfn_t *pfns;		/* (T) the next one to write */
	hmm_pfn_t flags;		/* (T) permissions of every present page */
};

static void fill(struct snapshot *snap, unsigned long addr, unsigned long end, hmm_pfn_t entry)
{
	for (; addr < end; addr += PAGE_SIZE)
		*snap->pfns++ = entry;
}

/* An entry that is neither none nor present. */
static hmm_pfn_t of_swapent(const struct snapshot *snap, pte_t pte)
{
	if (pte_is_device_private(pte))
		return hmm_pfn_from_pfn(swapent_payload(pte)) | snap->flags | HMM_PFN_DEVICE | HMM_PFN_UNADDRESSABLE |
		       (device_private_pte_write(pte) ? HMM_PFN_WRITE : 0);
	if (pte_is_swap(pte) || pte_is_migration(pte))
		return 0;
	return HMM_PFN_ERROR;
}

static force_inline hmm_pfn_t of_pte(const struct snapshot *snap, pte_t pte)
{
	if (likely(pte_present(pte)))
		return hmm_pfn_from_pfn(pte_pfn(pte)) | snap->flags | (pte_write(pte) ? HMM_PFN_WRITE : 0);
	return pte_none(pte) ? HMM_PFN_EMPTY : of_swapent(snap, pte);
}

/*
 * All pages of a leaf of 1 << @order pages, from @addr on; one of a PUD table has the bits of one of a PMD table.
 * Source: mm/hmm.c, hmm_vma_handle_pmd(), hmm_vma_walk_pud().
 */
static void of_leaf(struct snapshot *snap, pmd_t leaf, unsigned int order, unsigned long addr, unsigned long end)
{
	unsigned long pfn = pmd_pfn(leaf) + ((addr >> PAGE_SHIFT) & ((1ul << order) - 1));
	hmm_pfn_t flags = snap->flags | hmm_pfn_flags_order(order) | (pmd_write(leaf) ? HMM_PFN_WRITE : 0);

	if (!pmd_accessible(leaf)) {	/* protnone, or under split */
		fill(snap, addr, end, 0);
		return;
	}
	if (!pmd_special(leaf) && page_type(pmd_page(leaf)) == PAGE_DRIVER)
		flags |= HMM_PFN_DEVICE;
	for (; addr < end; addr += PAGE_SIZE)
		*snap->pfns++ = hmm_pfn_from_pfn(pfn++) | flags;
}

/*
 * [addr, end) lies in the range of one PMD entry. The table may be unlinked meanwhile, then empty: if it had mapped
 * pages, subscribers were notified of their invalidation.
 */
static void of_pmd(struct snapshot *snap, pmd_t *pmdp, unsigned long addr, unsigned long end)
{
	pmd_t pmd;
	pte_t *ptep = pte_offset_map(snap->pt, pmdp, addr, &pmd);

	if (unlikely(!ptep)) {
		if (pmd_trans_huge(pmd))
			of_leaf(snap, pmd, HPAGE_PMD_ORDER, addr, end);
		else
			fill(snap, addr, end, HMM_PFN_EMPTY);
		return;
	}
	for (; addr < end; addr += PAGE_SIZE)
		*snap->pfns++ = of_pte(snap, ptep_get_lockless(ptep++));
	pte_unmap(snap->pt);
}

/* Source: "HMM v13", hmm_vma_walk(). */
static void walk(struct snapshot *snap, unsigned long start, unsigned long end)
{
	unsigned long addr = start, next;
	pmd_t *pmdp;

	while ((pmdp = pmd_find_next(snap->pt, &addr, end))) {
		fill(snap, start, addr, HMM_PFN_EMPTY);
		next = pmd_addr_end(addr, end);
		of_pmd(snap, pmdp, addr, next);
		SYNCPOINT("hmm.table_read");
		start = addr = next;
	}
	fill(snap, start, end, HMM_PFN_EMPTY);
}

/* The same where leaves of PUD tables may map. Source: mm/hmm.c, hmm_vma_walk_pud(). */
static void walk_puds(struct snapshot *snap, unsigned long addr, unsigned long end)
{
	for (unsigned long next; addr < end; addr = next) {
		pud_t *pudp = pud_find(snap->pt, addr), pud = { 0 };

		next = pud_addr_end(addr, end);
		if (pudp)
			pud = pudp_get(pudp);
		if (pud_trans_huge(pud))
			of_leaf(snap, __pmd(pud.val), HPAGE_PUD_ORDER, addr, next);
		else
			walk(snap, addr, next);
	}
}

static bool range_in_vma(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return start >= vma->vm_start && start < end && end <= vma->vm_end;
}

bool hmm_vma_mirrored(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP)) && !is_vm_hugetlb_page(vma);
}

int hmm_vma_get_pfns(struct vm_area_struct *vma, unsigned long start, unsigned long end, hmm_pfn_t *pfns)
{
	OPERATION("hmm_get_pfns", vma, start);
	struct snapshot snap = {
		.pt = &vma->vm_mm->pt, .pfns = pfns, .flags = vma->vm_flags & VM_READ ? HMM_PFN_READ : 0,
	};

	if (!hmm_vma_mirrored(vma)) {
		fill(&snap, start, end, HMM_PFN_SPECIAL);
		return -EINVAL;
	}
	if (!range_in_vma(vma, start, end))
		return -EINVAL;
	if (vma_has_puds(vma))
		walk_puds(&snap, start, end);
	else
		walk(&snap, start, end);
	count_events(EV_HMM_SNAPSHOT, (end - start) >> PAGE_SHIFT);
	return 0;
}

/* ---- is it still valid? ---- */

static void monitor_invalidate(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, uint32_t seq)
{
	(void)range;
	mmu_interval_set_seq(sub, seq);
}

static const struct mmu_interval_notifier_ops monitor_ops = { .invalidate = monitor_invalidate };

bool hmm_vma_range_monitor_start(struct hmm_range *range, struct vm_area_struct *vma, unsigned long start,
				 unsigned long end)
{
	if (!range_in_vma(vma, start, end) ||
	    mmu_interval_notifier_insert(&range->notifier, vma->vm_mm, start, end, &monitor_ops))
		return false;
	range->seq = mmu_interval_read_begin(&range->notifier);
	return true;
}

bool hmm_vma_check_cookie(struct hmm_range *range)
{
	return !mmu_interval_read_retry(&range->notifier, range->seq);
}

bool hmm_vma_range_monitor_end(struct hmm_range *range)
{
	bool valid = hmm_vma_check_cookie(range);

	if (!valid)
		count_event(EV_HMM_STALE);
	mmu_interval_notifier_remove(&range->notifier);
	return valid;
}

DEFINE_KNOCKOUT(HMM_RANGE_LOCK,
	.name = "hmm:range-lock",
	.removes = "the wait of invalidations for a range's lock holder",
	.breaks = "entries that change while they are used",
	.detected_by = "the comparison of a snapshot with the entries: knockout.hmm",
	.hunt = "stress hmm_vs_invalidate --noise 100 --axis lock:1");

/* Overlapping invalidations store the same number: their order does not matter. */
static void lock_invalidate(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, uint32_t seq)
{
	struct hmm_range *locked = container_of(sub, struct hmm_range, notifier);

	(void)range;
	if (KNOCKED_OUT(HMM_RANGE_LOCK))
		return;
	down_read(&locked->lock);
	mmu_interval_set_seq(sub, seq);
	up_read(&locked->lock);
}

static const struct mmu_interval_notifier_ops lock_ops = { .invalidate = lock_invalidate };

int hmm_vma_range_lock(struct hmm_range *range, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	OPERATION("hmm_range_lock", vma, start);
	int err;
	RETRY_LOOP(100000, "a range locked for a device");

	mmap_assert_locked(vma->vm_mm);
	if (!range_in_vma(vma, start, end))
		return -EINVAL;
	init_rwsem(&range->lock, RANK_HMM_RANGE);
	err = mmu_interval_notifier_insert(&range->notifier, vma->vm_mm, start, end, &lock_ops);
	if (err)
		return err;
	for (;;) {
		range->seq = mmu_interval_read_begin(&range->notifier);
		down_write(&range->lock);
		if (!mmu_interval_read_retry(&range->notifier, range->seq))
			return 0;
		up_write(&range->lock);
		RETRY();
	}
}

/* Waiting invalidations continue, and the removal waits for them: then no other takes the lock. */
void hmm_vma_range_unlock(struct hmm_range *range)
{
	ASSERT(!mmu_interval_read_retry(&range->notifier, range->seq));
	up_write(&range->lock);
	mmu_interval_notifier_remove(&range->notifier);
}
