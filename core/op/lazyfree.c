/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lazyfree.c - whether a lazily freed page is dropped, once its entry is cleared. */
#include "core/op/lazyfree.h"

#include <errno.h>

#include "core/mm/rmap.h"
#include "core/op/try_to_unmap.h"

DEFINE_KNOCKOUT(LAZYFREE_DIRTY,
	.name = "lazyfree:dirty",
	.removes = "the check, once its entry is cleared, that a lazily freed page was not written to",
	.breaks = "a write after MADV_FREE is lost",
	.detected_by = "the contents of pages",
	.hunt = "test knockout.swap");

DEFINE_KNOCKOUT(LAZYFREE_REFS,
	.name = "lazyfree:refs",
	.removes = "the check, once its entry is cleared, that a lazily freed page has no other users",
	.breaks = "what a device writes by a reference, as direct IO does, is lost",
	.detected_by = "the contents of pages",
	.hunt = "explore page_out_vs_direct_read",
	.mirrors = "mm: fix race between MADV_FREE reclaim and blkdev direct IO read");

/*
 * True if not only entries and the caller have references to @folio. One that comes later than this is harmless: its
 * holder has the page that was there. Source: mm/rmap.c, try_to_unmap_one().
 */
static bool has_other_users(const struct folio *folio)
{
	return folio_ref_count(folio) != folio_mapcount(folio) + 1;
}

static void set_exclusive(struct page *page, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		SetPageAnonExclusive(page + i);
}

/* Returns -EBUSY, and the pages are exclusive as before, if one may be pinned. */
static int share_pages(struct folio *folio, struct page *page, unsigned int nr, bool leaf)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (leaf ? !folio_try_share_anon_rmap_pmd(folio, page) :
			   !folio_try_share_anon_rmap_pte(folio, page + i))
			continue;
		set_exclusive(page, i);
		return -EBUSY;
	}
	return 0;
}

bool may_discard(struct folio *folio, struct page *page, unsigned int nr, bool dirty, bool leaf)
{
	bool exclusive = PageAnonExclusive(page);

	if (dirty && !KNOCKED_OUT(LAZYFREE_DIRTY)) {
		folio_clear_lazyfree(folio);
		return false;
	}
	if (exclusive && share_pages(folio, page, nr, leaf)) {
		count_event(EV_UNMAP_PINNED);
		return false;
	}
	if ((has_other_users(folio) && !KNOCKED_OUT(LAZYFREE_REFS)) ||
	    (!folio_test_lazyfree(folio) && !KNOCKED_OUT(LAZYFREE_DIRTY))) {
		if (exclusive)
			set_exclusive(page, nr);
		return false;
	}
	return true;
}
