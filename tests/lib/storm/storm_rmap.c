/* SPDX-License-Identifier: GPL-2.0-or-later */
/* storm_rmap.c - storms come to pages from below. */
#include "core/op/memory_failure.h"
#include "tests/lib/storm/storm_rmap.h"

void storm_meet(struct storm_frames *frames, struct mm_struct *mm, unsigned long addr)
{
	struct mapped_entry entry;

	mmap_read_lock(mm);
	if (vma_lookup(mm, addr) && mapped_entry_lock(&entry, &mm->pt, addr)) {
		if (pte_present(entry.pte) && !pte_special(entry.pte))
			frames->pfn[frames->next++ % STORM_FRAMES] = pte_pfn(entry.pte);
		mapped_entry_unlock(&entry);
	}
	mmap_read_unlock(mm);
}

/* Looks at each entry, at times with every table locked. The walk itself checks that the page is in its place. */
static bool look(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw =
		PVMW_OF_FOLIO(folio, vma, addr, rng_below(&this_cpu->rng, 2) ? PVMW_SYNC : 0);

	(void)arg;
	BUG_ON(addr < vma->vm_start || addr >= vma->vm_end);
	while (page_vma_mapped_walk(&pvmw)) {
		pte_t pte = pvmw.pte ? ptep_get(pvmw.pte) : __pte(pmdp_get(pvmw.pmd).val & ~ENTRY_HUGE);

		BUG_ON(pte_bad(pte) || page_folio(pte_page(pte)) != folio || folio_mapcount(folio) < 1);
		if (rng_below(&this_cpu->rng, 8) == 0) {
			page_vma_mapped_walk_done(&pvmw);
			break;
		}
	}
	return true;
}

static struct folio *some_folio(const struct storm_frames *frames)
{
	return folio_get_anon_by_pfn(frames->pfn[rng_below(&this_cpu->rng, STORM_FRAMES)]);
}

void storm_rmap(const struct storm_frames *frames)
{
	struct folio *folio = some_folio(frames);
	struct rmap_walk_control rwc = { .rmap_one = look, .try_lock = rng_below(&this_cpu->rng, 4) == 0 };
	unsigned long flags;

	if (!folio)
		return;
	if (rng_below(&this_cpu->rng, 3) == 0) {
		folio_referenced(folio, false, &flags);
	} else {
		folio_lock(folio);
		rmap_walk(folio, &rwc);
		folio_unlock(folio);
	}
	folio_put(folio);
}

void storm_poison(const struct storm_frames *frames)
{
	struct folio *folio = some_folio(frames);

	if (!folio)
		return;
	memory_failure(folio);
	folio_put(folio);
}
