/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_flags.h - flags of a page or a folio. Source: include/linux/page-flags.h. */
#ifndef FAULTLINE_CORE_PHYS_PAGE_FLAGS_H
#define FAULTLINE_CORE_PHYS_PAGE_FLAGS_H

#include "core/phys/frame.h"

/* In page->flags; a folio's are its head page's. */
#define PG_ANON_EXCLUSIVE	0x1u	/* each page: mapped by one mm only, which may write to it and pin it */
#define PG_LOCKED		0x2u	/* folio: the folio lock */
#define PG_WAITERS		0x4u	/* folio: a thread waits for the folio lock */
#define PG_REFERENCED		0x8u	/* folio: used since this was cleared */
#define PG_DIRTY	0x10u	/* folio of a file: has changes that are not written back; anonymous: see folio.h */
#define PG_HUGETLB	0x20u	/* folio: a huge page of the pool, see hugetlb_pool.h */
#define PG_TEMPORARY	0x40u	/* such a folio: it leaves the pool with its last reference */
#define PG_LRU		0x100u	/* folio: on a list, see lru.h */
#define PG_ACTIVE	0x200u	/* folio: if it is listed, on the active list, or goes back to it */
#define PG_LISTED	0x400u	/* folio: on a list, or isolated */
#define PG_LAZYFREE	0x80u	/* anonymous folio: see folio_test_lazyfree(). Linux: not PG_swapbacked */

/*
 * Set for a new page by the thread that maps it, cleared under the PTL of the one entry that maps it. Holders of that
 * PTL rely on it; GUP-fast reads it without the PTL, and re-reads the entry afterwards.
 *
 * ORDER[anon-exclusive:B] before a thread that finds it clear goes on. Pairs with ORDER[anon-exclusive:A]. GUP-fast
 * does not rely on it: it drops its pin.
 */
static force_inline bool PageAnonExclusive(const struct page *page)
{
	return load_acquire(&page->flags) & PG_ANON_EXCLUSIVE;
}

/* Locking: the PTL, or the page's only owner. */
static force_inline void SetPageAnonExclusive(struct page *page)
{
	fetch_or_relaxed(&page->flags, PG_ANON_EXCLUSIVE);
}

/*
 * Locking: the PTL.
 *
 * ORDER[anon-exclusive:A] after the check for pins. Pairs with ORDER[anon-exclusive:B].
 */
static force_inline void ClearPageAnonExclusive(struct page *page)
{
	fetch_and_release(&page->flags, ~PG_ANON_EXCLUSIVE);
}

#endif
