/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmap_walk.c - walks all VMAs that may map a folio. */
#include "core/mm/rmap_walk.h"

#include "core/host/age.h"
#include "core/mm/i_mmap.h"
#include "core/mm/ksm.h"
#include "core/mm/page_vma_mapped.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(RMAP_WALK, "rmap walks");

/* Walks one VMA that overlaps @folio. False ends the walk. Locking: the lock of the tree it was found in. */
static bool walk_vma(struct vm_area_struct *vma, struct folio *folio, struct rmap_walk_control *rwc)
{
	unsigned long addr = vma_address(vma, folio->page.index, folio_nr_pages(folio));

	assert_linked(&kind_mm, &vma->vm_mm->probe, vma->vm_mm);
	BUG_ON(addr == (unsigned long)-EFAULT);
	SYNCPOINT("rmap_walk.vma");
	if (rwc->invalid_vma && rwc->invalid_vma(vma, rwc->arg))
		return true;
	return rwc->rmap_one(folio, vma, addr, rwc->arg) && !(rwc->done && rwc->done(folio));
}

/* Returns false at the end of the walk. Locking: the anon_vma's lock, which keeps the chain in its tree. */
static bool walk_chain(struct anon_vma_chain *avc, struct folio *folio, struct rmap_walk_control *rwc)
{
	bool more;

	assert_linked(&kind_chain, &avc->probe, avc);
	more = walk_vma(avc->vma, folio, rwc);
	assert_linked(&kind_chain, &avc->probe, avc);
	return more;
}

/* Locking: the anon_vma's lock. */
static void walk_anon_vmas(struct anon_vma *anon_vma, struct folio *folio, struct rmap_walk_control *rwc)
{
	unsigned long first = folio->page.index, nr = folio_nr_pages(folio);
	struct anon_vma_chain *avc;

	anon_vma_interval_tree_foreach(avc, &anon_vma->tree, first, first + nr - 1)
		if (!walk_chain(avc, folio, rwc))
			break;
}

DEFINE_KNOCKOUT(RMAP_LOCK,
	.name = "rmap:lock",
	.removes = "the lock of the anon_vma while its VMAs are walked",
	.breaks = "a walk in VMAs that move, and in freed ones",
	.detected_by = "the checks of an rmap walk, AddressSanitizer",
	.hunt = HUNT_JUMBLE);

static void rmap_walk_anon(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct anon_vma *anon_vma;

	anon_vma = rwc->anon_lock ? rwc->anon_lock(folio, rwc) : folio_lock_anon_vma_read(folio, rwc);
	if (!anon_vma)
		return;
	count_event(EV_RMAP_WALK);
	if (KNOCKED_OUT(RMAP_LOCK))
		anon_vma_unlock_read(anon_vma);
	walk_anon_vmas(anon_vma, folio, rwc);
	if (!KNOCKED_OUT(RMAP_LOCK))
		anon_vma_unlock_read(anon_vma);
}

/* ---- files ---- */

/* Locking: i_mmap_rwsem. */
static void walk_file_vmas(struct address_space *mapping, struct folio *folio, struct rmap_walk_control *rwc)
{
	unsigned long first = folio->page.index, nr = folio_nr_pages(folio);
	struct vm_area_struct *vma;

	vma_interval_tree_foreach(vma, mapping, first, first + nr - 1)
		if (!walk_vma(vma, folio, rwc))
			break;
}

/* The folio lock keeps the folio in its file, and its mappings keep the file. Source: mm/rmap.c. */
static void rmap_walk_file(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct address_space *mapping = folio_mapping(folio);

	if (!mapping)
		return;
	if (!i_mmap_trylock_read(mapping)) {
		if (rwc->try_lock) {
			rwc->contended = true;
			return;
		}
		i_mmap_lock_read(mapping);
	}
	count_event(EV_RMAP_WALK);
	if (KNOCKED_OUT(RMAP_LOCK))
		i_mmap_unlock_read(mapping);
	walk_file_vmas(mapping, folio, rwc);
	if (!KNOCKED_OUT(RMAP_LOCK))
		i_mmap_unlock_read(mapping);
}

void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc)
{
	OPERATION("rmap_walk", folio, 0);
	assert_folio_locked(folio);
	if (unlikely(folio_test_ksm(folio))) {
		count_event(EV_RMAP_WALK);
		rmap_walk_ksm(folio, rwc);
	} else if (folio_test_anon(folio)) {
		rmap_walk_anon(folio, rwc);
	} else {
		rmap_walk_file(folio, rwc);
	}
}

void rmap_walk_locked(struct folio *folio, struct rmap_walk_control *rwc)
{
	assert_folio_locked(folio);
	if (folio_anon_vma(folio)) {
		anon_vma_assert_locked(folio_anon_vma(folio));
		walk_anon_vmas(folio_anon_vma(folio), folio, rwc);
	} else if (folio_mapping(folio)) {
		i_mmap_assert_locked(folio_mapping(folio));
		walk_file_vmas(folio_mapping(folio), folio, rwc);
	}
}
