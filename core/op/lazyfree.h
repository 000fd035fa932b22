/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lazyfree.h - whether a lazily freed page (MADV_FREE) is dropped, once its entry is cleared. */
#ifndef FAULTLINE_CORE_OP_LAZYFREE_H
#define FAULTLINE_CORE_OP_LAZYFREE_H

#include "core/pgtable/pgtable.h"
#include "core/phys/folio.h"
#include "core/probe/knockout.h"

DECLARE_KNOCKOUT(LAZYFREE_DIRTY);
DECLARE_KNOCKOUT(LAZYFREE_REFS);

/*
 * may_discard - true if the @nr pages of @folio from @page on, whose entries were cleared, or made invalid, are not
 * needed: nothing wrote to them since MADV_FREE, by an entry, one of which was @dirty; or through a pin or a reference,
 * whose holder clears the folio's flag before it drops it. So the flag is read after the checks for pins and references
 * (pin-drop, ref-drop). False: the caller restores the entries, and the pages are exclusive if they were: all, or none.
 * @leaf: one entry maps all of @folio, and @nr is 1. Locking: the PTL, the folio lock; one reference. Source:
 * mm/rmap.c, try_to_unmap_one(); mm/huge_memory.c, __discard_anon_folio_pmd_locked().
 */
bool may_discard(struct folio *folio, struct page *page, unsigned int nr, bool dirty, bool leaf);

#endif
