/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lru.c - the lists of folios that reclaim scans. */
#include "core/phys/lru.h"

#include <limits.h>

#include "core/phys/hugetlb_pool.h"
#include "core/probe/knockout.h"
#include "core/probe/syncpoint.h"

DEFINE_EVENT(LRU_BUSY, "isolations of folios that another thread had isolated");
DEFINE_EVENT(LRU_LOST, "listed folios that a scan found without references");

/*
 * Conservation: nr = the length of the list = the node's folios with PG_lru and that PG_active.
 *
 * Lock key: (R) lru_lock (A) atomic, written under (R)
 */
struct lru {
	uint32_t oldest, newest;	/* (R) pfns; 0: empty */
	unsigned long nr;		/* (A) */
};

static struct lruvec {
	spinlock_t lru_lock;
	struct lru lists[NR_LRU_LISTS];	/* each has its own lock key */
} __cacheline_aligned lruvecs[MAX_NODES];

void lru_init(void)
{
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		spin_lock_init(&lruvecs[nid].lru_lock, SPIN_TTAS, RANK_LRU);
		for (unsigned int list = 0; list < NR_LRU_LISTS; list++)
			lruvecs[nid].lists[list] = (struct lru){ 0 };
	}
}

static struct lruvec *lock_lruvec_of(const struct folio *folio)
{
	struct lruvec *lruvec = &lruvecs[page_to_nid(&folio->page)];

	spin_lock(&lruvec->lru_lock);
	return lruvec;
}

static struct lru *list_of(struct lruvec *lruvec, const struct folio *folio)
{
	return &lruvec->lists[folio_test_active(folio) ? LRU_ACTIVE : LRU_INACTIVE];
}

/* As the newest one. Locking: lru_lock. Source: include/linux/mm_inline.h. */
static void lruvec_add_folio(struct lruvec *lruvec, struct folio *folio)
{
	struct lru *list = list_of(lruvec, folio);
	const uint32_t pfn = (uint32_t)folio_pfn(folio);

	folio->page.lru_older = list->newest;
	folio->page.lru_newer = 0;
	if (list->newest)
		pfn_to_page(list->newest)->lru_newer = pfn;
	else
		list->oldest = pfn;
	list->newest = pfn;
	store_relaxed(&list->nr, list->nr + 1);
}

/* The link to @folio, where it is. */
static void relink(uint32_t *link, const struct folio *folio, uint32_t to)
{
	BUG_ON(*link != (uint32_t)folio_pfn(folio));
	*link = to;
}

/* Locking: lru_lock. Source: include/linux/mm_inline.h. */
static void lruvec_del_folio(struct lruvec *lruvec, struct folio *folio)
{
	struct lru *list = list_of(lruvec, folio);
	const uint32_t older = folio->page.lru_older, newer = folio->page.lru_newer;

	relink(older ? &pfn_to_page(older)->lru_newer : &list->oldest, folio, newer);
	relink(newer ? &pfn_to_page(newer)->lru_older : &list->newest, folio, older);
	store_relaxed(&list->nr, list->nr - 1);
}

/* Locking: @folio is on no list. */
static void put_on_list(struct folio *folio)
{
	struct lruvec *lruvec = lock_lruvec_of(folio);

	ASSERT(!folio_test_lru(folio));
	lruvec_add_folio(lruvec, folio);
	fetch_or_relaxed(&folio->page.flags, PG_LRU);
	spin_unlock(&lruvec->lru_lock);
}

static bool is_listed(const struct folio *folio)
{
	return load_relaxed(&folio->page.flags) & PG_LISTED;
}

void folio_add_lru(struct folio *folio)
{
	if (unlikely(folio_test_hugetlb(folio)))
		return;
	fetch_or_relaxed(&folio->page.flags, PG_LISTED);
	put_on_list(folio);
}

DEFINE_KNOCKOUT(LRU_ISOLATE,
	.name = "lru:isolate",
	.removes = "the one step in which isolation finds PG_lru set, and clears it",
	.breaks = "a folio that two threads have isolated, and take off its list twice",
	.detected_by = "a check of the links of lists",
	.hunt = "explore lru_migrate_vs_migrate");

/* Clears PG_lru. True: it was set. */
static bool folio_test_clear_lru(struct folio *folio)
{
	if (!KNOCKED_OUT(LRU_ISOLATE))
		return fetch_and_relaxed(&folio->page.flags, ~PG_LRU) & PG_LRU;
	if (!folio_test_lru(folio))
		return false;
	SYNCPOINT("lru.tested");
	fetch_and_relaxed(&folio->page.flags, ~PG_LRU);
	return true;
}

bool folio_isolate_lru(struct folio *folio)
{
	struct lruvec *lruvec;

	if (likely(!is_listed(folio)))
		return true;
	if (!folio_test_clear_lru(folio)) {	/* (A1) */
		count_event(EV_LRU_BUSY);
		return false;
	}
	SYNCPOINT("lru.cleared");
	lruvec = lock_lruvec_of(folio);
	lruvec_del_folio(lruvec, folio);	/* (A2) */
	spin_unlock(&lruvec->lru_lock);
	return true;
}

void folio_putback_lru(struct folio *folio)
{
	if (unlikely(is_listed(folio)))
		put_on_list(folio);
}

void folio_deactivate(struct folio *folio)
{
	if (likely(!is_listed(folio)) || !folio_isolate_lru(folio))
		return;
	folio_clear_active(folio);
	folio_putback_lru(folio);
}

void folio_migrate_lru(struct folio *to, const struct folio *from)
{
	if (likely(!is_listed(from)) || page_type(&to->page) == PAGE_DEVICE)
		return;
	if (folio_test_active(from))
		folio_set_active(to);
	folio_add_lru(to);
}

DEFINE_KNOCKOUT(LRU_RELEASE,
	.name = "lru:release",
	.removes = "the removal from its list of a folio whose last reference was dropped",
	.breaks = "a list with a free frame, or with another owner's",
	.detected_by = "a check of the links of lists, lists at rest",
	.hunt = "explore lru_scan_vs_drop");

void __page_cache_release(struct folio *folio)
{
	struct lruvec *lruvec;

	SYNCPOINT("lru.release");
	if (KNOCKED_OUT(LRU_RELEASE))
		return;
	lruvec = lock_lruvec_of(folio);
	lruvec_del_folio(lruvec, folio);	/* (C2) */
	fetch_and_relaxed(&folio->page.flags, ~(PG_LRU | PG_LISTED));
	spin_unlock(&lruvec->lru_lock);
}

DEFINE_KNOCKOUT(LRU_TRY_GET,
	.name = "lru:try-get",
	.removes = "the check that a listed folio has a reference, before a scan takes one",
	.breaks = "a folio that is freed twice",
	.detected_by = "the checks of free blocks, and of the links of lists",
	.hunt = "explore lru_scan_vs_drop");

/* (B1) Locking: lru_lock, and @folio is on a list. */
static bool try_get(struct folio *folio)
{
	if (!KNOCKED_OUT(LRU_TRY_GET))
		return folio_try_get(folio);
	fetch_add_relaxed(&folio->page._refcount, 1);
	return true;
}

/* B1 to B3. Locking: lru_lock. */
static bool isolate_found(struct lruvec *lruvec, struct folio *folio)
{
	if (!try_get(folio)) {
		count_event(EV_LRU_LOST);
		return false;
	}
	if (!folio_test_clear_lru(folio)) {
		count_event(EV_LRU_BUSY);
		BUG_ON(page_ref_sub_and_test(&folio->page, 1));
		return false;
	}
	lruvec_del_folio(lruvec, folio);
	return true;
}

unsigned int isolate_lru_folios(unsigned int nid, enum lru_list list, struct folio **folios, unsigned int nr)
{
	struct lruvec *lruvec = &lruvecs[nid];
	unsigned int taken = 0;
	uint32_t pfn, newer;

	spin_lock(&lruvec->lru_lock);
	for (pfn = lruvec->lists[list].oldest; pfn && taken < nr; pfn = newer) {
		struct folio *folio = container_of(pfn_to_page(pfn), struct folio, page);

		newer = folio->page.lru_newer;
		if (isolate_found(lruvec, folio))
			folios[taken++] = folio;
	}
	spin_unlock(&lruvec->lru_lock);
	return taken;
}

unsigned long lru_count(unsigned int nid, enum lru_list list)
{
	return load_relaxed(&lruvecs[nid].lists[list].nr);
}

unsigned long lru_length(unsigned int nid, enum lru_list list)
{
	const struct lru *lru = &lruvecs[nid].lists[list];
	uint32_t older = 0, pfn = lru->oldest;
	unsigned long nr = 0;

	for (; pfn; older = pfn, pfn = pfn_to_page(pfn)->lru_newer, nr++) {
		const struct folio *folio = container_of(pfn_to_page(pfn), struct folio, page);

		if (folio->page.lru_older != older || !folio_test_lru(folio) || page_to_nid(&folio->page) != nid ||
		    folio_test_active(folio) != (list == LRU_ACTIVE) || nr > machine.max_pfn)
			return ULONG_MAX;
	}
	return lru->newest == older ? nr : ULONG_MAX;
}
