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
 * may_discard - true if @page of @folio, whose entry was cleared, or made invalid, is not needed: nothing wrote to it
 * since MADV_FREE, by the entry, which was @dirty; or through a pin or a reference, whose holder clears the folio's
 * flag before it drops it. So the flag is read after the checks for pins and references (pin-drop, ref-drop). False:
 * the caller restores the entry, and the page is exclusive if it was. @leaf: the entry maps all of @folio. Locking: the
 * PTL, the folio lock; one reference. Source: mm/rmap.c, try_to_unmap_one(); mm/huge_memory.c,
 * __discard_anon_folio_pmd_locked().
 */
bool may_discard(struct folio *folio, struct page *page, bool dirty, bool leaf);

#endif
