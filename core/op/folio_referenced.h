/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_referenced.h - recent accesses to a folio: the accessed bits of all entries that map it. */
#ifndef FAULTLINE_CORE_OP_FOLIO_REFERENCED_H
#define FAULTLINE_CORE_OP_FOLIO_REFERENCED_H

#include "core/phys/folio.h"

/*
 * folio_referenced - clears the accessed bit in every entry that maps @folio. Returns the number of VMAs in which one
 * was set; 1 if the folio was locked, and -1 if its anon_vma was: then no or not all entries were checked. *@vm_flags
 * gets the flags of those VMAs. Those with MADV_SEQUENTIAL or MADV_RANDOM are skipped (vma_has_recency()). No
 * translation is flushed: an access by a stale one is missed once, as in the kernel. Locking: a reference to @folio,
 * and its lock if @is_locked; waits for no lock but PTLs. Source: mm/rmap.c.
 */
int folio_referenced(struct folio *folio, bool is_locked, unsigned long *vm_flags);

/*
 * folio_get_anon_by_pfn - a reference to the anonymous folio of the frame @pfn; NULL if it has none. For scans of
 * physical memory instead of page tables. Source: mm/page_idle.c, page_idle_get_folio().
 */
struct folio *folio_get_anon_by_pfn(unsigned long pfn) __must_check;

#endif
