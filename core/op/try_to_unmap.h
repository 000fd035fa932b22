/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * try_to_unmap.h - replaces every entry that maps a folio by one that is not present, by rmap walks.
 *
 *   try_to_unmap()     swap entries, or poison; none for a folio of a file, which faults find in its file
 *   try_to_migrate()   migration entries, on which faults wait until remove_migration_ptes() replaces them (migrate.h)
 *
 * An entry of an exclusive page is cleared first, and restored if the page is pinned: side A of gup-share (rmap.h).
 * The new entry records that the page was exclusive, so that it can be again.
 *
 * Source: include/linux/rmap.h, mm/rmap.c.
 */
#ifndef FAULTLINE_CORE_OP_TRY_TO_UNMAP_H
#define FAULTLINE_CORE_OP_TRY_TO_UNMAP_H

#include "core/base/event.h"
#include "core/mm/rmap.h"

DECLARE_EVENT(UNMAP_PINNED);
DECLARE_EVENT(MIGRATE_PMD);

enum ttu_flags {
	TTU_SPLIT_HUGE_PMD = 1,		/* split huge leaves first; else they stay */
	TTU_IGNORE_MLOCK = 2,		/* VM_LOCKED VMAs too */
	TTU_SYNC = 4,			/* check every entry under its lock: finds those about to be set */
	TTU_HWPOISON = 8,		/* poison entries, reported by every access. The page is not checked for pins */
	TTU_BATCH_FLUSH = 16,		/* no flush: try_to_unmap_flush() before the page is read or freed */
	TTU_RMAP_LOCKED = 32,		/* the caller holds the anon_vma's lock */
	TTU_LAZYFREE = 64,		/* an anonymous folio's pages are dropped, unless it is dirty: then it is not
					 * lazily freed any more, and what is left of it stays mapped */
};

/*
 * try_to_unmap - unmaps @folio, anonymous or a file's, if possible: the caller checks folio_mapped(). An anonymous one
 * is in slots in which the caller has shares, unless @flags, ttu_flags, have TTU_LAZYFREE, or TTU_HWPOISON, which is
 * for small ones only. Leaves that map it stay without TTU_SPLIT_HUGE_PMD; with it that of a file's is cleared.
 * Locking: the folio lock, and a reference. Source: mm/rmap.c.
 */
void try_to_unmap(struct folio *folio, unsigned int flags);
/*
 * ttu_flags_of - the flags that @folio needs by its size: no entry of a large one is missed that is about to be set,
 * and leaves are split. Source: mm/vmscan.c, shrink_folio_list().
 */
static inline unsigned int ttu_flags_of(const struct folio *folio)
{
	return (folio_test_large(folio) ? TTU_SYNC : 0) | (folio_test_pmd_mappable(folio) ? TTU_SPLIT_HUGE_PMD : 0);
}

/* The flush that TTU_BATCH_FLUSH deferred, for all of this thread's. Source: mm/rmap.c. */
void try_to_unmap_flush(void);

/*
 * try_to_migrate - the same with migration entries, also for a large @folio, and for leaves. @flags:
 * TTU_SPLIT_HUGE_PMD, TTU_SYNC, TTU_RMAP_LOCKED, TTU_BATCH_FLUSH. Source: mm/rmap.c.
 */
void try_to_migrate(struct folio *folio, unsigned int flags);

#endif
