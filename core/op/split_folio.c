/* SPDX-License-Identifier: GPL-2.0-or-later */
/* split_folio.c - splits large folios. */
#include "core/op/split_folio.h"

#include <errno.h>

#include "core/mm/anon_vma.h"
#include "core/mm/rmap.h"
#include "core/op/migrate.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/deferred_split.h"
#include "core/phys/folio_lock.h"
#include "core/phys/lru.h"
#include "core/probe/knockout.h"
#include "core/probe/operation.h"

DEFINE_EVENT(FOLIO_SPLIT, "large folios split");
DEFINE_EVENT(FOLIO_SPLIT_KEPT, "large folios that could not be split");

/*
 * A tail becomes a folio of its own, with one reference, for now the caller's. It is locked before it is reachable: a
 * fault on its migration entry waits for the unlock. Locking: the lock of its head, whose references are frozen.
 */
static void make_folio(struct page *head, struct page *page)
{
	const uint32_t kept = PG_REFERENCED | PG_LAZYFREE | PG_DIRTY | PG_LISTED | PG_ACTIVE;
	unsigned long i = (unsigned long)(page - head);

	store_relaxed(&page->flags, PG_LOCKED | (load_relaxed(&head->flags) & kept));
	store_relaxed(&page->order, 0);
	store_relaxed(&page->_pincount, 0);
	store_relaxed(&page->mapping, load_relaxed(&head->mapping));
	page->index = head->index + i;
	store_relaxed(&page->private, 0);
	store_relaxed(&page->mlock_count, 0);
	/*
	 * A thread that found the head by the page, and takes a reference to it later, re-checks: see page_folio().
	 *
	 * ORDER[folio-tail:A] after the stores that make the page a folio; pairs with ORDER[folio-tail:B].
	 * ORDER[page-ref:A] likewise, and after its tail is 0: a reference taken next finds the right folio. Pairs with
	 * ORDER[page-ref:B].
	 */
	store_release(&page->tail, 0);
	store_release(&page->_refcount, 1);
}

DEFINE_KNOCKOUT(SPLIT_FREEZE,
	.name = "split:freeze",
	.removes = "the check for other references before a large folio is split",
	.breaks = "a reference to the large folio is dropped from one page",
	.detected_by = "reference counts",
	.hunt = "test knockout.swap");

/* False: the folio has extra references. Locking: its lock; nothing maps it. */
static bool split_unmapped(struct folio *folio)
{
	struct page *head = &folio->page;
	unsigned long nr = folio_nr_pages(folio);
	bool frozen = !folio_mapped(folio) && folio_ref_freeze(folio, 1);

	if (!frozen && (folio_mapped(folio) || !KNOCKED_OUT(SPLIT_FREEZE)))
		return false;
	BUG_ON(load_relaxed(&folio_large(folio)->entire_mapcount) != -1);
	folio_unqueue_deferred_split(folio);
	for (unsigned long i = 1; i < nr; i++)
		make_folio(head, head + i);
	store_relaxed(&head->order, 0);
	if (frozen)
		folio_ref_unfreeze(folio, 1);
	return true;
}

/* @keep: the references to the tails stay with the caller, and they stay isolated if they are listed. */
static void restore_small(struct folio *head, unsigned long nr, bool keep)
{
	remove_migration_ptes(head, head);
	for (unsigned long i = 1; i < nr; i++) {
		struct folio *folio = page_folio(folio_page(head, i));

		folio_adopt_lock(folio);
		remove_migration_ptes(folio, folio);
		folio_unlock(folio);
		if (keep)
			continue;
		folio_putback_lru(folio);
		folio_put(folio);
	}
}

static int split(struct folio *folio, bool keep)
{
	OPERATION("split_folio", folio, 0);
	unsigned long nr = folio_nr_pages(folio);
	struct anon_vma *anon_vma;
	bool done;

	assert_folio_locked(folio);
	ASSERT(nr > 1);
	anon_vma = folio_get_anon_vma(folio);
	if (!anon_vma)
		return -EBUSY;
	try_to_migrate(folio, TTU_SPLIT_HUGE_PMD | TTU_SYNC | TTU_BATCH_FLUSH);
	try_to_unmap_flush();
	SYNCPOINT("split_folio.unmapped");
	done = split_unmapped(folio);
	SYNCPOINT("split_folio.apart");
	if (done)
		restore_small(folio, nr, keep);
	else
		remove_migration_ptes(folio, folio);
	put_anon_vma(anon_vma);
	if (done)
		count_event(EV_FOLIO_SPLIT);
	else
		count_event(EV_FOLIO_SPLIT_KEPT);
	return done ? 0 : -EBUSY;
}

int split_folio(struct folio *folio)
{
	return split(folio, false);
}

int split_folio_to_list(struct folio *folio)
{
	return split(folio, true);
}
