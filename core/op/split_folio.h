/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * split_folio.h - a large folio becomes folios of one page each, mapped where it was mapped.
 *
 *   try_to_migrate()          each entry becomes a migration entry: who touches it waits, and nobody finds a page by it
 *   freeze                    if nobody but the caller has the folio any more; then each page stands for itself
 *   remove_migration_ptes()   each entry maps its page's folio; or the large one again, if it failed
 *
 * Source: mm/huge_memory.c, split_huge_page_to_list_to_order().
 */
#ifndef FAULTLINE_CORE_OP_SPLIT_FOLIO_H
#define FAULTLINE_CORE_OP_SPLIT_FOLIO_H

#include "core/phys/folio.h"

/*
 * split_folio - @folio, large, becomes small ones; the caller's reference and lock are its first page's then. Pages that nothing
 * maps are freed. Returns 0; -EBUSY: it is no anonymous memory, not mapped, pinned, or others have references; it is as it was, but
 * for leaves that map it, which were split. Locking: the folio lock; no spinlock, not inside RCU; a reference.
 */
int split_folio(struct folio *folio);

#endif
