/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mlock.h - folios of locked memory: the number of VM_LOCKED VMAs that map each. Reclaim keeps a folio that has any.
 *
 * mlock_count is kept by the reverse map: a VM_LOCKED VMA adds one when it maps a small folio, or a new one of any
 * size, and takes one off whenever it unmaps some of a folio. mlock() and munlock() do the same for the entries that a
 * VMA has already (op/mlock.c), and meanwhile others may change those entries:
 *
 *   mlock                                           another thread, for instance a migration
 *   (A1) sets VM_LOCKED, with VM_IO                 (B1) under the PTL: sets an entry
 *   (A2) each table, under its PTL: counts entries  (B2) VM_LOCKED, and not VM_IO: counts it
 *   (A3) clears VM_IO
 *
 * An entry that is set before A2 is counted there, so B2 must not: no other VMA has both flags. One that is set between
 * A2 and A3 is missed. munlock() sets VM_IO too before it takes entries off, and clears both flags last: so an entry
 * that is cleared meanwhile may be taken off twice, but never remains. B2 reads both flags at once: VM_LOCKED from
 * before the end of munlock() and no VM_IO from behind it would count an entry that munlock() has passed.
 *
 * Hence the count may be too small - for these reasons, and as unmapping one page takes a large folio off - but never
 * too large. What decides is VM_LOCKED, read under the PTL, before reclaim unmaps an entry (op/try_to_unmap.c); there a
 * folio that was missed is counted again.
 *
 * Source: mm/mlock.c, mm/internal.h. There a batch of each cpu delays the counting, and munlock() clears VM_LOCKED
 * first.
 */
#ifndef FAULTLINE_CORE_MM_MLOCK_H
#define FAULTLINE_CORE_MM_MLOCK_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/phys/folio.h"

DECLARE_EVENT(MLOCK_FOLIO);
DECLARE_EVENT(MUNLOCK_FOLIO);
DECLARE_EVENT(MLOCK_MISSED);

/* True if @folio is not to be reclaimed; stale at once. Source: include/linux/page-flags.h. */
static force_inline bool folio_test_mlocked(const struct folio *folio)
{
	return load_relaxed(&folio->page.mlock_count) > 0;
}

/* Counts one VMA more, or one less, if any is counted. Locking: the PTL of an entry. Source: mm/mlock.c. */
void mlock_folio(struct folio *folio);
void munlock_folio(struct folio *folio);
/* The same for a new folio. Locking: its only owner. Source: mm/mlock.c. */
void mlock_new_folio(struct folio *folio);

/* The two below for a VMA whose @vm_flags have VM_LOCKED. Locking: the PTL. */
void mlock_locked_vma_folio(struct folio *folio, unsigned long vm_flags);
void munlock_locked_vma_folio(struct folio *folio, unsigned long vm_flags);

/*
 * mlock_vma_folio - @vma maps @folio, all of it: counts it if the VMA is locked.
 * munlock_vma_folio - it unmaps some of @folio, or all. Locking: the PTL. Source: mm/internal.h.
 */
static force_inline void mlock_vma_folio(struct folio *folio, const struct vm_area_struct *vma)
{
	unsigned long vm_flags = load_relaxed(&vma->vm_flags);	/* once: munlock() clears two of them in one store */

	if (unlikely(vm_flags & VM_LOCKED))
		mlock_locked_vma_folio(folio, vm_flags);
}

static force_inline void munlock_vma_folio(struct folio *folio, const struct vm_area_struct *vma)
{
	unsigned long vm_flags = load_relaxed(&vma->vm_flags);

	if (unlikely(vm_flags & VM_LOCKED))
		munlock_locked_vma_folio(folio, vm_flags);
}

struct page_vma_mapped_walk;

/*
 * mlock_mapped_folio - @pvmw is at an entry that maps some of @folio, in a locked VMA: ends the walk. If the VMA maps
 * all of the folio, under one PTL, returns true, and counts it, if it was missed: if no VMA is counted. Locking: the
 * folio lock, the PTL. Source: mm/rmap.c, try_to_unmap_one(), folio_referenced_one().
 */
bool mlock_mapped_folio(struct folio *folio, struct page_vma_mapped_walk *pvmw);

/*
 * Number of times that a small folio may have been missed, since mlock_init(): while it is 0 each is counted exactly.
 */
unsigned long mlock_missed(void);
/* Called before the first mm. */
void mlock_init(void);

#endif
