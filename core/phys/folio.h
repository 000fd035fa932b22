/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio.h - references to pages and counts of their mappings.
 *
 * A reference can be taken by who holds one, or by try_get from whoever can find the page, which fails once the last
 * one is gone. Who found the page through an entry re-reads the entry afterwards: the frame may have been freed and
 * handed out again in between, and then the reference is to somebody else's page.
 */
#ifndef FAULTLINE_CORE_PHYS_FOLIO_H
#define FAULTLINE_CORE_PHYS_FOLIO_H

#include "core/base/syncpoint.h"
#include "core/phys/frame.h"

/* A folio is one page so far; the types differ so that the compiler tells them apart. No lock key: struct page has it. */
struct folio {
	struct page page;
};

static force_inline struct folio *page_folio(struct page *page)
{
	return container_of(page, struct folio, page);
}

static force_inline int page_ref_count(const struct page *page)
{
	return load_acquire(&page->_refcount);
}

static force_inline int folio_ref_count(const struct folio *folio)
{
	return page_ref_count(&folio->page);
}

/* @nr more references for one who holds a reference already. */
static force_inline void page_ref_add(struct page *page, int nr)
{
	int old = fetch_add_relaxed(&page->_refcount, nr);

	BUG_ON(old <= 0);
}

/* Drops @nr references; true when they were the last, and the caller owns the page alone. */
static force_inline bool page_ref_sub_and_test(struct page *page, int nr)
{
	int old;

	/*
	 * ORDER[page-ref:A] after the entry was cleared and the page last used; pairs with ORDER[page-ref:B]. Weaker: the
	 * clearing passes the drop, and who takes a reference to the frame's next life still believes the old entry.
	 */
	if (KNOCKED_OUT(PAGE_REF_A))
		old = fetch_sub_relaxed(&page->_refcount, nr);
	else
		old = fetch_sub_acq_rel(&page->_refcount, nr);
	BUG_ON(old < nr);
	return old == nr;
}

/* @nr references if @page has any; false when it is free or being freed. */
static force_inline bool page_ref_add_unless_zero(struct page *page, int nr)
{
	int old = load_relaxed(&page->_refcount);
	bool done;

	do {
		if (old <= 0 && !KNOCKED_OUT(PAGE_REF_NOT_ZERO))
			return false;
		/* ORDER[page-ref:B] before the entry is read again; pairs with ORDER[page-ref:A]. */
		if (KNOCKED_OUT(PAGE_REF_B))
			done = try_cmpxchg_relaxed(&page->_refcount, &old, old + nr);
		else
			done = try_cmpxchg_acquire(&page->_refcount, &old, old + nr);
	} while (!done);
	return true;
}

static force_inline void get_page(struct page *page)
{
	page_ref_add(page, 1);
}

static force_inline void put_page(struct page *page)
{
	if (page_ref_sub_and_test(page, 1))
		free_frozen_pages(page, load_relaxed(&page->order));
}

static force_inline void folio_get(struct folio *folio)
{
	get_page(&folio->page);
}

static force_inline void folio_put(struct folio *folio)
{
	put_page(&folio->page);
}

static force_inline void folio_put_refs(struct folio *folio, int nr)
{
	if (page_ref_sub_and_test(&folio->page, nr))
		free_frozen_pages(&folio->page, load_relaxed(&folio->page.order));
}

/* Source: include/linux/page_ref.h folio_try_get(). */
static force_inline bool folio_try_get(struct folio *folio)
{
	return page_ref_add_unless_zero(&folio->page, 1);
}

/* ---- mappings: the count starts at -1 ---- */
static force_inline int page_mapcount(const struct page *page)
{
	return load_acquire(&page->_mapcount) + 1;
}

static force_inline bool folio_mapped(const struct folio *folio)
{
	return page_mapcount(&folio->page) > 0;
}

/* Returns the number of mappings before. */
static force_inline int page_mapcount_inc(struct page *page)
{
	int old = fetch_add_relaxed(&page->_mapcount, 1) + 1;

	BUG_ON(old < 0);
	return old;
}

/* Returns the number of mappings left. */
static force_inline int page_mapcount_dec(struct page *page)
{
	int left = fetch_sub_acq_rel(&page->_mapcount, 1);

	BUG_ON(left < 0);
	return left;
}

#endif
