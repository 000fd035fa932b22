/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap.h - a swap device in memory: slots of one page each, and the swap cache.
 *
 * slot     one page's contents, named by its number in swap entries (swapent.h); 0 is invalid
 * cache    the slot's folio: while there is one, it has the contents, and a swap-in gets it. A large one is in as many
 *          slots in a row as it has pages (swap_slots.h), and leaves them alone when their last shares go
 *
 * Only its count keeps a slot; entries and a running swap-out have shares in it. The folio is temporary:
 *
 *   folio_alloc_swap()    a slot, or a row, for a folio about to be swapped out, with the folio in it
 *   swap_writeout()       folio -> contents, if only the cache and the caller have the folio
 *   swap_cache_get()      contents -> folio, for a swap-in, unless there is one
 *   swap_free()           the last share frees contents and folio
 *
 * Each is one step under the slot's lock, the transfer included: the device is memory. So a slot is always consistent,
 * and no thread waits for it to be read or written; only a large folio is written before it leaves its slots, and
 * swap-in always reads single pages. A fault re-checks under the PTL what it read from a slot before,
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
DECLARE_EVENT(SWAP_FROZEN);
DECLARE_EVENT(SWAP_OUT_LARGE);

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
 * folio_alloc_swap - the first slot of @folio, a row of one for each page, with one share of each for the caller: those
 * it has already, or free ones; 0 if there is no such row, or the folio is in some of its slots only. Locking: the
 * folio lock. Source: mm/swapfile.c.
 */
unsigned long folio_alloc_swap(struct folio *folio);
/*
 * swap_duplicate - adds a share for an entry. swap_free - drops a share; the last one frees the slot, and drops the
 * cache's reference to its folio. Locking: the PTL of the entry, or the caller's own share. Source: mm/swapfile.c.
 */
void swap_duplicate(unsigned long slot);
void swap_free(unsigned long slot);
/*
 * The number of shares of @slot, at least 1; others change it. Locking: the PTL of an entry of it. Source:
 * mm/swapfile.c, swp_swapcount().
 */
unsigned int swap_shares(unsigned long slot);
/*
 * swap_free_mapped - swap_free() of the entry that is about to map @folio. False, with nothing done, if @folio is not
 * in the slot: the caller got it from an earlier use of the slot. Locking: the PTL of the entry; the folio lock.
 */
bool swap_free_mapped(unsigned long slot, struct folio *folio) __must_check;

/*
 * swap_slot_caches - true if @folio is the slot's, or the slot has none and @folio is NULL. Locking: the PTL of an
 * entry with a share; and the lock of @folio, which then stays.
 */
bool swap_slot_caches(unsigned long slot, const struct folio *folio);

/*
 * swap_cache_get - the folio of @slot, with a reference. If there is none, @new becomes it and gets the contents,
 * unless @new is NULL: then NULL is returned, as for a slot without shares. Locking: none; @new's only owner. Source:
 * mm/swap_state.c, __read_swap_cache_async().
 */
struct folio *swap_cache_get(unsigned long slot, struct folio *new);
/* The place in @folio, which is in @slot, of the page with that slot. */
static inline unsigned long swap_slot_page_idx(const struct folio *folio, unsigned long slot)
{
	return slot & (folio_nr_pages(folio) - 1);
}

/*
 * swap_writeout - writes the contents of @folio to its slots, from @slot on, and removes it from there. True: the
 * caller has its last reference. False if there are other references: their holders may write to it, or map it. The
 * caller's shares in the slots are dropped in both cases. Locking: the folio lock; a reference, and a share in each
 * slot. Source: mm/vmscan.c, pageout(), __remove_mapping().
 */
bool swap_writeout(unsigned long slot, struct folio *folio) __must_check;
/* The number of slots that @folio is in: a reference each. Locking: the folio lock, else it may be stale. */
unsigned long folio_swap_refs(struct folio *folio);
/* True if it is in any. Locking: as above. Source: include/linux/page-flags.h. */
static inline bool folio_test_swapcache(struct folio *folio)
{
	return folio_swap_refs(folio);
}

/* For oracles: shares and folio of a slot, at rest. False past the last slot. */
bool swap_slot_at_rest(unsigned long slot, unsigned int *count, struct folio **folio);

#endif
