/* SPDX-License-Identifier: GPL-2.0-or-later */
/* share_page.c - makes an exclusive page shared. */
#include "core/op/share_page.h"

#include <errno.h>

#include "core/mm/mmap_lock.h"
#include "core/mm/notifier.h"
#include "core/mm/rmap.h"
#include "core/pgtable/pgalloc.h"
#include "core/pgtable/ptl.h"
#include "core/pgtable/tlb.h"

/* Locking: the PTL. */
static int share_locked(struct mm_pgtable *pt, unsigned long addr, pte_t *ptep, struct page **pagep)
{
	pte_t pte = ptep_get(ptep);
	struct page *page;
	int err;

	if (!pte_present(pte) || pte_special(pte) || !PageAnonExclusive(pte_page(pte)))
		return -ENOENT;
	pte = ptep_get_and_clear(ptep);
	page = pte_page(pte);
	err = folio_try_share_anon_rmap_pte(page_folio(page), page);
	if (!err) {
		get_page(page);
		*pagep = page;
		pte = pte_wrprotect(pte);
	}
	set_pte(ptep, pte);
	if (!err)
		flush_tlb_page(pt, addr);
	return err;
}

int share_page(struct mm_struct *mm, unsigned long addr, struct page **pagep)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(mm, MMU_NOTIFY_PROTECTION_PAGE, addr, addr + PAGE_SIZE);
	unsigned long found = addr;
	int err = -ENOENT;
	spinlock_t *ptl;
	pmd_t *pmdp;
	pte_t *ptep;

	mmap_read_lock(mm);
	mmu_notifier_invalidate_range_start(&range);
	pmdp = pmd_find_next(&mm->pt, &found, addr + PAGE_SIZE);
	ptep = pmdp ? pte_offset_map_lock(&mm->pt, pmdp, addr, &ptl) : NULL;
	if (ptep) {
		err = share_locked(&mm->pt, addr, ptep, pagep);
		pte_unmap_unlock(&mm->pt, ptl);
	}
	mmu_notifier_invalidate_range_end(&range);
	mmap_read_unlock(mm);
	return err;
}
