/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_flags.h - bits that say something about a page or a folio. Source: include/linux/page-flags.h. */
#ifndef FAULTLINE_CORE_PHYS_PAGE_FLAGS_H
#define FAULTLINE_CORE_PHYS_PAGE_FLAGS_H

#include "core/phys/frame.h"

/* In page->flags; a folio's are its head page's. */
#define PG_ANON_EXCLUSIVE	0x1u	/* each page: mapped by one mm only, which may write to it and pin it */
#define PG_LOCKED		0x2u	/* folio: the folio lock */
#define PG_WAITERS		0x4u	/* folio: somebody waits for the folio lock */
#define PG_REFERENCED		0x8u	/* folio: somebody used it since this was cleared */
#define PG_DIRTY	0x10u	/* folio of a file: holds what its file does not yet */
#define PG_HUGETLB	0x20u	/* folio: a huge page of the pool, see hugetlb_pool.h */

/*
 * Set by who maps a new page, cleared under the PTL of the one entry that maps it. Who holds that PTL relies on it; GUP-fast
 * reads it without, and looks at the entry again afterwards.
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

/* Locking: the PTL. What was done before is seen by who finds it clear. */
static force_inline void ClearPageAnonExclusive(struct page *page)
{
	fetch_and_release(&page->flags, ~PG_ANON_EXCLUSIVE);
}

#endif
