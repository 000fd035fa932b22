/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * try_to_unmap.h - every entry that maps a folio replaced by one that is not present: rmap walks that take pages away.
 *
 *   try_to_unmap()     swap entries, or poison
 *   try_to_migrate()   migration entries, which faults wait at until remove_migration_ptes() replaces them (migrate.h)
 *
 * An entry of an exclusive page is cleared first, and stays so only if the page is not pinned: side A of gup-share (rmap.h).
 * What comes in its place says that the page was exclusive, so that it can be again.
 *
 * Source: include/linux/rmap.h, mm/rmap.c.
 */
#ifndef FAULTLINE_CORE_OP_TRY_TO_UNMAP_H
#define FAULTLINE_CORE_OP_TRY_TO_UNMAP_H

#include "core/mm/rmap.h"

enum ttu_flags {
	TTU_SPLIT_HUGE_PMD = 1,		/* huge leaves are split first; without, they stay */
	TTU_IGNORE_MLOCK = 2,		/* VM_LOCKED VMAs too */
	TTU_SYNC = 4,			/* find what another thread is about to map: look at every entry under its lock */
	TTU_HWPOISON = 8,		/* poison entries: any touch is told so. The page is not looked at, pinned or not */
	TTU_BATCH_FLUSH = 16,		/* no flush: try_to_unmap_flush() before the page is read or freed */
	TTU_RMAP_LOCKED = 32,		/* the caller holds the anon_vma's lock */
};

/*
 * try_to_unmap - @folio, small and anonymous, is mapped by nothing any more, or still is: the caller looks (folio_mapped()).
 * Without TTU_HWPOISON it is in a slot that the caller has a share in. @flags: ttu_flags.
 * Locking: the folio lock, and a reference. Source: mm/rmap.c.
 */
void try_to_unmap(struct folio *folio, unsigned int flags);
/* The flush that TTU_BATCH_FLUSH put off, for all of this thread's. Source: mm/rmap.c. */
void try_to_unmap_flush(void);

/*
 * try_to_migrate - the same with migration entries, of a large @folio, too. @flags: TTU_SPLIT_HUGE_PMD, TTU_SYNC, TTU_RMAP_LOCKED,
 * TTU_BATCH_FLUSH. Source: mm/rmap.c.
 */
void try_to_migrate(struct folio *folio, unsigned int flags);

/*
 * memory_failure - what @folio holds is lost: every entry that maps it becomes poison, which faults tell by
 * VM_FAULT_HWPOISON. The frame is not used again as long as the caller has its reference. Returns 0; -EBUSY when it is
 * large, no anonymous memory, in a swap slot, or somebody else has it, too, and it may be half done. Locking: none; a reference.
 * Source: mm/memory-failure.c.
 */
int memory_failure(struct folio *folio);

#endif
