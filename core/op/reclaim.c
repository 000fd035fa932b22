/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reclaim.c - swaps anonymous pages out, writes pages of files back, and frees both.
 *
 * The order makes it safe. An anonymous folio: first a slot, with the folio in it, so that a thread that finds a swap
 * entry finds the folio; then the entries; and only without other references, in one step with the slot, its contents.
 * At each point a fault may map the folio again: then it is in use, and stays.
 *
 * A folio of a file: first the entries, which no thread can set again without the folio lock, then its contents, and
 * only without other references its place in the file (filemap.h). A page that may be pinned stays, and dirty: what is
 * written through the pin later would need another write to the device.
 *
 * A lazily freed folio (madvise_folios.h): only the entries. One that was written to is an anonymous folio again.
 */
#include "core/op/reclaim.h"

#include <errno.h>

#include "core/mm/filemap.h"
#include "core/mm/mlock.h"
#include "core/mm/swap.h"
#include "core/op/deferred_split_scan.h"
#include "core/op/folio_batch.h"
#include "core/op/mkclean.h"
#include "core/op/split_folio.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"
#include "core/phys/hugetlb_pool.h"
#include "core/phys/lru.h"
#include "core/probe/operation.h"

DEFINE_EVENT(RECLAIM, "folios swapped out");
DEFINE_EVENT(RECLAIM_FILE, "folios of files reclaimed");
DEFINE_EVENT(LAZYFREED, "lazily freed folios dropped");
DEFINE_EVENT(SWAP_FALLBACK, "large folios split, to swap out their pages one by one");
DEFINE_EVENT(RECLAIM_KEPT, "folios that could not be reclaimed");

/* Locking: the folio lock. */
static int swap_out(struct folio *folio)
{
	unsigned long slot = folio_alloc_swap(folio);

	if (!slot)
		return -ENOSPC;
	SYNCPOINT("reclaim.in_slot");
	try_to_unmap(folio, ttu_flags_of(folio) | TTU_BATCH_FLUSH);
	try_to_unmap_flush();
	SYNCPOINT("reclaim.unmapped");
	if (!swap_writeout(slot, folio))
		return -EBUSY;
	count_event(EV_RECLAIM);
	return 0;
}

/*
 * A lazily freed one: the last entry's reference, or the caller's, frees it. Source: mm/vmscan.c, shrink_folio_list().
 * Locking: the folio lock.
 */
static int drop_lazily_freed(struct folio *folio)
{
	SYNCPOINT("reclaim.lazily_freed");
	try_to_unmap(folio, ttu_flags_of(folio) | TTU_LAZYFREE | TTU_BATCH_FLUSH);
	try_to_unmap_flush();
	SYNCPOINT("reclaim.unmapped");
	if (folio_mapped(folio))
		return -EBUSY;
	count_event(EV_LAZYFREED);
	return 0;
}

/* Up to Linux 6.15 only kswapd wrote pages of files; since then its flusher threads do. Locking: the folio lock. */
static int reclaim_file(struct folio *folio)
{
	if (!folio_mapping(folio))	/* truncated */
		return -EBUSY;
	if (folio_mapped(folio)) {
		try_to_unmap(folio, ttu_flags_of(folio) | TTU_BATCH_FLUSH);
		try_to_unmap_flush();
	}
	SYNCPOINT("reclaim.unmapped");
	if (folio_mapped(folio) || folio_maybe_dma_pinned(folio))
		return -EBUSY;
	folio_write_one(folio);
	SYNCPOINT("reclaim.written");
	if (!remove_mapping(folio))
		return -EBUSY;
	count_event(EV_RECLAIM_FILE);
	return 0;
}

/*
 * Large ones only: an anonymous folio with other references would be unmapped, and a leaf split, in vain. Source:
 * mm/vmscan.c, shrink_folio_list(). Locking: the folio lock.
 */
static bool has_extra_refs(struct folio *folio)
{
	return folio_ref_count(folio) != folio_mapcount(folio) + (int)folio_swap_refs(folio) + 1;
}

/* Locking: the folio lock. */
static int reclaim_locked(struct folio *folio)
{
	if (folio_test_mlocked(folio))
		return -EBUSY;
	if (!folio_test_anon(folio))
		return reclaim_file(folio);
	if (folio_test_large(folio) && has_extra_refs(folio))
		return -EBUSY;
	if (unlikely(folio_test_lazyfree(folio)))
		return drop_lazily_freed(folio);
	return folio_partially_mapped(folio) ? -ENOSPC : swap_out(folio);
}

static bool can_be_reclaimed(const struct folio *folio)
{
	if (folio_test_anon(folio))
		return !folio_is_device_private(folio) && !folio_test_hugetlb(folio);
	return page_type(&folio->page) == PAGE_FILE && !folio_test_hugetlb(folio);
}

/* Tries it, and splits a large folio without slots. Returns 0, an error, or the number of pages it was split into. */
static long try_reclaim(struct folio *folio)
{
	unsigned long nr = folio_nr_pages(folio);
	long ret;

	if (!can_be_reclaimed(folio) || !folio_trylock(folio))
		return -EBUSY;
	ret = reclaim_locked(folio);
	if (ret == -ENOSPC && nr > 1) {
		ret = split_folio_to_list(folio);
		if (!ret) {
			count_event(EV_SWAP_FALLBACK);
			ret = (long)nr;
		}
	}
	folio_unlock(folio);
	return ret;
}

static void keep_folio(struct folio *folio)
{
	folio_putback_lru(folio);
	count_event(EV_RECLAIM_KEPT);
}

int reclaim_isolated(struct folio *folio, unsigned long *pages)
{
	unsigned long nr = folio_nr_pages(folio);
	long parts = try_reclaim(folio);
	int err = parts < 0 ? (int)parts : 0;

	for (long i = 0; i < parts; i++) {
		struct folio *part = page_folio(folio_page(folio, (unsigned long)i));
		long ret = folio_mapped(part) ? try_reclaim(part) : 0;	/* else it is freed */

		*pages += !ret;
		err = ret ? (int)ret : err;
		if (ret)
			keep_folio(part);
		folio_put(part);
	}
	if (parts > 0)
		return err;
	*pages += err ? 0 : nr;
	if (err)
		keep_folio(folio);
	folio_put(folio);
	return err;
}

/* As reclaim_folio(), and adds the number of reclaimed pages to *@pages. */
static int reclaim_or_split(struct folio *folio, unsigned long *pages)
{
	if (folio_isolate_lru(folio))
		return reclaim_isolated(folio, pages);
	count_event(EV_RECLAIM_KEPT);
	folio_put(folio);
	return -EBUSY;
}

int reclaim_folio(struct folio *folio)
{
	unsigned long pages = 0;

	return reclaim_or_split(folio, &pages);
}

/* @alone: only those that no other mm maps. Returns as reclaim_range(). */
static unsigned long reclaim_mapped(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool alone)
{
	OPERATION("reclaim", vma, start);
	struct folio_batch batch = { .next = start, .alone = alone };
	unsigned long pages = 0;
	bool more;

	do {
		more = folio_batch_fill_inside(&batch, vma, end);
		for (unsigned int i = 0; i < batch.nr; i++)
			reclaim_or_split(batch.folios[i], &pages);
	} while (more);
	shrink_deferred_splits();
	return pages;
}

unsigned long reclaim_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return reclaim_mapped(vma, start, end, false);
}

unsigned long pageout_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return reclaim_mapped(vma, start, end, true);
}
