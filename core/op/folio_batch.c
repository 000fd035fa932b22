/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_batch.c - collects the folios that a range maps. */
#include "core/op/folio_batch.h"

#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/pagewalk.h"
#include "core/mm/rmap.h"
#include "core/mm/vm_normal_page.h"
#include "core/op/split_folio.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/swapent.h"
#include "core/phys/folio_lock.h"

/*
 * > 0: the batch has no room for another folio. Locking: the PTL of the entry, which maps @page, or NULL, over [@addr,
 * @next).
 */
static int collect(struct folio_batch *batch, struct page *page, unsigned long addr, unsigned long next)
{
	if (page && batch->alone && folio_maybe_mapped_shared(page_folio(page)))
		page = NULL;
	if (page && !(batch->nr && batch->folios[batch->nr - 1] == page_folio(page))) {
		if (batch->nr == FOLIO_BATCH)
			return 1;
		batch->folios[batch->nr] = page_folio(page);
		batch->pages[batch->nr] = 0;
		folio_get(batch->folios[batch->nr++]);
	}
	if (page)
		batch->pages[batch->nr - 1] += (next - addr) >> PAGE_SHIFT;
	batch->next = next;
	return 0;
}

static int collect_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	pte_t pte = ptep_get(ptep);

	return collect(walk->private, pte_present(pte) ? vm_normal_page(walk->vma, addr, pte) : NULL, addr,
		       next);
}

/* A leaf, whose address @mask masks. Locking: @ptl, its lock, which is dropped. */
static int collect_leaf(spinlock_t *ptl, pmd_t pmd, unsigned long mask, unsigned long addr, unsigned long next,
			struct mm_walk *walk)
{
	bool none = is_pmd_migration_entry(pmd) || pmd_special(pmd);
	int full = collect(walk->private, none ? NULL : pmd_page(pmd) + ((addr & ~mask) >> PAGE_SHIFT), addr, next);

	spin_unlock(ptl);
	return full;
}

/* The walk does not split a leaf: split_large() does, if its folio can be split. */
static int collect_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	spinlock_t *ptl = pmd_trans_huge_lock(&walk->mm->pt, pmdp);

	if (!ptl)
		return 0;
	walk->action = ACTION_CONTINUE;
	return collect_leaf(ptl, pmdp_get(pmdp), PMD_MASK, addr, next, walk);
}

/* Locking: the hugetlb VMA lock. Source: mm/mempolicy.c, queue_folios_hugetlb(). */
static int collect_hugetlb(pmd_t *entryp, unsigned long hmask, unsigned long addr, unsigned long next,
			   struct mm_walk *walk)
{
	spinlock_t *ptl = huge_leaf_lock(hstate_vma(walk->vma), &walk->mm->pt, entryp);

	return ptl ? collect_leaf(ptl, pmdp_get(entryp), hmask, addr, next, walk) : 0;
}

bool folio_batch_fill(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end)
{
	static const struct mm_walk_ops ops = {
		.pmd_entry = collect_pmd, .pte_entry = collect_pte, .hugetlb_entry = collect_hugetlb,
		.walk_lock = PGWALK_RDLOCK,
	};

	batch->nr = 0;
	return walk_page_range_vma(vma, batch->next, end, &ops, batch) > 0 && batch->next < end;
}

/*
 * True if @folio has references beside the entries and the batch: trying to split it would split its leaf in vain.
 * Source: mm/huge_memory.c, can_split_folio().
 */
static bool keeps_leaf(struct folio *folio)
{
	return folio_entire_mapcount(folio) && folio_ref_count(folio) != folio_mapcount(folio) + 1;
}

/* Returns true if any was split; then the batch is empty again. @all: also those that were found as a whole. */
static bool split_large(struct folio_batch *batch, bool all)
{
	bool split = false;

	for (unsigned int i = 0; i < batch->nr; i++) {
		struct folio *folio = batch->folios[i];

		if (!folio_test_large(folio) || !folio_test_anon(folio) || folio_test_hugetlb(folio) ||
		    keeps_leaf(folio) ||
		    (!all && batch->pages[i] == folio_nr_pages(folio)) || !folio_trylock(folio))
			continue;
		/* Another thread may have split it before it was locked. */
		split |= folio_test_large(folio) && !split_folio(folio);
		folio_unlock(folio);
	}
	while (split && batch->nr)
		folio_put(batch->folios[--batch->nr]);
	return split;
}

static bool fill_and_split(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end, bool all)
{
	unsigned long start = batch->next;
	bool more = folio_batch_fill(batch, vma, end);

	if (!split_large(batch, all))
		return more;
	batch->next = start;
	return folio_batch_fill(batch, vma, end);
}

bool folio_batch_fill_small(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end)
{
	return fill_and_split(batch, vma, end, true);
}

bool folio_batch_fill_inside(struct folio_batch *batch, struct vm_area_struct *vma, unsigned long end)
{
	return fill_and_split(batch, vma, end, false);
}
