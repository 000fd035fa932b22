/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * at_rest.h - invariants of quiescent address spaces.
 *
 * The oracle trusts only the page tables' words and the VMA tree: it walks both by itself, and compares the results
 * with every count that is kept elsewhere. At rest means quiescent: no operation runs.
 */
#ifndef FAULTLINE_CORE_ORACLE_AT_REST_H
#define FAULTLINE_CORE_ORACLE_AT_REST_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"

DECLARE_EVENT(INSPECTED);

/*
 * oracle_at_rest - @mms are all existing address spaces, @nr of them. True if
 *   VMAs are ordered, disjoint, page aligned, not empty, and counted right (map_count, total_vm, locked_vm), none
 *     write-locked; those with VM_ACCOUNT, and shared memory, have as many pages as are accounted
 *   every entry lies in a VMA, is well formed, and allows no write that its VMA forbids
 *   every table is linked once, by the mm it belongs to, and its lock is free
 *   every swap slot has as many shares as entries, one if it is exclusive, and its folio one reference for that
 *   no corrupt entry was reported (vm_normal_page.h)
 *   every frame in use is a table, the zero page, or of a folio with as many mappings as entries, and as many
 *     references, and one if it is a file's
 *   an entry that maps a page of a file is that page's, of the VMA's file, within i_size; it allows writes, or is
 *     dirty, only in a shared mapping, and if the folio is dirty
 *   an entry that allows writes maps an exclusive page, and that page only one entry; its anon_vma is alive, its index
 *     is the VMA's
 *   a large folio's mapcounts, in total and of two mms, are right, and it is marked as mapped by one mm if it is
 *   a folio is counted by locked VMAs that map it, never by more, and a small one by all unless one may have been
 *     missed (mlock_missed())
 *   the pool's counts of huge pages, free and reserved ones equal those of frames and mappings, and reserved <= free
 *   the mms' counters (pages, tables) equal the counts found
 *   anon_vmas agree with the VMAs, and rmap walks find every entry that maps a page, and no other: see rmap_at_rest()
 * Else false, and the first violation in @why; but a tree whose nodes are ill formed dies. Locking: mmap_lock of none;
 * no other thread is in core, RCU callbacks have run (rcu_barrier()).
 */
bool oracle_at_rest(struct mm_struct *const *mms, unsigned int nr, char *why, size_t why_size);

#endif
