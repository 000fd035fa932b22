/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reclaim.h - unmaps pages, swaps them out or writes them back. Source: mm/vmscan.c, shrink_folio_list(). */
#ifndef FAULTLINE_CORE_OP_RECLAIM_H
#define FAULTLINE_CORE_OP_RECLAIM_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/phys/folio.h"

DECLARE_EVENT(RECLAIM);
DECLARE_EVENT(RECLAIM_FILE);
DECLARE_EVENT(RECLAIM_KEPT);

/*
 * reclaim_folio - swaps @folio out, or, if it is a file's, writes it back if it is dirty, and removes it from its file;
 * drops the caller's reference in any case. Returns 0: its frame is free, or will be when transient references are
 * dropped; -EBUSY: it is locked, mlocked, pinned, or in use otherwise, an anonymous one is large, or it is a driver's;
 * -ENOSPC: no slot is free. Locking: no spinlock, not inside RCU; a reference.
 */
int reclaim_folio(struct folio *folio);

/*
 * reclaim_range - reclaims the pages that @vma maps in [@start, @end), also where others map them, and large folios of
 * files as a whole. Returns the number of folios. Locking: mmap_lock. Source: mm/madvise.c,
 * madvise_cold_or_pageout_pte_range().
 */
unsigned long reclaim_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
