/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm_walk.c - walks from a merged folio to its entries. */
#include "core/mm/ksm.h"
#include "core/mm/page_vma_mapped.h"
#include "core/mm/rmap.h"
#include "core/mm/swap.h"
#include "core/phys/folio_lock.h"
#include "core/probe/knockout.h"

/* The VMAs to which one item leads: those of its mm first, others for a second pass. False ends the walk. */
static bool walk_item(const struct ksm_rmap_item *item, struct folio *folio, struct rmap_walk_control *rwc,
		      bool search_new_forks)
{
	struct anon_vma_chain *avc;

	anon_vma_assert_locked(item->anon_vma);
	anon_vma_interval_tree_foreach(avc, &item->anon_vma->tree, item->index, item->index) {
		struct vm_area_struct *vma = avc->vma;

		if ((item->mm == vma->vm_mm) == search_new_forks)
			continue;
		SYNCPOINT("rmap_walk.vma");
		if (rwc->invalid_vma && rwc->invalid_vma(vma, rwc->arg))
			continue;
		if (!rwc->rmap_one(folio, vma, vma_address(vma, item->index, 1), rwc->arg) ||
		    (rwc->done && rwc->done(folio)))
			return false;
	}
	return true;
}

DEFINE_KNOCKOUT(KSM_NEW_FORKS,
	.name = "ksm:new-forks",
	.removes = "the second pass of an rmap walk, over VMAs forked since KSM visited their parent's",
	.breaks = "a walk that misses entries: a migration entry stays for ever",
	.detected_by = "the at-rest check of the reverse map: knockout.ksm",
	.hunt = "test knockout.ksm");

void rmap_walk_ksm(struct folio *folio, struct rmap_walk_control *rwc)
{
	const struct ksm_stable_node *node = folio_stable_node(folio);
	struct ksm_rmap_item *item;
	bool more = true;

	assert_folio_locked(folio);
	for (int pass = 0; node && pass < (KNOCKED_OUT(KSM_NEW_FORKS) ? 1 : 2); pass++) {
		TAILQ_FOREACH(item, &node->items, same_folio) {
			if (!anon_vma_trylock_read(item->anon_vma)) {
				if (rwc->try_lock) {
					rwc->contended = true;
					return;
				}
				anon_vma_lock_read(item->anon_vma);
			}
			more = walk_item(item, folio, rwc, pass);
			anon_vma_unlock_read(item->anon_vma);
			if (!more)
				return;
		}
	}
}

static bool is_mapped_here(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *found)
{
	struct page_vma_mapped_walk pvmw = PVMW_OF_FOLIO(folio, vma, addr, PVMW_SYNC);

	*(bool *)found = page_vma_mapped_walk(&pvmw);
	page_vma_mapped_walk_done(&pvmw);
	return !*(bool *)found;
}

/* The folio lock excludes migration entries. Entries that fork copies meanwhile are found: the parent's at first. */
bool ksm_item_needed(const struct ksm_rmap_item *item, struct folio *folio)
{
	const struct ksm_rmap_item *twin;
	bool found = false;
	struct rmap_walk_control rwc = { .arg = &found, .rmap_one = is_mapped_here };

	TAILQ_FOREACH(twin, &item->node->items, same_folio)
		if (twin != item && twin->anon_vma == item->anon_vma && twin->index == item->index)
			return false;
	anon_vma_lock_read(item->anon_vma);
	if (folio_test_swapcache(folio))
		found = anon_vma_interval_tree_iter_first(&item->anon_vma->tree, item->index, item->index);
	for (int pass = 0; !found && pass < 2; pass++)
		walk_item(item, folio, &rwc, pass);
	anon_vma_unlock_read(item->anon_vma);
	return found;
}

void folio_migrate_ksm(struct folio *to, struct folio *from)
{
	struct ksm_stable_node *node = folio_stable_node(from);

	assert_folio_locked(to);
	assert_folio_locked(from);
	folio_set_ksm_mapping(to, node);
	/*
	 * ORDER[ksm-kpfn:A] the new frame is stored after its folio names the node, and before the old one names none.
	 * Pairs with ORDER[ksm-kpfn:B].
	 */
	store_release(&node->kpfn, folio_pfn(to));
	folio_set_ksm_mapping(from, NULL);
}
