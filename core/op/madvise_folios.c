/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise_folios.c - advice about the folios of a range. */
#include "core/op/madvise_folios.h"

#include <errno.h>

#include "core/mm/filemap.h"
#include "core/mm/huge_memory.h"
#include "core/mm/ksm.h"
#include "core/mm/mlock.h"
#include "core/mm/notifier.h"
#include "core/mm/pagewalk.h"
#include "core/mm/pte_batch.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/split_folio.h"
#include "core/pgtable/mmu_gather.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"
#include "core/phys/lru.h"

DEFINE_EVENT(MADV_FREE, "folios freed lazily by MADV_FREE");

/* Lock key: (T) this thread only */
struct advise {
	bool free;			/* (T) MADV_FREE; else MADV_COLD */
	struct folio *split;		/* (T) with a reference: to be split before the walk goes on; NULL: none */
};

/* Makes the entry old, and, if @clean, clean. An exchange, as a processor sets bits by itself. Locking: the PTL. */
static void age_pte(pte_t *ptep, bool clean)
{
	pte_t pte = ptep_get(ptep);

	if (!clean) {
		ptep_test_and_clear_young(ptep);
	} else if (pte_young(pte) || pte_dirty(pte)) {
		pte = ptep_get_and_clear(ptep);
		set_pte(ptep, pte_mkold(pte_mkclean(pte)));
	}
}

/* The same for a leaf. */
static void age_pmd(pmd_t *pmdp, bool clean)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (!clean)
		pmdp_test_and_clear_young(pmdp);
	else if (pmd_young(pmd) || pmd_dirty(pmd))
		set_pmd_at(pmdp, pmd_mkold(pmd_mkclean(pmdp_invalidate(pmdp))));
}

/*
 * Another mm's entry may be clean, and need the folio all the same, only if it is dirty. One in a swap slot has entries
 * that are not present. Once it is locked, no reclaimer is about to swap it out. Locking: the folio lock, the PTL.
 */
static bool can_be_given_up(struct folio *folio, bool alone)
{
	if (folio_test_ksm(folio) || folio_test_swapcache(folio))
		return false;
	return !folio_test_dirty(folio) || (alone && folio_test_clear_dirty(folio));
}

/* The folio's @nr entries from @ptep on, or the leaf at @pmdp, map all of it. Locking: the PTL. */
static void free_folio_lazily(struct folio *folio, pte_t *ptep, unsigned int nr, pmd_t *pmdp)
{
	const bool alone = pmdp || folio_mapcount(folio) == (int)nr;

	if (!folio_test_anon(folio) || !folio_trylock(folio))
		return;
	if (can_be_given_up(folio, alone)) {
		for (unsigned int i = 0; i < nr; i++)
			age_pte(ptep + i, true);
		if (pmdp)
			age_pmd(pmdp, true);
		/* One that is locked elsewhere is on no list that reclaim scans. Source: mm/swap.c. */
		if (likely(!folio_test_mlocked(folio)))
			folio_mark_lazyfree(folio);
		count_event(EV_MADV_FREE);
	}
	folio_unlock(folio);
}

/* The same arguments. */
static void advise_folio(const struct advise *advise, struct folio *folio, pte_t *ptep, unsigned int nr, pmd_t *pmdp)
{
	if (advise->free) {
		free_folio_lazily(folio, ptep, nr, pmdp);
		return;
	}
	for (unsigned int i = 0; i < nr; i++)
		age_pte(ptep + i, false);
	if (pmdp)
		age_pmd(pmdp, false);
	fetch_and_relaxed(&folio->page.flags, ~PG_REFERENCED);
	folio_deactivate(folio);
}

/* An entry that maps no page. Locking: the PTL. Source: mm/madvise.c, madvise_free_pte_range(). */
static void free_nonpresent(pte_t *ptep, pte_t pte, struct mm_pgtable *pt)
{
	if (pte_is_swap(pte)) {
		ptep_get_and_clear(ptep);
		mm_count(pt, MM_SWAPENTS, -1);
		swap_free(swapent_payload(pte));
	} else if (pte_is_swapent(pte) && swapent_type(pte) == SWAPENT_POISON) {
		ptep_get_and_clear(ptep);
	}
}

/*
 * The entry at @addr, or several of one folio; returns the number of entries passed, @max at most, or 0:
 * advise->split is to be split first. Locking: the PTL. Source: mm/madvise.c, madvise_cold_or_pageout_pte_range().
 */
static unsigned int advise_entries(struct advise *advise, struct vm_area_struct *vma, pte_t *ptep, unsigned long addr,
				   unsigned int max)
{
	pte_t pte = ptep_get(ptep);
	struct page *page = pte_present(pte) ? vm_normal_page(vma, addr, pte) : NULL;
	struct folio *folio;
	unsigned int nr = 1;

	if (!page) {
		if (advise->free && !pte_none(pte) && !pte_present(pte))
			free_nonpresent(ptep, pte, &vma->vm_mm->pt);
		return 1;
	}
	folio = page_folio(page);
	if (unlikely(folio_test_large(folio)))
		nr = folio_pte_batch(folio, ptep, pte, max);
	if (nr < folio_nr_pages(folio)) {
		if (!folio_test_anon(folio) || folio_maybe_mapped_shared(folio))
			return nr;
		folio_get(folio);
		advise->split = folio;
		return 0;
	}
	if (advise->free || folio_mapcount(folio) == (int)nr)
		advise_folio(advise, folio, ptep, nr, NULL);
	return nr;
}

/* Drops the reference. False: it is large still. Locking: no spinlock. */
static bool split_partial(struct advise *advise)
{
	struct folio *folio = advise->split;
	bool done = false;

	advise->split = NULL;
	if (folio_trylock(folio)) {
		done = !folio_test_large(folio) || !split_folio(folio);
		folio_unlock(folio);
	}
	folio_put(folio);
	return done;
}

/* False: it is no leaf, or no longer one. */
static bool advise_leaf(struct mm_walk *walk, pmd_t *pmdp, unsigned long addr, unsigned long next)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);
	struct advise *advise = walk->private;
	struct folio *folio;
	struct page *page;

	if (!ptl)
		return false;
	walk->action = ACTION_CONTINUE;
	page = is_pmd_migration_entry(pmdp_get(pmdp)) ? NULL : vm_normal_page_pmd(pmdp_get(pmdp), addr & PMD_MASK);
	folio = page ? page_folio(page) : NULL;
	if (!folio || folio_maybe_mapped_shared(folio))
		goto out;
	if (next - addr == PMD_SIZE) {
		advise_folio(advise, folio, NULL, 0, pmdp);
	} else if (folio_test_anon(folio)) {
		folio_get(folio);
		advise->split = folio;
	}
out:
	spin_unlock(ptl);
	/* Small entries of the split folio are next; if it could not be split, the leaf stays. */
	return !advise->split || !split_partial(advise);
}

static int advise_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct advise *advise = walk->private;
	spinlock_t *ptl;
	pte_t *ptep;

	if (pmd_trans_huge(pmdp_get(pmdp)) && advise_leaf(walk, pmdp, addr, next))
		return 0;
	while (addr < next) {
		unsigned int nr = 1;

		ptep = walk_lock_ptes(walk, pmdp, addr, &ptl);
		if (!ptep)
			return 0;
		for (; addr < next && nr; addr += (unsigned long)nr << PAGE_SHIFT, ptep += nr)
			nr = advise_entries(advise, walk->vma, ptep, addr, (unsigned int)((next - addr) >> PAGE_SHIFT));
		pte_unmap_unlock(&walk->mm->pt, ptl);
		if (advise->split && !split_partial(advise))
			addr += PAGE_SIZE;
	}
	return 0;
}

/* @vma->vm_flags are the caller's to check. */
static int advise_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool free)
{
	static const struct mm_walk_ops ops = { .pmd_entry = advise_pmd, .walk_lock = PGWALK_VMA_RDLOCK_VERIFY };
	struct advise advise = { .free = free };

	return walk_page_range_vma(vma, start, end, &ops, &advise);
}

int madvise_cold(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB))
		return -EINVAL;
	return advise_range(vma, start, end, false);
}

int madvise_free(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mmu_notifier_range range = mmu_notifier_range_of(vma->vm_mm, MMU_NOTIFY_CLEAR, start, end);
	int err;

	if (!vma_is_anonymous(vma))
		return -EINVAL;
	mmu_notifier_invalidate_range_start(&range);
	err = advise_range(vma, start, end, true);
	flush_tlb_range(&vma->vm_mm->pt, start, end);
	mmu_notifier_invalidate_range_end(&range);
	return err;
}
