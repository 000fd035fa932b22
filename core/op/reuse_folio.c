/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reuse_folio.c - whether an anonymous folio that was shared has one owner now. */
#include "core/op/vm_fault.h"

#include "core/probe/knockout.h"

DEFINE_KNOCKOUT(COW_RECHECK,
	.name = "cow:recheck",
	.removes = "the re-check of references once the folio cannot get new owners",
	.breaks = "a write to a page with a new reader",
	.detected_by = "knockout.cow",
	.hunt = "test knockout.cow");

/*
 * A large folio is reused if its references are all entries of this mm. The two counts change separately, an entry's
 * reference being taken first and dropped last, but while the lock of its mapcount excludes new and removed entries,
 * equal means exact. If only one of many pages is left, it is copied: that frees the others. Source: mm/memory.c,
 * __wp_can_reuse_large_anon_folio().
 */
bool can_reuse_large_folio(struct folio *folio, const struct vm_area_struct *vma)
{
	struct page *large = folio_large(folio);
	bool alone;

	if (folio_mapcount(folio) <= 1 || folio_maybe_mapped_shared(folio) ||
	    folio_mapcount(folio) != folio_ref_count(folio))
		return false;
	SYNCPOINT("cow.large_alone");
	spin_lock(&large->large_lock);
	alone = (!folio_maybe_mapped_shared(folio) && folio_mapcount(folio) == folio_ref_count(folio)) ||
		KNOCKED_OUT(COW_RECHECK);
	ASSERT(!alone || large->mm_id[0] == vma->vm_mm->mm_id || large->mm_id[1] == vma->vm_mm->mm_id);
	spin_unlock(&large->large_lock);
	(void)vma;
	return alone;
}

bool reuse_locked_folio(struct folio *folio, struct vm_area_struct *vma)
{
	bool alone;

	SYNCPOINT("cow.small_alone");
	/* KSM merges under the folio lock: a merged folio is always copied, since others look for its contents. */
	alone = (folio_ref_count(folio) == 1 && !folio_test_ksm(folio)) || KNOCKED_OUT(COW_RECHECK);
	if (alone)
		folio_move_anon_rmap(folio, vma);
	folio_unlock(folio);
	return alone;
}
