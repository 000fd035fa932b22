/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lru.h - the lists of folios that reclaim scans, oldest first; and isolation, the right to reclaim or move one.
 *
 * With the policy lru=on a folio that an mm maps anew, swaps in, or reads into a file is listed: it is on one of the
 * two lists of its node, or isolated. A list has no reference to it. PG_lru says that it is on one, and what clears the
 * flag takes it off:
 *
 *   isolation, with a reference        scan, under lru_lock             free, after the last reference was dropped
 *   (A1) PG_lru is cleared             (B1) folio_try_get()             (C1) PG_lru is set: lru_lock
 *   (A2) lru_lock: it leaves its list  (B2) PG_lru is cleared           (C2) it leaves its list
 *                                      (B3) it leaves its list          (C3) the frames are freed
 *
 * Of several that try A1 or B2 one succeeds, and the others leave the folio alone: no two reclaim or move it at once.
 * What is isolated is freed from no list, or put back. If B1 comes before the last reference is dropped, the scan's is
 * the last one; after that B1 fails, and the scan passes by: PG_lru stays what it is between C1 and C2. A scan that
 * fails at B2 drops its reference under lru_lock; it is not the last, since the isolating thread has one, and waits for
 * the lock. Folios that are not listed can be moved and reclaimed by any thread with a reference, and the folio lock.
 *
 * Linux lists new folios by batches of each processor, which have references to them: until then they cannot be
 * isolated. Here each takes the lock. There folios of locked memory are on a third list; here a scan puts them back.
 *
 * Source: mm/swap.c, mm/vmscan.c, include/linux/mm_inline.h.
 */
#ifndef FAULTLINE_CORE_PHYS_LRU_H
#define FAULTLINE_CORE_PHYS_LRU_H

#include "core/base/event.h"
#include "core/phys/folio.h"

DECLARE_EVENT(LRU_BUSY);
DECLARE_EVENT(LRU_LOST);

enum lru_list { LRU_INACTIVE, LRU_ACTIVE, NR_LRU_LISTS };

/* The folio is on a list; is, or goes back to, the active one. Stale at once. Source: include/linux/page-flags.h. */
static inline bool folio_test_lru(const struct folio *folio)
{
	return load_relaxed(&folio->page.flags) & PG_LRU;
}

static inline bool folio_test_active(const struct folio *folio)
{
	return load_relaxed(&folio->page.flags) & PG_ACTIVE;
}

/* Which list it goes back to. Locking: it is isolated. Source: include/linux/page-flags.h. */
static inline void folio_set_active(struct folio *folio)
{
	fetch_or_relaxed(&folio->page.flags, PG_ACTIVE);
}

/* The same. Locking: it is isolated. Source: include/linux/page-flags.h. */
static inline void folio_clear_active(struct folio *folio)
{
	fetch_and_relaxed(&folio->page.flags, ~PG_ACTIVE);
}

/*
 * folio_add_lru - lists @folio, which is new, as the newest one; no effect on one of hugetlb. From then on a scan can
 * get a reference to it. Locking: its only owner; no leaf lock. Source: mm/swap.c.
 */
void folio_add_lru(struct folio *folio);
/*
 * folio_isolate_lru - true: the caller alone may reclaim or move @folio, until folio_putback_lru(), or the end of its
 * last reference; also if it is not listed. False: another thread may. Locking: a reference, which is kept; no leaf
 * lock. Source: mm/vmscan.c; there isolation takes another reference.
 */
bool folio_isolate_lru(struct folio *folio) __must_check;
/* Back as the newest one of its list, if it is listed. Locking: it is isolated; no leaf lock. Source: mm/vmscan.c. */
void folio_putback_lru(struct folio *folio);
/* To the inactive list, if no thread has isolated it. Locking: a reference; no leaf lock. Source: mm/swap.c. */
void folio_deactivate(struct folio *folio);
/*
 * folio_migrate_lru - @to, which is new, takes the place of @from, which is isolated: it is listed if @from is, and no
 * device memory. Locking: a reference; only this thread can get others; no leaf lock. Source: mm/migrate.c,
 * folio_migrate_flags().
 */
void folio_migrate_lru(struct folio *to, const struct folio *from);
/* Takes @folio, which has PG_lru, off its list. Locking: its last reference was dropped. Source: mm/swap.c. */
void __page_cache_release(struct folio *folio);

/*
 * isolate_lru_folios - isolates the oldest folios of @list of node @nid, @nr at the most, with a reference each; passes
 * over those that are being freed, or isolated by another thread. Returns how many are in @folios. Locking: no leaf
 * lock. Source: mm/vmscan.c.
 */
unsigned int isolate_lru_folios(unsigned int nid, enum lru_list list, struct folio **folios, unsigned int nr);

/* The number of folios on @list of node @nid; stale at once. Locking: none. */
unsigned long lru_count(unsigned int nid, enum lru_list list);
/* The same by its links, which have to agree; ULONG_MAX if they do not. Locking: no thread uses the list. */
unsigned long lru_length(unsigned int nid, enum lru_list list);

/* Empties all lists. Locking: no thread runs. */
void lru_init(void);

#endif
