/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deferred_split.h - each node's queue of large folios that are worth a split: some of their pages, which are mapped no
 * more, stay allocated until then.
 *
 * A removal of mappings queues the folio (rmap.c), a scan under memory pressure splits it (deferred_split_scan.c). The
 * queue has no reference to it, so a folio leaves the queue when its last one goes:
 *
 *   free, split, migration                        scan, under split_queue_lock
 *   (A1) the last reference is dropped, or all    (B1) folio_try_get()
 *        references are frozen                    (B2) the folio leaves the queue, referenced or not
 *   (A2) queued: lock, and leave the queue        (B3) queued = false: the last access without a reference
 *   (A3) the pages are freed, or become folios
 *
 * No thread queues the folio after A1: that needs an entry, which has a reference. If B1 comes before A1, the scan's
 * reference is the last one, or A1 fails. If it comes after, B1 fails, and B2 and B3 may still access the folio; A2
 * then waits for the lock, unless it finds B3 done. A folio that a scan has referenced is not freed, and not split or
 * moved by other threads, which find an extra reference. If its split fails it is queued again.
 *
 * Folios of two pages have no place for the list, as in Linux, and are not queued. Source: mm/huge_memory.c.
 */
#ifndef FAULTLINE_CORE_PHYS_DEFERRED_SPLIT_H
#define FAULTLINE_CORE_PHYS_DEFERRED_SPLIT_H

#include "core/base/event.h"
#include "core/phys/folio.h"

DECLARE_EVENT(DEFERRED_QUEUED);
DECLARE_EVENT(DEFERRED_LOST);

/* The page with the fields of queued folios. Locking: none; @folio has more than two pages. */
static inline struct page *folio_second_tail(struct folio *folio)
{
	return &folio->page + 2;
}

/*
 * True once some pages of @folio, which is large, lost their last mapping while others kept theirs; until it is split,
 * moved or freed, also if they are mapped again. Locking: a reference. Source: include/linux/page-flags.h.
 */
static inline bool folio_test_partially_mapped(struct folio *folio)
{
	return folio_order(folio) > 1 && load_relaxed(&folio_second_tail(folio)->partially_mapped);
}

/*
 * deferred_split_folio - some pages of @folio lost their last mapping, others are mapped: marks and queues it, once.
 * No effect on folios of files, of two pages, and on those that are, or were, in swap slots, which reclaim splits.
 * Locking: a reference; no leaf lock. Source: mm/huge_memory.c.
 */
void deferred_split_folio(struct folio *folio);
/*
 * folio_unqueue_deferred_split - @folio, large, is about to be freed, split or moved: it leaves its queue, if it is
 * there. Locking: no thread has, or can get, a reference to it; no leaf lock. Source: mm/huge_memory.c.
 */
void folio_unqueue_deferred_split(struct folio *folio);

/* The number of folios in @nid's queue; stale at once. Locking: none. Source: mm/huge_memory.c. */
unsigned long deferred_split_count(unsigned int nid);
/*
 * deferred_split_take - takes up to @nr folios off @nid's queue, the oldest first, each with a reference, and returns
 * their number. Those that are being freed leave the queue, too, and are not counted. deferred_split_requeue() - puts
 * @folio, taken and not split since, back. Locking: no leaf lock; a reference. Source: mm/huge_memory.c,
 * deferred_split_scan().
 */
unsigned int deferred_split_take(unsigned int nid, struct folio **folios, unsigned int nr);
void deferred_split_requeue(struct folio *folio);

/* Makes all queues empty. Locking: the calling thread is the only one in core. */
void deferred_split_init(void);
/* The length of @nid's list, which deferred_split_count() has to be. For oracles; locking: as above. */
unsigned long deferred_split_length(unsigned int nid);

#endif
