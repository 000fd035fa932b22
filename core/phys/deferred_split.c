/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deferred_split.c - the queues of large folios to split. */
#include "core/phys/deferred_split.h"

#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(DEFERRED_QUEUED, "large folios queued for a split, partially mapped");
DEFINE_EVENT(DEFERRED_LOST, "queued folios that a scan found without references");

TAILQ_HEAD(split_queue, page);

/*
 * Conservation: len = the length of the list = the node's folios that are marked as queued. A folio that is marked as
 * partially mapped is queued, or a scan has a reference to it.
 *
 * Lock key: (Q) split_queue_lock (A) atomic, written under (Q)
 */
static struct deferred_split {
	spinlock_t split_queue_lock;
	struct split_queue queue;	/* (Q) second tails */
	unsigned long len;		/* (A) */
} __cacheline_aligned queues[MAX_NODES];

void deferred_split_init(void)
{
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		spin_lock_init(&queues[nid].split_queue_lock, SPIN_TTAS, RANK_SPLIT_QUEUE);
		TAILQ_INIT(&queues[nid].queue);
		store_relaxed(&queues[nid].len, 0);
	}
}

static struct deferred_split *lock_queue_of(const struct folio *folio)
{
	struct deferred_split *ds_queue = &queues[page_to_nid(&folio->page)];

	spin_lock(&ds_queue->split_queue_lock);
	return ds_queue;
}

/* Locking: split_queue_lock. */
static void push(struct deferred_split *ds_queue, struct page *page)
{
	if (load_relaxed(&page->queued))
		return;
	TAILQ_INSERT_TAIL(&ds_queue->queue, page, deferred);
	store_relaxed(&page->queued, true);
	store_relaxed(&ds_queue->len, ds_queue->len + 1);
}

/* Locking: split_queue_lock. */
static void pull(struct deferred_split *ds_queue, struct page *page)
{
	TAILQ_REMOVE(&ds_queue->queue, page, deferred);
	store_relaxed(&ds_queue->len, ds_queue->len - 1);
	/*
	 * ORDER[deferred-unqueue:A] after the last access to the folio, which may be about to be freed. Pairs with
	 * ORDER[deferred-unqueue:B].
	 */
	store_release(&page->queued, false);
}

void deferred_split_folio(struct folio *folio)
{
	struct deferred_split *ds_queue;

	/* A mark that is set stays while the caller has its reference. */
	if (folio_order(folio) <= 1 || !folio_test_anon(folio) || folio_test_partially_mapped(folio) ||
	    load_relaxed(&folio->page.private))
		return;
	ds_queue = lock_queue_of(folio);
	store_relaxed(&folio_second_tail(folio)->partially_mapped, true);
	push(ds_queue, folio_second_tail(folio));
	spin_unlock(&ds_queue->split_queue_lock);
	count_event(EV_DEFERRED_QUEUED);
}

void folio_unqueue_deferred_split(struct folio *folio)
{
	struct page *page = folio_second_tail(folio);
	struct deferred_split *ds_queue;

	if (folio_order(folio) <= 1)
		return;
	SYNCPOINT("deferred_split.unqueue");
	/*
	 * ORDER[deferred-unqueue:B] before the frames are used for something else. Pairs with
	 * ORDER[deferred-unqueue:A]. Weaker: a scan without a reference still changes the page, in its next life.
	 */
	if (likely(!load_acquire(&page->queued)))
		return;
	ds_queue = lock_queue_of(folio);
	if (load_relaxed(&page->queued)) {
		store_relaxed(&page->partially_mapped, false);
		pull(ds_queue, page);
	}
	spin_unlock(&ds_queue->split_queue_lock);
}

unsigned long deferred_split_count(unsigned int nid)
{
	return load_relaxed(&queues[nid].len);
}

DEFINE_KNOCKOUT(DEFERRED_TRY_GET,
	.name = "deferred:try-get",
	.removes = "the check that a queued folio has a reference, before a scan takes one",
	.breaks = "a folio that is freed twice",
	.detected_by = "the checks of free blocks: knockout.deferred_split",
	.hunt = "test knockout.deferred_split");

/* Locking: split_queue_lock, and @folio is queued. */
static bool try_get(struct folio *folio)
{
	if (!KNOCKED_OUT(DEFERRED_TRY_GET))
		return folio_try_get(folio);
	fetch_add_relaxed(&folio->page._refcount, 1);
	return true;
}

unsigned int deferred_split_take(unsigned int nid, struct folio **folios, unsigned int nr)
{
	struct deferred_split *ds_queue = &queues[nid];
	unsigned int taken = 0;
	struct page *page;

	spin_lock(&ds_queue->split_queue_lock);
	while (taken < nr && (page = TAILQ_FIRST(&ds_queue->queue))) {
		folios[taken] = container_of(page - 2, struct folio, page);
		if (try_get(folios[taken])) {
			taken++;
		} else {
			store_relaxed(&page->partially_mapped, false);
			count_event(EV_DEFERRED_LOST);
		}
		pull(ds_queue, page);
	}
	spin_unlock(&ds_queue->split_queue_lock);
	return taken;
}

void deferred_split_requeue(struct folio *folio)
{
	if (folio_test_partially_mapped(folio)) {
		struct deferred_split *ds_queue = lock_queue_of(folio);

		push(ds_queue, folio_second_tail(folio));
		spin_unlock(&ds_queue->split_queue_lock);
	}
}

unsigned long deferred_split_length(unsigned int nid)
{
	unsigned long length = 0;
	struct page *page;

	TAILQ_FOREACH(page, &queues[nid].queue, deferred)
		length++;
	return length;
}
