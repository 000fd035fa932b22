/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb.c - memory of huge pages from the pool: zap and fork. */
#include "core/op/hugetlb.h"

#include <errno.h>

#include "core/mm/hugetlb_share.h"
#include "core/mm/i_mmap.h"
#include "core/mm/mm.h"
#include "core/mm/notifier.h"
#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap.h"
#include "core/mm/rmap_walk.h"
#include "core/op/copy_page_range.h"
#include "core/op/huge_pmd.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

DEFINE_EVENT(HUGETLB_TAKE_BACK, "huge pages taken back from forks by the owner of the reservation");

/* ---- zap ---- */

void zap_hugetlb_entry(struct vm_area_struct *vma, pmd_t *entryp, unsigned long addr)
{
	spinlock_t *ptl = huge_leaf_lock(hstate_vma(vma), &load_relaxed(&vma->vm_mm)->pt, entryp);
	struct folio *folio;
	pmd_t pmd;

	if (!ptl)
		return;
	pmd = pmdp_get_and_clear(entryp);
	hugetlb_count(vma, -1);
	if (unlikely(is_pmd_migration_entry(pmd))) {	/* it has no mapping, nor a reference */
		spin_unlock(ptl);
		return;
	}
	SYNCPOINT("hugetlb.zap.cleared");
	folio = page_folio(pmd_page(pmd));
	hugetlb_remove_rmap(folio, vma);
	spin_unlock(ptl);
	flush_tlb_range(&load_relaxed(&vma->vm_mm)->pt, addr, addr + huge_page_size(hstate_vma(vma)));
	count_events(EV_PAGE_FREE, folio_nr_pages(folio));
	SYNCPOINT("hugetlb.cleared");
	hugetlb_put_folio(vma, addr, folio);
}

DEFINE_KNOCKOUT(HUGETLB_ZAP_I_MMAP,
	.name = "hugetlb:zap-i-mmap",
	.removes = "i_mmap_rwsem while a private mapping of a file is zapped",
	.breaks = "an exit drops the anon_vma of a huge page that truncation is about to uncount",
	.detected_by = "the rmap's checks of anon_vmas: knockout.hugetlb_file",
	.hunt = "explore hugetlb_truncate_vs_exit",
	.mirrors = "hugetlbfs: close race between MADV_DONTNEED and page fault");

static bool zap_takes_i_mmap(const struct vm_area_struct *vma)
{
	return vma->vm_file && !KNOCKED_OUT(HUGETLB_ZAP_I_MMAP);
}

/*
 * Of a file i_mmap_rwsem, too: to unshare tables; and a private mapping whose leaf truncation has cleared must not lose
 * its anon_vma before the leaf is uncounted. Source: mm/hugetlb.c, hugetlb_zap_begin().
 */
static void zap_begin(struct vm_area_struct *vma)
{
	if (vma_shares_pmds(vma)) {
		hugetlb_unshare_begin(vma);
		return;
	}
	hugetlb_vma_lock_write(vma);
	if (zap_takes_i_mmap(vma))
		i_mmap_lock_write(&vma->vm_file->mapping);
}

static void zap_end(struct vm_area_struct *vma, bool last)
{
	if (vma_shares_pmds(vma)) {
		hugetlb_unshare_end(vma, last);
		return;
	}
	if (zap_takes_i_mmap(vma))
		i_mmap_unlock_write(&vma->vm_file->mapping);
	hugetlb_vma_unlock_write(vma);
}

void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool last)
{
	const struct hstate *h = hstate_vma(vma);
	unsigned long next;
	pmd_t *entryp;

	BUG_ON((start | end) & ~huge_page_mask(h));
	zap_begin(vma);
	for (unsigned long addr = start; (entryp = hugetlb_walk_next(vma, &addr, end, h)); addr = next) {
		next = addr + huge_page_size(h);
		if (huge_pmd_unshare(vma, addr))
			next = pud_addr_end(addr, end);
		else
			zap_hugetlb_entry(vma, entryp, addr);
	}
	zap_end(vma, last);
}

/* ---- mprotect ---- */

static void change_entry(const struct vm_area_struct *vma, const struct hstate *h, pmd_t *entryp)
{
	spinlock_t *ptl = huge_leaf_lock(h, &vma->vm_mm->pt, entryp);

	if (!ptl)
		return;
	change_huge_pmd_locked(vma, entryp);
	spin_unlock(ptl);
}

void hugetlb_change_protection(struct vm_area_struct *vma)
{
	const struct hstate *h = hstate_vma(vma);
	unsigned long addr = vma->vm_start, next;
	pmd_t *entryp;

	zap_begin(vma);
	for (; (entryp = hugetlb_walk_next(vma, &addr, vma->vm_end, h)); addr = next) {
		next = addr + huge_page_size(h);
		if (huge_pmd_unshare(vma, addr))
			next = pud_addr_end(addr, vma->vm_end);
		else
			change_entry(vma, h, entryp);
	}
	zap_end(vma, false);
}

/* ---- taking back from forks ---- */

/* Sets vm_huge_lost before it clears the leaf: see hugetlb_no_page(). Locking: the rmap lock. */
static bool take_back_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);
	struct mmu_notifier_range range =
		mmu_notifier_range_of(mm, MMU_NOTIFY_CLEAR, addr, addr + huge_page_size(hstate_vma(vma)));
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);

	if (vma == arg)
		return true;
	mmu_notifier_invalidate_range_start(&range);
	while (page_vma_mapped_walk(&pvmw)) {
		store_relaxed(&vma->vm_huge_lost, true);
		pmdp_get_and_clear(pvmw.pmd);
		flush_tlb_range(&mm->pt, addr, addr + huge_page_size(hstate_vma(vma)));
		hugetlb_count(vma, -1);
		hugetlb_remove_rmap(folio, vma);
		folio_put(folio);	/* not the last: the caller has one */
		count_event(EV_HUGETLB_TAKE_BACK);
	}
	mmu_notifier_invalidate_range_end(&range);
	return true;
}

bool hugetlb_take_back(struct vm_area_struct *vma, struct folio *folio)
{
	struct rmap_walk_control rwc = { .arg = vma, .rmap_one = take_back_one };

	if (!folio_trylock(folio))
		return false;
	SYNCPOINT("hugetlb.take_back");
	rmap_walk(folio, &rwc);
	folio_unlock(folio);
	return true;
}

/* ---- fork ---- */

/* Locking: the lock of @dstp. */
static void set_child_leaf(struct vm_area_struct *dst, pmd_t *dstp, pmd_t entry)
{
	set_pmd_at(dstp, entry);
	hugetlb_count(dst, 1);
}

/* Counts the child's leaf; one under migration has no mapping, nor a reference. Returns 0, or -EBUSY. */
static int dup_leaf(struct vm_area_struct *dst, struct vm_area_struct *src, pmd_t pmd, struct folio **folio)
{
	if (unlikely(is_pmd_migration_entry(pmd)))
		return 0;
	*folio = page_folio(pmd_page(pmd));
	folio_get(*folio);
	if (folio_test_anon(*folio))
		return folio_try_dup_anon_rmap_pmd(*folio, pmd_page(pmd), dst, src);
	hugetlb_add_file_rmap(*folio);
	return 0;
}

/*
 * Shares the leaf, if there is one: it may have been taken back meanwhile. -EBUSY: the huge page may be pinned; *@folio
 * has a reference.
 */
static int share_entry(struct vm_area_struct *dst, struct vm_area_struct *src, pmd_t *dstp, pmd_t *srcp,
		       struct folio **folio)
{
	const struct hstate *h = hstate_vma(src);
	spinlock_t *dst_ptl = huge_pte_lock(h, &dst->vm_mm->pt, dstp);
	spinlock_t *src_ptl = huge_pte_lockptr(h, &src->vm_mm->pt, srcp);
	int err = 0;

	spin_lock_nested(src_ptl);
	if (pmd_none(pmdp_get(srcp)))
		goto out;
	err = dup_leaf(dst, src, pmdp_get(srcp), folio);
	if (likely(!err))
		set_child_leaf(dst, dstp, share_leaf(srcp));
out:
	spin_unlock(src_ptl);
	spin_unlock(dst_ptl);
	return err;
}

void copy_huge_payload(struct folio *to, struct folio *from)
{
	for (unsigned long i = 0; i < folio_nr_pages(to); i++)
		copy_payload(folio_page(to, i), folio_page(from, i));
}

/* The child, which has no reservation, gets a huge page of its own if one is free. */
static int copy_pinned(struct vm_area_struct *dst, pmd_t *dstp, unsigned long addr, struct folio *old)
{
	struct folio *new = alloc_hugetlb_folio(dst, addr);
	spinlock_t *ptl;
	pmd_t entry;

	if (!new)
		return -ENOMEM;
	copy_huge_payload(new, old);
	entry = pmd_mkdirty(mk_huge_pmd(&new->page, dst->vm_page_prot));
	ptl = huge_pte_lock(hstate_vma(dst), &dst->vm_mm->pt, dstp);
	folio_add_new_anon_rmap(new, dst, addr, RMAP_EXCLUSIVE);
	set_child_leaf(dst, dstp, dst->vm_flags & VM_WRITE ? pmd_mkwrite(entry) : entry);
	spin_unlock(ptl);
	count_events(EV_FORK_COPIED, folio_nr_pages(new));
	return 0;
}

static int copy_leaf(struct vm_area_struct *dst, struct vm_area_struct *src, pmd_t *srcp, unsigned long addr)
{
	pmd_t *dstp = huge_pte_alloc(dst, addr, hstate_vma(dst));
	struct folio *folio;
	int err;

	if (!dstp)
		return -ENOMEM;
	if (likely(!share_entry(dst, src, dstp, srcp, &folio)))
		return 0;
	err = copy_pinned(dst, dstp, addr, folio);
	folio_put(folio);
	return err;
}

int copy_hugetlb_page_range(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	const struct hstate *h = hstate_vma(src);
	unsigned long addr = src->vm_start;
	pmd_t *srcp;
	int err = 0;

	for (; !err && (srcp = hugetlb_walk_next(src, &addr, src->vm_end, h)); addr += huge_page_size(h))
		if (!pmd_none(pmdp_get(srcp)))
			err = copy_leaf(dst, src, srcp, addr);
	return err;
}
