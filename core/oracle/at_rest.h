/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * at_rest.h - what must hold of all address spaces while nobody uses them.
 *
 * The oracle trusts nothing but the page tables' words and the VMA tree: it walks both by itself, and compares what it
 * finds with every count that is kept elsewhere.
 */
#ifndef FAULTLINE_CORE_ORACLE_AT_REST_H
#define FAULTLINE_CORE_ORACLE_AT_REST_H

#include "core/mm/mm_types.h"

/*
 * oracle_at_rest - @mms are all @nr address spaces there are. True when
 *   VMAs are ordered, disjoint, page aligned, not empty, and counted right (map_count, total_vm), none write-locked
 *   every entry lies in a VMA, is well formed, and allows no write its VMA forbids
 *   every table is linked once, by the mm it belongs to, and its lock is free
 *   every swap slot has as many shares as entries, one if it is exclusive, and what is in it one reference for that
 *   no entry that can't be was reported (vm_normal_page.h)
 *   every frame in use is a table, the zero page, or of a folio with as many mappings as entries, and as many references, and
 *     one if it is a file's
 *   an entry that maps a page of a file is that page's, of the VMA's file, before its end; it allows writes, or is dirty, only
 *     in a shared mapping, and when the folio is dirty
 *   an entry that allows writes maps an exclusive page, and that page only one entry; its anon_vma lives, its index is the VMA's
 *   a large folio counts its mappings, and those of two mms apart, as they are, and knows when one mm has all of them
 *   the pool has as many huge pages, free ones and promises as frames and mappings say, and no more promises than free ones
 *   the mms' counters (pages, tables) equal what was found
 *   anon_vmas are what the VMAs say, and rmap walks find every entry that maps a page, and no other: see rmap_at_rest()
 * Else false, and the first violation in @why; but a tree whose nodes are ill formed dies. Locking: mmap_lock of none; no other
 * thread is in core, RCU callbacks have run (rcu_barrier()).
 */
bool oracle_at_rest(struct mm_struct *const *mms, unsigned int nr, char *why, size_t why_size);

#endif
