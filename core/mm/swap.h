/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap.h - a swap device in memory: slots of one page each, and the swap cache.
 *
 * slot     one page's contents, named by its number in swap entries (swapent.h); 0 is invalid
 * cache    the slot's folio: while there is one, it has the contents, and a swap-in gets it
 *
 * Only its count keeps a slot; entries and a running swap-out have shares in it. The folio is temporary:
 *
 *   folio_alloc_swap()    a slot for a folio about to be swapped out, with the folio in it
 *   swap_writeout()       folio -> contents, if only the cache and the caller have the folio
 *   swap_cache_get()      contents -> folio, for a swap-in, unless there is one
 *   swap_free()           the last share frees contents and folio
 *
 * Each is one step under the slot's lock, the transfer included: the device is memory. So a slot is always consistent,
 * and no thread waits for it to be read or written. A fault re-checks under the PTL what it read from a slot before,
 * because the slot may have been freed and reused for another page (swap-slot recheck in swap_free_mapped()).
 *
 * Source: mm/swapfile.c, mm/swap_state.c.
 */
#ifndef FAULTLINE_CORE_MM_SWAP_H
#define FAULTLINE_CORE_MM_SWAP_H

#include "core/base/event.h"
#include "core/phys/folio.h"

DECLARE_EVENT(SWAP_IN);
DECLARE_EVENT(SWAP_OUT);

/*
 * swap_on - creates a device of @slots slots, with as many bytes of a page as the machine's frames. Returns 0, -EINVAL
 * (no slots, or more than an entry can name), -EBUSY (there is one), -ENOMEM.
 * swap_off - removes it. Returns the number of slots in use. No effect without a device. Locking: no other thread is
 * in core.
 */
int swap_on(unsigned long slots);
unsigned long swap_off(void);
/* The number of slots in use, exact at rest, and of all slots. */
unsigned long nr_swap_used(void);
unsigned long nr_swap_slots(void);

/*
 * folio_alloc_swap - the slot of @folio, with one share for the caller: the one it has already, or a free one; 0 if
 * there is none. Locking: the folio lock. Source: mm/swapfile.c.
 */
unsigned long folio_alloc_swap(struct folio *folio);
/*
 * swap_duplicate - adds a share for an entry. swap_free - drops a share; the last one frees the slot, and drops the
 * cache's reference to its folio. Locking: the PTL of the entry, or the caller's own share. Source: mm/swapfile.c.
 */
void swap_duplicate(unsigned long slot);
void swap_free(unsigned long slot);
/*
 * swap_free_mapped - swap_free() of the entry that is about to map @folio. False, with nothing done, if @folio is not
 * in the slot: the caller got it from an earlier use of the slot. Locking: the PTL of the entry; the folio lock.
 */
bool swap_free_mapped(unsigned long slot, struct folio *folio) __must_check;

/*
 * swap_cache_get - the folio of @slot, with a reference. If there is none, @new becomes it and gets the contents,
 * unless @new is NULL: then NULL is returned, as for a slot without shares. Locking: none; @new's only owner. Source:
 * mm/swap_state.c, __read_swap_cache_async().
 */
struct folio *swap_cache_get(unsigned long slot, struct folio *new);
/*
 * swap_writeout - writes the contents of @folio to @slot, its slot, and removes it from there. True: the caller has
 * its last reference. False if there are other references: their holders may write to it, or map it. The caller's
 * share in the slot is dropped in both cases. Locking: the folio lock; a reference, and a share in the slot. Source:
 * mm/vmscan.c, pageout(), __remove_mapping().
 */
bool swap_writeout(unsigned long slot, struct folio *folio) __must_check;
/* True if @folio is in a slot. Locking: the folio lock, without which the result may be stale. */
bool folio_test_swapcache(struct folio *folio);

/* For oracles: shares and folio of a slot, at rest. False past the last slot. */
bool swap_slot_at_rest(unsigned long slot, unsigned int *count, struct folio **folio);

#endif
