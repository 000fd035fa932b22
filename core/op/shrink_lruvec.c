/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shrink_lruvec.c - reclaim of the oldest folios of a node. */
#include "core/op/shrink_lruvec.h"

#include "core/mm/vma.h"
#include "core/op/folio_referenced.h"
#include "core/op/reclaim.h"
#include "core/phys/lru.h"
#include "core/probe/operation.h"

DEFINE_EVENT(LRU_ACTIVATE, "folios that a scan found used, and moved to the active list");
DEFINE_EVENT(LRU_DEACTIVATE, "folios that a scan moved to the inactive list");

#define SWAP_CLUSTER_MAX	32u	/* folios isolated at one time */

enum folio_references { FOLIOREF_RECLAIM, FOLIOREF_KEEP, FOLIOREF_ACTIVATE };

/* Source: mm/vmscan.c. Locking: it is isolated. */
static enum folio_references folio_check_references(struct folio *folio)
{
	unsigned long vm_flags;
	int referenced = folio_referenced(folio, false, &vm_flags);
	bool before;

	if (vm_flags & VM_LOCKED)
		return FOLIOREF_ACTIVATE;
	if (referenced < 0)	/* a lock was held */
		return FOLIOREF_KEEP;
	before = fetch_and_relaxed(&folio->page.flags, ~PG_REFERENCED) & PG_REFERENCED;
	if (!referenced)
		return FOLIOREF_RECLAIM;
	fetch_or_relaxed(&folio->page.flags, PG_REFERENCED);
	if (before || referenced > 1 || ((vm_flags & VM_EXEC) && !folio_test_anon(folio)))
		return FOLIOREF_ACTIVATE;
	return FOLIOREF_KEEP;
}

/* Drops the reference. Returns the pages reclaimed. */
static unsigned long shrink_folio(struct folio *folio)
{
	enum folio_references references = folio_check_references(folio);
	unsigned long pages = 0;

	if (references == FOLIOREF_RECLAIM) {
		reclaim_isolated(folio, &pages);
		return pages;
	}
	if (references == FOLIOREF_ACTIVATE) {
		folio_set_active(folio);
		count_event(EV_LRU_ACTIVATE);
	}
	folio_putback_lru(folio);
	folio_put(folio);
	return 0;
}

/* Source: mm/vmscan.c. */
static unsigned long shrink_inactive_list(unsigned int nid, unsigned long nr_to_scan)
{
	struct folio *folios[SWAP_CLUSTER_MAX];
	unsigned long pages = 0;
	unsigned int nr;

	/* Those that are put back are not met twice. */
	nr_to_scan = min(nr_to_scan, lru_count(nid, LRU_INACTIVE));
	for (; nr_to_scan; nr_to_scan -= nr) {
		nr = isolate_lru_folios(nid, LRU_INACTIVE, folios,
					(unsigned int)min(nr_to_scan, (unsigned long)SWAP_CLUSTER_MAX));
		if (!nr)
			break;
		SYNCPOINT("vmscan.isolated");
		for (unsigned int i = 0; i < nr; i++)
			pages += shrink_folio(folios[i]);
	}
	return pages;
}

/* Source: mm/vmscan.c. There a page of a program's text that was used goes round the active list once more. */
static void shrink_active_list(unsigned int nid, unsigned long nr_to_scan)
{
	struct folio *folios[SWAP_CLUSTER_MAX];
	unsigned int nr = isolate_lru_folios(nid, LRU_ACTIVE, folios,
					     (unsigned int)min(nr_to_scan, (unsigned long)SWAP_CLUSTER_MAX));

	for (unsigned int i = 0; i < nr; i++) {
		folio_clear_active(folios[i]);
		folio_putback_lru(folios[i]);
		folio_put(folios[i]);
		count_event(EV_LRU_DEACTIVATE);
	}
}

unsigned long shrink_lruvec(unsigned int nid, unsigned long nr_to_scan)
{
	OPERATION("shrink_lruvec", NULL, nid);

	if (lru_count(nid, LRU_INACTIVE) < lru_count(nid, LRU_ACTIVE))
		shrink_active_list(nid, nr_to_scan);
	return shrink_inactive_list(nid, nr_to_scan);
}
