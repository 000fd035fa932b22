/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folio_referenced.h - who used a folio of late: the accessed bits of all entries that map it. */
#ifndef FAULTLINE_CORE_OP_FOLIO_REFERENCED_H
#define FAULTLINE_CORE_OP_FOLIO_REFERENCED_H

#include "core/phys/folio.h"

/*
 * folio_referenced - clears the accessed bit in every entry that maps @folio. Returns the number of VMAs in which one was set;
 * 1 when the folio was locked, and -1 when its anon_vma was: then nothing was looked at, or not all. *@vm_flags gets the
 * flags of those VMAs. No translation is flushed: an access that finds an old one goes unnoticed once, as in the kernel.
 * Locking: a reference to @folio, and its lock if @is_locked; waits for no lock but PTLs. Source: mm/rmap.c.
 */
int folio_referenced(struct folio *folio, bool is_locked, unsigned long *vm_flags);

/*
 * folio_get_anon_by_pfn - a reference to the anonymous folio that the frame @pfn belongs to; NULL if it does not. For who goes
 * through physical memory, and not through page tables. Source: mm/page_idle.c, page_idle_get_folio().
 */
struct folio *folio_get_anon_by_pfn(unsigned long pfn) __must_check;

#endif
