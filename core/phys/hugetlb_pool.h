/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_pool.h - huge pages set aside, so that who reserved one gets it.
 *
 * A huge page of the pool is a folio that goes back to the pool, not to its node, when its last reference goes. A reservation is a
 * promise of one, of no particular one: reserving fails, or taking a reserved one can't.
 *
 * Source: mm/hugetlb.c, struct hstate.
 */
#ifndef FAULTLINE_CORE_PHYS_HUGETLB_POOL_H
#define FAULTLINE_CORE_PHYS_HUGETLB_POOL_H

#include "core/phys/folio.h"
#include "core/phys/page_flags.h"

/* No lock key: a copy. Conservation: reserved <= free <= nr */
struct hugetlb_counts {
	unsigned long nr;		/* huge pages of the pool */
	unsigned long free;		/* that nobody uses */
	unsigned long reserved;		/* promised, and not taken yet */
};

/* @page is the head of a huge page of the pool, free or not. */
static inline bool PageHuge(const struct page *page)
{
	return load_relaxed(&page->flags) & PG_HUGETLB;
}

static inline bool folio_test_hugetlb(const struct folio *folio)
{
	return PageHuge(&folio->page);
}

/*
 * hugetlb_pool_resize - the pool has @nr huge pages of 1 << @order frames, from all nodes in turn, or as many as are to be had above,
 * and as few as are in use or promised below. All are of one order. Returns how many it has. Source: mm/hugetlb.c,
 * set_max_huge_pages(). hugetlb_pool_exit() frees what is free; the rest was leaked. Locking: none held; one resize at a time.
 */
unsigned long hugetlb_pool_resize(unsigned int order, unsigned long nr);
void hugetlb_pool_exit(void);
struct hugetlb_counts hugetlb_pool_counts(void);

/*
 * Promises @nr, all of them or none. hugetlb_pool_unreserve() - @nr promises are not needed.
 * Source: mm/hugetlb.c, hugetlb_acct_memory().
 */
bool hugetlb_pool_reserve(unsigned long nr);
void hugetlb_pool_unreserve(unsigned long nr);

/*
 * hugetlb_pool_take - a huge page with one reference, contents undefined, in the order of nodes of alloc_pages(). @reserved: it was
 * promised, and is not any more. NULL: all are in use or promised, or an injected failure is due. Source: mm/hugetlb.c.
 */
struct folio *hugetlb_pool_take(bool reserved);
/*
 * Gives back a huge page that has no reference left; with @reserve it is promised from that moment on.
 * Source: mm/hugetlb.c, free_huge_folio().
 */
void hugetlb_pool_give(struct folio *folio, bool reserve);

#endif
