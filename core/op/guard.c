/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guard.c - guard regions. */
#include "core/op/guard.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/pagewalk.h"
#include "core/op/zap.h"
#include "core/pgtable/swapent.h"
#include "core/probe/retry.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(GUARD_RETRY, "guard installs that zapped and tried again");

#define GUARD_RETRIES	3	/* as the kernel's MAX_MADVISE_GUARD_RETRIES */

/* A locked VMA may lose guards, but not get any. Source: mm/madvise.c. */
static bool is_valid_guard_vma(const struct vm_area_struct *vma, bool allow_locked)
{
	return !(vma->vm_flags & (VM_SPECIAL | VM_HUGETLB | (allow_locked ? 0 : VM_LOCKED)));
}

/* > 0: a leaf is mapped: zap it, instead of splitting it for the walk, and retry. */
static int guard_install_pud_entry(pud_t *pudp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	return pud_trans_huge(pudp_get(pudp));
}

static int guard_install_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	return pmd_trans_huge(pmdp_get(pmdp));
}

/* > 0: a page is mapped there, zap and retry. */
static int guard_pte_entry(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	return pte_is_guard(ptep_get(ptep)) ? 0 : 1;
}

static int guard_set_pte(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	*ptep = make_swapent(SWAPENT_GUARD, 0);
	return 0;
}

static const struct mm_walk_ops guard_install_ops = {
	.pud_entry = guard_install_pud_entry,
	.pmd_entry = guard_install_pmd_entry,
	.pte_entry = guard_pte_entry,
	.install_pte = guard_set_pte,
	.walk_lock = PGWALK_VMA_RDLOCK_VERIFY,
};

int guard_install(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	RETRY_LOOP_PROFILED(100000, "guards installed after a zap");

	if (!is_valid_guard_vma(vma, false))
		return -EINVAL;
	store_relaxed(&vma->vm_maybe_guard, true);
	/* Guards need no anon_vma, but merges compare it. */
	if (vma_is_anonymous(vma) && !vma_anon_vma(vma) && anon_vma_prepare(vma))
		return -ENOMEM;
	for (unsigned int i = 0; i < GUARD_RETRIES; i++) {
		int err = walk_page_range_vma_unsafe(vma, start, end, &guard_install_ops, NULL);
		struct mmu_gather tlb;

		if (err <= 0)
			return err;
		count_event(EV_GUARD_RETRY);
		RETRY();
		tlb_gather_mmu(&tlb, &mm->pt);
		zap_range(&tlb, vma, start, end, ZAP_KEEP_GUARDS);
		tlb_finish_mmu(&tlb);
		SYNCPOINT("guard.zapped");
	}
	return -EAGAIN;
}

static int guard_remove_pte_entry(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)walk;
	if (pte_is_guard(ptep_get(ptep)))
		set_pte(ptep, (pte_t){ 0 });
	return 0;
}

/* A leaf has no guards: do not split it. */
static int guard_remove_pud_entry(pud_t *pudp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next;
	if (pud_trans_huge(pudp_get(pudp)))
		walk->action = ACTION_CONTINUE;
	return 0;
}

static int guard_remove_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next;
	if (pmd_trans_huge(pmdp_get(pmdp)))
		walk->action = ACTION_CONTINUE;
	return 0;
}

static const struct mm_walk_ops guard_remove_ops = {
	.pud_entry = guard_remove_pud_entry,
	.pmd_entry = guard_remove_pmd_entry,
	.pte_entry = guard_remove_pte_entry,
	.walk_lock = PGWALK_VMA_RDLOCK_VERIFY,
};

int guard_remove(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	(void)mm;
	if (!is_valid_guard_vma(vma, true))
		return -EINVAL;
	return walk_page_range_vma(vma, start, end, &guard_remove_ops, NULL);
}
