/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * move_page_tables.h - moves entries of one range of addresses to another of the same mm.
 *
 * Pages, their references and their mapcounts do not change: an entry is moved from one slot to another, under the
 * PTLs of both. Where both ranges are aligned, a whole PTE table is moved, by its PMD entry.
 *
 * Concurrent paths to a moved page, and why none misses it or finds it at a stale address:
 *
 *   faults, GUP       mmap_lock is held for write, and both VMAs are write-locked
 *   GUP-fast          re-reads the entry, and the PMD entry above it, after it has the page
 *   rmap walks        hold the anon_vma's lock from their first VMA to their last; here it is held for write while the
 *                     entries of one table move. So a walk finds each of them once, whichever VMA it visits first, and
 *                     no table is moved by its PMD entry under a walk that holds its PTL. Linux does without the lock
 *                     where a walk visits the new VMA after the old one; here chains of VMAs that begin with the same
 *                     page have no such order.
 *
 * Source: mm/mremap.c, move_page_tables().
 */
#ifndef FAULTLINE_CORE_OP_MOVE_PAGE_TABLES_H
#define FAULTLINE_CORE_OP_MOVE_PAGE_TABLES_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(PMD_MOVE);

/* (T) all of it */
struct pagetable_move_control {
	struct vm_area_struct *old, *new;	/* of one mm; each contains its range */
	unsigned long old_addr, new_addr, len;	/* bytes, page aligned; the ranges do not overlap */
};

/*
 * move_page_tables - moves every entry of the range; nothing is mapped at the new one. Returns @len; less without
 * memory for tables: then so many bytes' entries were moved, and the reverse call, over those bytes, moves them back
 * without needing memory. Locking: mmap_lock for write, both VMAs write-locked; takes the lock of their anon_vma, and
 * PTLs.
 */
unsigned long move_page_tables(const struct pagetable_move_control *pmc);

#endif
