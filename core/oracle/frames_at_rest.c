/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames_at_rest.c - invariants of quiescent frames and folios. */
#include "core/mm/address_space.h"
#include "core/mm/huge_memory.h"
#include "core/mm/mlock.h"
#include "core/mm/mm.h"
#include "core/mm/rmap.h"
#include "core/oracle/inspection.h"
#include "core/phys/deferred_split.h"
#include "core/phys/folio_lock.h"
#include "core/phys/hugetlb_pool.h"
#include "core/phys/lru.h"

/* Checks each page of a folio. */
static void check_page(struct inspection *in, struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	int mapped = (int)in->found[pfn].mapped, entire = (int)in->found[folio_pfn(page_folio(page))].entire;

	if (page_mapcount(page) != mapped)
		fail(in, "pfn %lu has %d mappings, but %d entries map it", pfn, page_mapcount(page), mapped);
	if (PageAnonExclusive(page) && mapped + entire > 1)
		fail(in, "pfn %lu is exclusive, but %d entries map it", pfn, mapped + entire);
}

/*
 * A slot may count fewer entries than its mm has, if mappings came when none was free, never more. A folio is shared
 * unless one slot has all mappings, so with two mms it always is. Source: include/linux/rmap.h,
 * folio_sub_return_large_mapcount().
 */
static void check_large(struct inspection *in, struct folio *folio)
{
	const struct found *found = &in->found[folio_pfn(folio)];
	const struct page *large = folio_large(folio);
	bool all_in_one = false, by_mm = !folio_test_hugetlb(folio) || page_type(&folio->page) == PAGE_ANON;

	if (folio_mapcount(folio) != (int)found->folio_mapped || large->entire_mapcount + 1 != (int)found->entire)
		fail(in, "the folio of pfn %lu counts %d mappings, %d by leaves, but %u entries map it, %u leaves",
		     folio_pfn(folio), folio_mapcount(folio), large->entire_mapcount + 1, found->folio_mapped,
		     found->entire);
	for (unsigned int i = 0; i < 2; i++) {
		int mappings = large->mm_id_mapcount[i] + 1;

		if (mappings > (int)found->slot[i] || !large->mm_id[i] != !mappings)
			fail(in, "the folio of pfn %lu counts %d mappings of mm %u, which has %u entries",
			     folio_pfn(folio), mappings, large->mm_id[i], found->slot[i]);
		all_in_one |= mappings == (int)found->folio_mapped;
	}
	if (by_mm ? folio_maybe_mapped_shared(folio) == all_in_one || (all_in_one && found->mms > 1)
		  : folio_maybe_mapped_shared(folio) != (folio_mapcount(folio) > 1))
		fail(in, "the folio of pfn %lu is marked %s, but %u mms map it", folio_pfn(folio),
		     folio_maybe_mapped_shared(folio) ? "shared" : "exclusive", found->mms);
	for (unsigned long i = 1; i < folio_nr_pages(folio); i++)
		if (page_ref_count(folio_page(folio, i)) || page_folio(folio_page(folio, i)) != folio)
			fail(in, "pfn %lu is no tail of its folio, or has references", folio_pfn(folio) + i);
	if (spin_is_locked(&large->large_lock))
		fail(in, "the lock of the mapcount of pfn %lu is held", folio_pfn(folio));
}

/*
 * One that is partially mapped is queued, unless it was in swap slots meanwhile. One that is queued was partially
 * mapped; it may be mapped again, or not at all while a swap slot or a reference keeps it.
 */
static void check_deferred(struct inspection *in, struct folio *folio)
{
	bool marked = folio_test_partially_mapped(folio), queued;
	int mapped = 0;

	for (unsigned long i = 0; i < folio_nr_pages(folio); i++)
		mapped += page_mapcount(folio_page(folio, i)) > 0;
	if (mapped != folio_large(folio)->nr_pages_mapped)
		fail(in, "the folio of pfn %lu counts %d pages that PTEs map, but %d are", folio_pfn(folio),
		     folio_large(folio)->nr_pages_mapped, mapped);
	if (folio_order(folio) <= 1)
		return;
	queued = folio_second_tail(folio)->queued;
	in->deferred[page_to_nid(&folio->page)] += queued;
	if (queued != marked || (queued && (!folio_test_anon(folio) || folio_test_hugetlb(folio))))
		fail(in, "the folio of pfn %lu is %squeued for a split, and %smarked", folio_pfn(folio),
		     queued ? "" : "not ", marked ? "" : "not ");
	if (!queued && folio_test_anon(folio) && !folio->page.private && folio_partially_mapped(folio))
		fail(in, "the folio of pfn %lu is partially mapped, and not queued", folio_pfn(folio));
}

/* Each queue has the folios found, and no others. */
static void check_queues(struct inspection *in)
{
	for (unsigned int nid = 0; nid < machine.nr_nodes; nid++)
		if (in->deferred[nid] != deferred_split_count(nid) || in->deferred[nid] != deferred_split_length(nid))
			fail(in, "node %u has %lu folios to split, counts %lu, and queues %lu", nid, in->deferred[nid],
			     deferred_split_count(nid), deferred_split_length(nid));
}

/* Unmapping a page of a large folio takes the folio off, though others of it stay mapped. */
static void check_mlocked(struct inspection *in, struct folio *folio)
{
	unsigned int locked = in->found[folio_pfn(folio)].locked;
	int count = load_relaxed(&folio->page.mlock_count);
	bool exact = !folio_test_large(folio) && !mlock_missed();

	if (count < 0 || (unsigned int)count > locked || (exact && (unsigned int)count < locked))
		fail(in, "pfn %lu has mlock_count %d, but %u locked VMAs map it", folio_pfn(folio), count, locked);
}

static void check_listed(struct inspection *in, struct folio *folio)
{
	bool listed = load_relaxed(&folio->page.flags) & PG_LISTED;

	in->on_list[page_to_nid(&folio->page)][folio_test_active(folio)] += folio_test_lru(folio);
	if (listed != folio_test_lru(folio))
		fail(in, "pfn %lu is %s", folio_pfn(folio), listed ? "isolated" : "on a list, and not listed");
}

/* Each list has the folios found, and no others. */
static void check_lists(struct inspection *in)
{
	for (unsigned int i = 0; i < machine.nr_nodes * NR_LRU_LISTS; i++) {
		unsigned int nid = i / NR_LRU_LISTS, list = i % NR_LRU_LISTS;

		if (in->on_list[nid][list] != lru_count(nid, list) || in->on_list[nid][list] != lru_length(nid, list))
			fail(in, "node %u has %lu folios of list %u, counts %lu, and links %ld", nid,
			     in->on_list[nid][list], list, lru_count(nid, list), (long)lru_length(nid, list));
	}
}

/* @page is the head: tails are checked from here. */
static void check_folio(struct inspection *in, struct folio *folio)
{
	int mapped = (int)in->found[folio_pfn(folio)].folio_mapped;
	bool pooled = folio_test_hugetlb(folio), free = pooled && !folio_ref_count(folio);
	int cached = (int)in->found[folio_pfn(folio)].cached + (folio_mapping(folio) != NULL) +
		     (page_type(&folio->page) == PAGE_DRIVER);
	int most = folio_test_anon(folio) ? (int)folio_nr_pages(folio) : 1;	/* a slot for each page */

	if (folio_ref_count(folio) != mapped + cached || (mapped + cached == 0 && !free) || cached > most)
		fail(in,
		     "pfn %lu has %d references, but %d entries map it or its folio, with %d caches, slots, or drivers",
		     folio_pfn(folio), folio_ref_count(folio), mapped, cached);
	for (unsigned int i = 0; i < HUGE_MAX_HSTATE; i++) {
		in->huge[i] += pooled && folio_order(folio) == hstates[i].order;
		in->huge_free[i] += free && folio_order(folio) == hstates[i].order;
	}
	for (unsigned long i = 0; i < folio_nr_pages(folio); i++)
		check_page(in, folio_page(folio, i));
	if (folio_test_large(folio)) {
		check_large(in, folio);
		check_deferred(in, folio);
	}
	check_mlocked(in, folio);
	check_listed(in, folio);
	if (folio_test_locked(folio))
		fail(in, "the folio lock of pfn %lu is held", folio_pfn(folio));
}

static void check_frame(struct inspection *in, unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);
	int mapped = (int)in->found[pfn].mapped;

	switch (page_type(page)) {
	case PAGE_FREE:
	case PAGE_BUDDY:
	case PAGE_PCP:
		if (page_ref_count(page) || mapped)
			fail(in, "free pfn %lu has %d references, %d entries", pfn, page_ref_count(page), mapped);
		break;
	case PAGE_ANON:
	case PAGE_FILE:
	case PAGE_DEVICE:
	case PAGE_DRIVER:
		if (page_folio(page) == (struct folio *)page)
			check_folio(in, page_folio(page));
		else if (page_type(&page_folio(page)->page) != page_type(page) ||
			 folio_page_idx(page_folio(page), page) >= folio_nr_pages(page_folio(page)))
			fail(in, "pfn %lu is a tail of no folio", pfn);
		break;
	case PAGE_TABLE:
		if (page_ref_count(page) != 1 || mapped != 1 + (int)load_relaxed(&page->pt_share_count))
			fail(in, "page table pfn %lu has %d references, %u shares, and is linked %d times", pfn,
			     page_ref_count(page), load_relaxed(&page->pt_share_count), mapped);
		break;
	case PAGE_ZERO:
		if (page != zero_page && !is_huge_zero_pfn(folio_pfn(page_folio(page))))
			fail(in, "pfn %lu is a second zero page", pfn);
		break;
	case PAGE_RESERVED:
		if (mapped)
			fail(in, "pfn %lu is reserved, and counted %d times", pfn, mapped);
		break;
	default:
		if (page_type(page) == PAGE_USED && in->found[pfn].kernel)
			break;
		fail(in, "pfn %lu is in use, but not by any mm (type %d)", pfn, (int)page_type(page));
	}
}

void frames_at_rest(struct inspection *in)
{
	for_each_inspected_frame(pfn, &in->complaint)
		check_frame(in, pfn);
	check_queues(in);
	check_lists(in);
}
