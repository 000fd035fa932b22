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
 */
#include "core/op/reclaim.h"

#include <errno.h>

#include "core/mm/filemap.h"
#include "core/mm/mlock.h"
#include "core/mm/swap.h"
#include "core/op/folio_batch.h"
#include "core/op/mkclean.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"
#include "core/probe/operation.h"

DEFINE_EVENT(RECLAIM, "folios swapped out");
DEFINE_EVENT(RECLAIM_FILE, "folios of files reclaimed");
DEFINE_EVENT(RECLAIM_KEPT, "folios that could not be reclaimed");

/* Locking: the folio lock. */
static int swap_out(struct folio *folio)
{
	unsigned long slot = folio_alloc_swap(folio);

	if (!slot)
		return -ENOSPC;
	SYNCPOINT("reclaim.in_slot");
	try_to_unmap(folio, TTU_BATCH_FLUSH);
	try_to_unmap_flush();
	SYNCPOINT("reclaim.unmapped");
	if (!swap_writeout(slot, folio))
		return -EBUSY;
	count_event(EV_RECLAIM);
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

/* Locking: the folio lock. */
static int reclaim_locked(struct folio *folio)
{
	if (folio_test_mlocked(folio))
		return -EBUSY;
	return folio_test_anon(folio) ? swap_out(folio) : reclaim_file(folio);
}

static bool can_be_reclaimed(const struct folio *folio)
{
	if (folio_test_anon(folio))
		return !folio_test_large(folio) && !folio_is_device_private(folio);
	return page_type(&folio->page) == PAGE_FILE;
}

int reclaim_folio(struct folio *folio)
{
	int err = -EBUSY;

	if (can_be_reclaimed(folio) && folio_trylock(folio)) {
		err = reclaim_locked(folio);
		folio_unlock(folio);
	}
	if (err)
		count_event(EV_RECLAIM_KEPT);
	folio_put(folio);
	return err;
}

unsigned long reclaim_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	OPERATION("reclaim", vma, start);
	struct folio_batch batch = { .next = start };
	unsigned long done = 0;
	bool more;

	do {
		more = folio_batch_fill_small(&batch, vma, end);
		for (unsigned int i = 0; i < batch.nr; i++)
			done += !reclaim_folio(batch.folios[i]);
	} while (more);
	return done;
}
