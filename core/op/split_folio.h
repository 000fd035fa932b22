/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * split_folio.h - splits a large folio into folios of one page each, with the same mappings.
 *
 *   try_to_migrate()          each entry becomes a migration entry: faults wait, and no lookup finds a page by it
 *   freeze                    if only the caller has references to the folio; then each page becomes a folio
 *   remove_migration_ptes()   each entry maps its page's folio; or the large one again, after a failure
 *
 * Source: mm/huge_memory.c, split_huge_page_to_list_to_order().
 */
#ifndef FAULTLINE_CORE_OP_SPLIT_FOLIO_H
#define FAULTLINE_CORE_OP_SPLIT_FOLIO_H

#include "core/base/event.h"
#include "core/phys/folio.h"

DECLARE_EVENT(FOLIO_SPLIT);
DECLARE_EVENT(FOLIO_SPLIT_KEPT);

/*
 * split_folio - splits @folio, large, into small ones; the caller's reference and lock are its first page's then.
 * Unmapped pages are freed. Returns 0; -EBUSY: it is not anonymous, not mapped, pinned, or has extra references; it is
 * unchanged, except for leaves that map it, which were split. Locking: the folio lock; no spinlock, not inside RCU; a
 * reference.
 */
int split_folio(struct folio *folio);
/* The same; the caller has a reference to each page's folio then. Source: mm/huge_memory.c. */
int split_folio_to_list(struct folio *folio);

#endif
