/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * folio.h - folios, references to them, pins, and counts of their mappings.
 *
 * folio   1 << order pages that are allocated, referenced and freed as one; all but the head are tails
 *
 * A holder of a reference can take more. Others that can find the page use try_get, which fails once the last
 * reference is dropped. A thread that found the page through an entry re-reads the entry afterwards: the frame may
 * have been freed and reallocated in between, and then the reference is to another owner's page.
 */
#ifndef FAULTLINE_CORE_PHYS_FOLIO_H
#define FAULTLINE_CORE_PHYS_FOLIO_H

#include "core/phys/page_flags.h"
#include "core/probe/knockout.h"
#include "core/probe/retry.h"

DECLARE_KNOCKOUT(PAGE_REF_A);
DECLARE_KNOCKOUT(PAGE_REF_B);
DECLARE_KNOCKOUT(PAGE_REF_NOT_ZERO);

/* A folio's address is its head page's; the types differ for the compiler. No lock key: struct page has it. */
struct folio {
	struct page page;
};

/*
 * The folio of @page. Without a reference the result may be stale: such a reader takes a reference to it, and calls
 * again.
 *
 * ORDER[folio-tail:B] before the page is read as a folio, or a part of one. Pairs with ORDER[folio-tail:A] in
 * split_folio.c. Weaker: a page that became a folio of its own is read with the fields it had as a tail.
 */
static force_inline struct folio *page_folio(struct page *page)
{
	return container_of(page - load_acquire(&page->tail), struct folio, page);
}

static force_inline struct page *folio_page(struct folio *folio, unsigned long n)
{
	return &folio->page + n;
}

static force_inline unsigned long folio_page_idx(const struct folio *folio, const struct page *page)
{
	return (unsigned long)(page - &folio->page);
}

static force_inline unsigned int folio_order(const struct folio *folio)
{
	return load_relaxed(&folio->page.order);
}

static force_inline unsigned long folio_nr_pages(const struct folio *folio)
{
	return 1ul << folio_order(folio);
}

static force_inline bool folio_test_large(const struct folio *folio)
{
	return folio_order(folio);
}

/* Device memory: its entries are not present, so it can't be pinned. Source: include/linux/memremap.h. */
static force_inline bool folio_is_device_private(const struct folio *folio)
{
	return page_type(&folio->page) == PAGE_DEVICE;
}

static force_inline unsigned long folio_pfn(const struct folio *folio)
{
	return page_to_pfn(&folio->page);
}

/* The page with the fields of large folios. */
static force_inline struct page *folio_large(struct folio *folio)
{
	return &folio->page + 1;
}

/* A folio of 1 << @order pages with one reference; as alloc_pages(). */
static inline struct folio *folio_alloc(unsigned int order, unsigned int flags)
{
	struct page *page = order ? alloc_pages(order, flags | ALLOC_COMPOUND) : alloc_page(flags);

	return page ? container_of(page, struct folio, page) : NULL;
}

/*
 * ---- references ----
 *
 * A count is signed, and negative once 2^31 references are held, which 2^21 pins of a small folio are. GUP adds none
 * from then on. All others may: they add one for each entry or thread, so the count does not get near 0 again, and is
 * right as an unsigned number. Source: mm/gup.c, try_get_folio(); include/linux/mm.h, folio_maybe_dma_pinned().
 */

/*
 * The number of references; stale at once, unless the caller excludes others from taking and dropping them. Source:
 * include/linux/page_ref.h.
 */
static force_inline int page_ref_count(const struct page *page)
{
	/*
	 * ORDER[ref-drop:B] before a caller that finds no reference but its own changes the page. Pairs with
	 * ORDER[ref-drop:A]. Weaker: the change passes an access through a reference that was dropped.
	 */
	return load_acquire(&page->_refcount);
}

static force_inline int folio_ref_count(const struct folio *folio)
{
	return page_ref_count(&folio->page);
}

/* Adds @nr references. The caller holds one already. */
static force_inline void page_ref_add(struct page *page, int nr)
{
	int old = fetch_add_relaxed(&page->_refcount, nr);

	BUG_ON(old == 0);
}

/* Drops @nr references; true if they were the last: the caller is the page's only owner. */
static force_inline bool page_ref_sub_and_test(struct page *page, int nr)
{
	int old;

	/*
	 * ORDER[page-ref:A] after the entry was cleared and the page last used; pairs with ORDER[page-ref:B]. Weaker:
	 * the clearing passes the drop, and a thread that references the frame's next life still reads the old entry.
	 * ORDER[ref-drop:A] after the last access through the reference; pairs with ORDER[ref-drop:B].
	 * ORDER: refcount
	 */
	if (KNOCKED_OUT(PAGE_REF_A))
		old = fetch_sub_relaxed(&page->_refcount, nr);
	else
		old = fetch_sub_acq_rel(&page->_refcount, nr);
	BUG_ON((uint32_t)old < (uint32_t)nr);
	return old == nr;
}

DECLARE_RETRY_LOOP(PAGE_REF);

/* Adds @nr references if @page has any; false when it is free or being freed, or, if @bounded, has 2^31 already. */
static force_inline bool page_ref_try_add(struct page *page, int nr, bool bounded)
{
	int old = load_relaxed(&page->_refcount), sum;
	RETRY_LOOP_OF(PAGE_REF);

	do {
		if (unlikely(bounded ? old <= 0 : !old) && !KNOCKED_OUT(PAGE_REF_NOT_ZERO))
			return false;
		sum = (int)((uint32_t)old + (uint32_t)nr);	/* it wraps, as the atomic additions do */
		/* ORDER[page-ref:B] before the re-read of the entry; pairs with ORDER[page-ref:A]. */
	} while (unlikely((KNOCKED_OUT(PAGE_REF_B) ? !try_cmpxchg_relaxed(&page->_refcount, &old, sum)
						  : !try_cmpxchg_acquire(&page->_refcount, &old, sum)) && RETRIED()));
	return true;
}

/* As page_ref_add(). Source: include/linux/page_ref.h. */
static force_inline void folio_ref_add(struct folio *folio, int nr)
{
	page_ref_add(&folio->page, nr);
}

/* Takes one more reference. Locking: another one, which stays meanwhile. Source: include/linux/mm.h. */
static force_inline void folio_get(struct folio *folio)
{
	page_ref_add(&folio->page, 1);
}

/* Drops @nr references of the caller; the last ones free the folio. Source: include/linux/mm.h. */
static force_inline void folio_put_refs(struct folio *folio, int nr)
{
	if (page_ref_sub_and_test(&folio->page, nr))
		free_frozen_pages(&folio->page, folio_order(folio));
}

/* Drops one. Source: include/linux/mm.h. */
static force_inline void folio_put(struct folio *folio)
{
	folio_put_refs(folio, 1);
}

/* References to a page are its folio's. */
static force_inline void get_page(struct page *page)
{
	folio_get(page_folio(page));
}

/* Drops a reference to the folio of @page. Source: include/linux/mm.h. */
static force_inline void put_page(struct page *page)
{
	folio_put(page_folio(page));
}

/*
 * Removes all references if there are @nr: until folio_ref_unfreeze() no thread can have one. It is one operation, so
 * references taken before make it fail, and later tries fail. Source: include/linux/page_ref.h.
 */
static force_inline bool folio_ref_freeze(struct folio *folio, int nr)
{
	int old = nr;

	/* ORDER[ref-drop:B] before the caller moves or splits the folio; pairs with ORDER[ref-drop:A]. */
	return try_cmpxchg_acq_rel(&folio->page._refcount, &old, 0);
}

/*
 * Gives the folio @nr references again: others can take some from here on. Locking: folio_ref_freeze() succeeded.
 * Source: include/linux/page_ref.h.
 */
static force_inline void folio_ref_unfreeze(struct folio *folio, int nr)
{
	/*
	 * ORDER[page-ref:A] after all that was changed while frozen. A reference that is taken next sees it; pairs with
	 * ORDER[page-ref:B].
	 */
	store_release(&folio->page._refcount, nr);
}

/* Source: include/linux/page_ref.h folio_try_get(). */
static force_inline bool folio_try_get(struct folio *folio)
{
	return page_ref_try_add(&folio->page, 1, false);
}

/* ---- pins: references for access without page tables ---- */

#define GUP_PIN_COUNTING_BIAS	1024	/* references of one pin of a small folio: it shows in one word */

/*
 * True if @folio is pinned. A small folio with many references looks pinned too: handling it as pinned is always
 * correct. Source: include/linux/mm.h, folio_maybe_dma_pinned().
 */
static force_inline bool folio_maybe_dma_pinned(const struct folio *folio)
{
	if (folio_test_large(folio))
		/*
		 * ORDER[pin-drop:B] before the page is shared or replaced; pairs with ORDER[pin-drop:A] in gup_grab.h.
		 */
		return load_acquire(&folio->page._pincount) != 0;
	return (uint32_t)folio_ref_count(folio) >= GUP_PIN_COUNTING_BIAS;
}

/*
 * ---- lazily freed ----
 *
 * MADV_FREE: the folio's contents are not needed, unless an entry is dirty, or the flag was cleared by a writer through
 * a pin or a reference. Reclaim checks both after it has cleared the entry, and found neither: op/try_to_unmap.c. Such
 * a folio is in no swap slot, and not merged. Set under the folio lock. Source: include/linux/page-flags.h,
 * folio_test_swapbacked().
 *
 * An mm may give up a folio that others map, too, if the dirty bits of their entries say that they need it. They do
 * not say so, and PG_DIRTY does, once the folio was in a swap slot, or was written to through a pin.
 */
static force_inline bool folio_test_lazyfree(const struct folio *folio)
{
	return load_relaxed(&folio->page.flags) & PG_LAZYFREE;
}

/* Source: include/linux/page-flags.h. */
static force_inline bool folio_test_referenced(const struct folio *folio)
{
	return load_relaxed(&folio->page.flags) & PG_REFERENCED;
}

/* It is not used recently, either. Locking: the folio lock; the PTLs of its entries. Source: mm/swap.c. */
static force_inline void folio_mark_lazyfree(struct folio *folio)
{
	fetch_or_relaxed(&folio->page.flags, PG_LAZYFREE);
	fetch_and_relaxed(&folio->page.flags, ~PG_REFERENCED);
}

/*
 * Its contents are needed. Locking: the folio lock, the PTL of an entry, or a pin or reference, whose drop orders it:
 * pin-drop, ref-drop.
 */
static force_inline void folio_clear_lazyfree(struct folio *folio)
{
	if (unlikely(folio_test_lazyfree(folio)))
		fetch_and_relaxed(&folio->page.flags, ~PG_LAZYFREE);
}

/* ---- mappings: counts start at -1; rmap.h changes them ---- */
static force_inline int page_mapcount(const struct page *page)
{
	/* ORDER[mapcount:B] before a caller relies on it that no entry maps the page; pairs with ORDER[mapcount:A]. */
	return load_acquire(&page->_mapcount) + 1;
}

/* PTEs and leaves that map any of @folio. */
static force_inline int folio_mapcount(const struct folio *folio)
{
	if (folio_test_large(folio))
		/* ORDER[mapcount:B] as in page_mapcount(); pairs with ORDER[mapcount:A] in rmap.c. */
		return load_acquire(&(&folio->page)[1].large_mapcount) + 1;
	return page_mapcount(&folio->page);
}

static force_inline bool folio_mapped(const struct folio *folio)
{
	return folio_mapcount(folio) > 0;
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
	/*
	 * ORDER[mapcount:A] after the entry was cleared, or the page last used through it. Pairs with
	 * ORDER[mapcount:B]. Weaker: a caller that finds the folio unmapped still finds the entry, or misses an access
	 * through it.
	 */
	int left = fetch_sub_acq_rel(&page->_mapcount, 1);

	BUG_ON(left < 0);
	return left;
}

/* ---- the anon_vma of an anonymous folio ---- */

/* The low bits of ->mapping; the others are an address: of a file's address_space, if none of these is set */
#define PAGE_MAPPING_ANON	1ul	/* of an anon_vma */
#define PAGE_MAPPING_KSM	3ul	/* of a stable node; or 0 */
#define PAGE_MAPPING_FLAGS	3ul

struct anon_vma;
struct ksm_stable_node;

/* Merged folios included. ORDER[folio-mapping:B] as in folio_anon_vma(). */
static force_inline bool folio_test_anon(const struct folio *folio)
{
	return (unsigned long)load_acquire(&folio->page.mapping) & PAGE_MAPPING_ANON;
}

/*
 * Merged by KSM: never exclusive, and never again not merged. Stable under the folio lock, or once true. Source:
 * include/linux/page-flags.h. ORDER[folio-mapping:B] as in folio_anon_vma().
 */
static force_inline bool folio_test_ksm(const struct folio *folio)
{
	return ((unsigned long)load_acquire(&folio->page.mapping) & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_KSM;
}

/*
 * The anon_vma that @folio points to, NULL if none, as that of a merged one. It is stable while the folio is locked;
 * while the PTL of an entry that maps it is held, only KSM changes it, to none. Source: mm/util.c, folio_anon_vma().
 *
 * ORDER[folio-mapping:B] before the anon_vma and the folio's index are read. Pairs with ORDER[folio-mapping:A]. Weaker:
 * a reader without the lock finds the anon_vma not yet complete, or the index of the page before.
 */
static force_inline struct anon_vma *folio_anon_vma(const struct folio *folio)
{
	unsigned long mapping = (unsigned long)load_acquire(&folio->page.mapping);

	return (mapping & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_ANON ?
		(struct anon_vma *)(mapping - PAGE_MAPPING_ANON) : NULL;
}

/*
 * Locking: the folio's only owner, or the folio lock.
 *
 * ORDER[folio-mapping:A] after the anon_vma is complete and the index is set. Pairs with ORDER[folio-mapping:B].
 */
static force_inline void folio_set_anon_mapping(struct folio *folio, struct anon_vma *anon_vma)
{
	store_release(&folio->page.mapping, (void *)((unsigned long)anon_vma + PAGE_MAPPING_ANON));
}

/* The same for a merged folio; @node is NULL once it was moved. Locking: the folio lock. Source: mm/ksm.c. */
static force_inline void folio_set_ksm_mapping(struct folio *folio, struct ksm_stable_node *node)
{
	/* ORDER[folio-mapping:A] after the node is complete. Pairs with ORDER[folio-mapping:B]. */
	store_release(&folio->page.mapping, (void *)((unsigned long)node + PAGE_MAPPING_KSM));
}

#endif
