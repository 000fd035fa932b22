/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reclaim.c - swaps pages out.
 *
 * The order makes it safe: first a slot, with the folio in it, so that a thread that finds a swap entry finds the
 * folio; then the entries; and only without other references, in one step with the slot, its contents. At each point a
 * fault may map the folio again: then it is in use, and stays.
 */
#include "core/op/reclaim.h"

#include <errno.h>

#include "core/mm/mlock.h"
#include "core/mm/swap.h"
#include "core/op/folio_batch.h"
#include "core/op/try_to_unmap.h"
#include "core/phys/folio_lock.h"
#include "core/probe/operation.h"

DEFINE_EVENT(RECLAIM, "folios swapped out");
DEFINE_EVENT(RECLAIM_KEPT, "folios that could not be swapped out");

/* Locking: the folio lock, dropped. */
static int swap_out_locked(struct folio *folio)
{
	unsigned long slot;
	bool done;

	if (folio_test_mlocked(folio)) {
		folio_unlock(folio);
		return -EBUSY;
	}
	slot = folio_alloc_swap(folio);
	if (!slot) {
		folio_unlock(folio);
		return -ENOSPC;
	}
	SYNCPOINT("reclaim.in_slot");
	try_to_unmap(folio, TTU_BATCH_FLUSH);
	try_to_unmap_flush();
	SYNCPOINT("reclaim.unmapped");
	done = swap_writeout(slot, folio);
	folio_unlock(folio);
	return done ? 0 : -EBUSY;
}

int reclaim_folio(struct folio *folio)
{
	int err = -EBUSY;

	if (!folio_test_large(folio) && folio_test_anon(folio) && !folio_is_device_private(folio) &&
	    folio_trylock(folio))
		err = swap_out_locked(folio);
	if (err)
		count_event(EV_RECLAIM_KEPT);
	else
		count_event(EV_RECLAIM);
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
		more = folio_batch_fill(&batch, vma, end);
		for (unsigned int i = 0; i < batch.nr; i++)
			done += !reclaim_folio(batch.folios[i]);
	} while (more);
	return done;
}
