/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reclaim.h - unmaps pages, swaps them out or writes them back. Source: mm/vmscan.c, shrink_folio_list(). */
#ifndef FAULTLINE_CORE_OP_RECLAIM_H
#define FAULTLINE_CORE_OP_RECLAIM_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/phys/folio.h"

DECLARE_EVENT(RECLAIM);
DECLARE_EVENT(RECLAIM_FILE);
DECLARE_EVENT(LAZYFREED);
DECLARE_EVENT(SWAP_FALLBACK);
DECLARE_EVENT(RECLAIM_KEPT);

/*
 * reclaim_folio - swaps @folio out, drops it if it is lazily freed, or, if it is a file's, writes it back if it is
 * dirty, and removes it from its file; drops the caller's reference in any case. A large anonymous one is swapped out
 * as a whole; without a row of slots, or if only some of its pages are mapped, it is split, and its pages are reclaimed
 * one by one. Returns 0: its frames are free, or will be when transient references are dropped; -EBUSY: it, or a page,
 * is locked, mlocked, pinned, written to since MADV_FREE, or in use otherwise, of hugetlb, or a driver's; -ENOSPC: no
 * slot is free. Locking: no spinlock, not inside RCU; a reference.
 */
int reclaim_folio(struct folio *folio);

/* The same of one that is isolated (phys/lru.h); adds the number of reclaimed pages to *@pages. */
int reclaim_isolated(struct folio *folio, unsigned long *pages);

/*
 * reclaim_range - reclaims the pages that @vma maps in [@start, @end), also where others map them, and large folios as
 * a whole: those of files, and anonymous ones that it maps there as a whole; then splits some of all folios that are
 * queued for that (deferred_split_scan.h). Returns the number of pages reclaimed of the range. Locking: mmap_lock.
 * pageout_range() - the same, but leaves folios alone that others map too. Source: mm/madvise.c,
 * madvise_cold_or_pageout_pte_range().
 */
unsigned long reclaim_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);
unsigned long pageout_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
