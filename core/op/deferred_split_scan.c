/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deferred_split_scan.c - splits queued folios. */
#include "core/op/deferred_split_scan.h"

#include "core/op/split_folio.h"
#include "core/phys/deferred_split.h"
#include "core/phys/folio_lock.h"
#include "core/probe/operation.h"

DEFINE_EVENT(DEFERRED_SPLIT, "queued folios split under memory pressure");
DEFINE_EVENT(DEFERRED_KEPT, "queued folios that could not be split");

#define BATCH	16u	/* folios that other threads find in use meanwhile */

/* The caller's reference, taken off the queue, keeps others from splitting it. */
static bool try_split(struct folio *folio)
{
	bool split;

	if (!folio_trylock(folio))
		return false;
	split = !split_folio(folio);
	folio_unlock(folio);
	return split;
}

unsigned long deferred_split_scan(unsigned int nid, unsigned long nr_to_scan)
{
	OPERATION("deferred_split_scan", NULL, nid);
	struct folio *folios[BATCH];
	unsigned long split = 0;
	unsigned int nr;

	/* Those that are queued again are not met twice. */
	nr_to_scan = min(nr_to_scan, deferred_split_count(nid));
	for (; nr_to_scan; nr_to_scan -= nr) {
		nr = deferred_split_take(nid, folios, (unsigned int)min(nr_to_scan, (unsigned long)BATCH));
		if (!nr)
			break;
		SYNCPOINT("deferred_split.taken");
		for (unsigned int i = 0; i < nr; i++) {
			if (try_split(folios[i]))
				split++;
			else
				count_event(EV_DEFERRED_KEPT);
			deferred_split_requeue(folios[i]);
			folio_put(folios[i]);
		}
	}
	count_events(EV_DEFERRED_SPLIT, split);
	return split;
}

unsigned long shrink_deferred_splits(void)
{
	unsigned long split = 0;

	for (unsigned int nid = 0; nid < machine.nr_nodes; nid++)
		if (unlikely(deferred_split_count(nid)))
			split += deferred_split_scan(nid, SHRINK_BATCH);
	return split;
}
