/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_pool.h - a pool of huge pages that guarantees reservations.
 *
 * A huge page of the pool is a folio that returns to the pool, not to its node, when its last reference is dropped. A
 * reservation is for any huge page: reserving may fail, taking a reserved one can't.
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
	unsigned long free;		/* unused ones */
	unsigned long reserved;		/* reserved, and not taken yet */
};

/* True if @page is the head of a huge page of the pool, free or not. */
static inline bool PageHuge(const struct page *page)
{
	return load_relaxed(&page->flags) & PG_HUGETLB;
}

static inline bool folio_test_hugetlb(const struct folio *folio)
{
	return PageHuge(&folio->page);
}

/*
 * hugetlb_pool_resize - resizes the pool to @nr huge pages of 1 << @order frames, from all nodes in turn: to fewer if
 * memory runs out, to more if more are in use or reserved. All are of one order. Returns the new size. Source:
 * mm/hugetlb.c, set_max_huge_pages(). hugetlb_pool_exit() frees the free ones; the others were leaked. Locking: none
 * held; one resize at a time.
 */
unsigned long hugetlb_pool_resize(unsigned int order, unsigned long nr);
void hugetlb_pool_exit(void);
struct hugetlb_counts hugetlb_pool_counts(void);

/*
 * Reserves @nr, all of them or none. hugetlb_pool_unreserve() - drops @nr reservations. Source: mm/hugetlb.c,
 * hugetlb_acct_memory().
 */
bool hugetlb_pool_reserve(unsigned long nr);
void hugetlb_pool_unreserve(unsigned long nr);

/*
 * hugetlb_pool_take - a huge page with one reference, contents undefined, in the order of nodes of alloc_pages().
 * @reserved: consumes a reservation. NULL: all are in use or reserved, or an injected failure is due. Source:
 * mm/hugetlb.c.
 */
struct folio *hugetlb_pool_take(bool reserved);
/*
 * Returns a huge page without references to the pool; @reserve: reserves it at the same time. Source: mm/hugetlb.c,
 * free_huge_folio().
 */
void hugetlb_pool_give(struct folio *folio, bool reserve);
/*
 * hugetlb_pool_set_type - the type of all frames of @folio: PAGE_FILE in a file; else PAGE_ANON, as it is when it is
 * taken. Locking: its only owner.
 */
void hugetlb_pool_set_type(struct folio *folio, enum page_type type);

#endif
