/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap.h - a swap device in memory: slots that hold a page each, and the swap cache.
 *
 * slot     one page's contents, named by its number in swap entries (swapent.h); 0 is none
 * cache    the slot's folio: while there is one, it has the contents, and whoever swaps in gets it
 *
 * A slot lives by its count alone, which entries and a swap-out under way have a share in. The folio comes and goes:
 *
 *   folio_alloc_swap()    a slot for a folio about to be swapped out, the folio in it
 *   swap_writeout()       folio -> contents, if nobody but the cache and the caller has the folio
 *   swap_cache_get()      contents -> folio, for a swap-in, unless there is one
 *   swap_free()           the last share goes, and with it contents and folio
 *
 * Each is one step under the slot's lock, the transfer included: the device is memory. So a slot never says two things, and
 * nobody waits for it to be read or written. What a fault saw of a slot before it held the PTL is looked at again, because
 * the slot may have been freed and be another page's by then (swap-slot recheck in swap_free_mapped()).
 *
 * Source: mm/swapfile.c, mm/swap_state.c.
 */
#ifndef FAULTLINE_CORE_MM_SWAP_H
#define FAULTLINE_CORE_MM_SWAP_H

#include "core/phys/folio.h"

/*
 * swap_on - a device of @slots slots, which hold as much of a page as the machine's frames do. Returns 0, -EINVAL (no
 * slots, or more than an entry can name), -EBUSY (there is one), -ENOMEM.
 * swap_off - takes it away. Returns how many slots were in use. Nothing to do when there is none.
 * Locking: no other thread is in core.
 */
int swap_on(unsigned long slots);
unsigned long swap_off(void);
/* Slots in use, exact at rest, and slots there are. */
unsigned long nr_swap_used(void);
unsigned long nr_swap_slots(void);

/*
 * folio_alloc_swap - a slot that @folio is in, with one share for the caller: the one it is in already, or a free one; 0 when
 * there is none. Locking: the folio lock. Source: mm/swapfile.c.
 */
unsigned long folio_alloc_swap(struct folio *folio);
/*
 * swap_duplicate - one share more for an entry. swap_free - one share less; the last one frees the slot, and drops the cache's
 * reference to the folio in it. Locking: the PTL of the entry, or the caller's own share. Source: mm/swapfile.c.
 */
void swap_duplicate(unsigned long slot);
void swap_free(unsigned long slot);
/*
 * swap_free_mapped - swap_free() of the entry that is about to map @folio. False, with nothing done, when @folio is not in the
 * slot: what the caller got it from was another life of the slot. Locking: the PTL of the entry; the folio lock.
 */
bool swap_free_mapped(unsigned long slot, struct folio *folio) __must_check;

/*
 * swap_cache_get - the folio in @slot, with a reference. If there is none, @new becomes it and gets the contents, unless that is
 * NULL: then NULL is returned. So it is for a slot nobody has a share in. Locking: none; @new's only owner.
 * Source: mm/swap_state.c, __read_swap_cache_async().
 */
struct folio *swap_cache_get(unsigned long slot, struct folio *new);
/*
 * swap_writeout - the contents of @folio go to @slot, which it is in, and it is not in it any more. True: the caller has its last
 * reference. False, when others have references too: they may write to it, or map it. The caller's share in the slot is gone in
 * both cases. Locking: the folio lock; a reference, and a share in the slot. Source: mm/vmscan.c, pageout(), __remove_mapping().
 */
bool swap_writeout(unsigned long slot, struct folio *folio) __must_check;
/* True when @folio is in a slot. Locking: the folio lock, without which it is out of date at once. */
bool folio_test_swapcache(struct folio *folio);

/* For oracles: shares and folio of a slot, at rest. False past the last slot. */
bool swap_slot_at_rest(unsigned long slot, unsigned int *count, struct folio **folio);

#endif
