/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmap_walk.c - every VMA that may map a folio. */
#include "core/mm/rmap_walk.h"

#include "core/mm/page_vma_mapped.h"
#include "core/phys/folio_lock.h"

/* Locking: the anon_vma's lock. */
static void walk_vmas(struct anon_vma *anon_vma, struct folio *folio, struct rmap_walk_control *rwc)
{
	unsigned long first = folio->page.index, nr = folio_nr_pages(folio);
	struct anon_vma_chain *avc;

	anon_vma_interval_tree_foreach(avc, &anon_vma->tree, first, first + nr - 1) {
		struct vm_area_struct *vma = avc->vma;
		unsigned long addr = vma_address(vma, first, nr);

		BUG_ON(addr == (unsigned long)-EFAULT);
		SYNCPOINT("rmap_walk.vma");
		if (rwc->invalid_vma && rwc->invalid_vma(vma, rwc->arg))
			continue;
		if (!rwc->rmap_one(folio, vma, addr, rwc->arg))
			break;
		if (rwc->done && rwc->done(folio))
			break;
	}
}

void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma;

	assert_folio_locked(folio);
	anon_vma = rwc->anon_lock ? rwc->anon_lock(folio, rwc) : folio_lock_anon_vma_read(folio, rwc);
	if (!anon_vma)
		return;
	count_event(EV_RMAP_WALK);
	if (KNOCKED_OUT(RMAP_LOCK))
		anon_vma_unlock_read(anon_vma);
	walk_vmas(anon_vma, folio, rwc);
	if (!KNOCKED_OUT(RMAP_LOCK))
		anon_vma_unlock_read(anon_vma);
}

void rmap_walk_locked(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma = folio_anon_vma(folio);

	assert_folio_locked(folio);
	if (!anon_vma)
		return;
	anon_vma_assert_locked(anon_vma);
	walk_vmas(anon_vma, folio, rwc);
}
