/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_referenced.c - recent accesses to a folio. */
#include "core/op/folio_referenced.h"

#include "core/mm/mlock.h"
#include "core/mm/notifier.h"
#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap_walk.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

/* Lock key: (T) this thread only */
struct folio_referenced_arg {
	int mapcount;			/* (T) mappings not visited yet, of those at the start */
	int referenced;			/* (T) */
	unsigned long vm_flags;		/* (T) */
};

/* Source: mm/rmap.c. */
static bool folio_referenced_one(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, 0);
	struct folio_referenced_arg *pra = arg;
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);
	bool young = false;

	if (!vma_has_recency(vma))
		return true;
	while (page_vma_mapped_walk(&pvmw)) {
		if (unlikely(load_relaxed(&vma->vm_flags) & VM_LOCKED)) {
			if (!mlock_mapped_folio(folio, &pvmw))
				return true;
			pra->vm_flags |= VM_LOCKED;
			return false;
		}
		young |= pvmw.pte ? ptep_test_and_clear_young(pvmw.pte) : pmdp_test_and_clear_young(pvmw.pmd);
		young |= mmu_notifier_clear_flush_young(mm, pvmw.address,
							pvmw.address + (pvmw.pte ? PAGE_SIZE : PMD_SIZE));
		pra->mapcount--;
	}
	if (young) {
		pra->referenced++;
		pra->vm_flags |= load_relaxed(&vma->vm_flags);
	}
	return pra->mapcount > 0;
}

int folio_referenced(struct folio *folio, bool is_locked, unsigned long *vm_flags)
{
	struct folio_referenced_arg pra = { .mapcount = folio_mapcount(folio) };
	struct rmap_walk_control rwc = { .arg = &pra, .try_lock = true, .rmap_one = folio_referenced_one };

	*vm_flags = 0;
	if (!pra.mapcount)
		return 0;
	if (!is_locked && !folio_trylock(folio))
		return 1;
	rmap_walk(folio, &rwc);
	if (!is_locked)
		folio_unlock(folio);
	*vm_flags = pra.vm_flags;
	return rwc.contended ? -1 : pra.referenced;
}

DEFINE_KNOCKOUT(FOLIO_PFN_RECHECK,
	.name = "folio-pfn:recheck",
	.removes = "the re-check of a frame once its folio is referenced",
	.breaks = "a folio without the frame, or not an anonymous one",
	.detected_by = "the step-by-step test of folio_get_anon_by_pfn()",
	.hunt = "test unit.folio_referenced.4");

struct folio *folio_get_anon_by_pfn(unsigned long pfn)
{
	struct page *page;
	struct folio *folio;

	if (!pfn_valid(pfn))
		return NULL;
	page = pfn_to_page(pfn);
	folio = page_folio(page);
	if (page_type(page) != PAGE_ANON)
		return NULL;
	SYNCPOINT("folio_by_pfn.before_get");
	if (!folio_try_get(folio))
		return NULL;
	/* The frame may have been freed, and reused, before the reference was taken. */
	if ((page_folio(page) == folio && page_type(page) == PAGE_ANON) || KNOCKED_OUT(FOLIO_PFN_RECHECK))
		return folio;
	folio_put(folio);
	return NULL;
}
