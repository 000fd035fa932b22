/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_pool.h - pools of huge pages that guarantee reservations.
 *
 * A huge page of the pool is a folio that returns to the pool, not to its node, when its last reference is dropped. A
 * reservation is for any huge page: reserving may fail, taking a reserved one can't.
 *
 * There are two pools, each with its own counts: for huge pages of one block of the buddy allocator (@order up to
 * MAX_ORDER), and for gigantic ones, of blocks in a row. Both are empty until they are resized. All pages of a pool
 * are of one order.
 *
 * Source: mm/hugetlb.c, struct hstate.
 */
#ifndef FAULTLINE_CORE_PHYS_HUGETLB_POOL_H
#define FAULTLINE_CORE_PHYS_HUGETLB_POOL_H

#include "core/phys/folio.h"
#include "core/phys/page_flags.h"

/* No lock key: a copy. Conservation: reserved <= free <= nr */
struct hugetlb_counts {
	unsigned long nr;		/* huge pages of the pool, without temporary ones */
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
 * memory runs out, to more if more are in use or reserved. Returns the new size. hugetlb_pool_exit() frees the free
 * ones of both; the others were leaked. Locking: none held; one resize at a time. Source: mm/hugetlb.c,
 * set_max_huge_pages().
 */
unsigned long hugetlb_pool_resize(unsigned int order, unsigned long nr);
void hugetlb_pool_exit(void);
struct hugetlb_counts hugetlb_pool_counts(unsigned int order);

/*
 * Reserves @nr, all of them or none. hugetlb_pool_unreserve() - drops @nr reservations. Source: mm/hugetlb.c,
 * hugetlb_acct_memory().
 */
bool hugetlb_pool_reserve(unsigned int order, unsigned long nr);
void hugetlb_pool_unreserve(unsigned int order, unsigned long nr);

/*
 * hugetlb_pool_take - a huge page with one reference, contents undefined, in the order of nodes of alloc_pages().
 * @reserved: consumes a reservation. NULL: all are in use or reserved, or an injected failure is due. Source:
 * mm/hugetlb.c.
 */
struct folio *hugetlb_pool_take(unsigned int order, bool reserved);
/*
 * hugetlb_pool_take_node - the same of node @nid only, and without a reservation, to move a huge page to. If none is
 * free it is a new one, which leaves the pool with its last reference. Source: mm/hugetlb.c,
 * alloc_hugetlb_folio_nodemask(), alloc_migrate_hugetlb_folio().
 * hugetlb_pool_move() - @from was moved to @to, taken so: if @to is new, it stays in the pool, and @from leaves it.
 * Locking: the folio lock of @from; no other thread has @to. Source: mm/hugetlb.c, move_hugetlb_state().
 */
struct folio *hugetlb_pool_take_node(unsigned int order, unsigned int nid);
void hugetlb_pool_move(struct folio *to, struct folio *from);
/*
 * Returns a huge page without references to its pool; @reserve: reserves it at the same time. Source: mm/hugetlb.c,
 * free_huge_folio().
 */
void hugetlb_pool_give(struct folio *folio, bool reserve);
/*
 * hugetlb_pool_set_type - the type of all frames of @folio: PAGE_FILE in a file; else PAGE_ANON, as it is when it is
 * taken. Locking: its only owner.
 */
void hugetlb_pool_set_type(struct folio *folio, enum page_type type);

#endif
