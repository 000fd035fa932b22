/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate.h - moves mapped pages to other frames.
 *
 *   try_to_migrate()          each entry becomes a migration entry, which names the old frame
 *   copy                      if only the migrator has references to the folio
 *   remove_migration_ptes()   each becomes an entry of the new frame, or of the old one after a failure
 *
 * The old folio is locked all the time, and faults on migration entries wait for the unlock. Fork may copy such an
 * entry: the child's VMA comes after its parent's in the interval tree, so a walk that restores the parent's entry
 * before it could be copied still finds a copy made earlier ahead of it (anon_vma_tree.h).
 *
 * A folio of a file is replaced in the page cache as well:
 *
 *   migration                                     truncation, writeback, reclaim, faults
 *   (A1) lock the old folio; migration entries    (B1) find the slot's folio, reference it, lock it
 *   (A2) lock the new one; freeze the old one     (B2) unmap, clean or map its pages; unlock
 *   (A3) the slot has the new one
 *   (A4) restore the entries; unlock both
 *
 * If B1 comes before A2, its reference makes A2 fail. Else it finds the new folio and waits for its lock, and so B2
 * finds its entries.
 *
 * Source: mm/migrate.c.
 */
#ifndef FAULTLINE_CORE_OP_MIGRATE_H
#define FAULTLINE_CORE_OP_MIGRATE_H

#include "core/base/event.h"
#include "core/mm/mm_types.h"
#include "core/op/folio_batch.h"
#include "core/phys/folio.h"

DECLARE_EVENT(MIGRATE);
DECLARE_EVENT(MIGRATE_LARGE);
DECLARE_EVENT(MIGRATE_FILE);
DECLARE_EVENT(MIGRATE_KEPT);
DECLARE_EVENT(DEVICE_IN);

/*
 * migrate_folio - moves @folio to frames of node @nid, and drops the caller's reference in any case. A large one moves
 * as a whole; if no block of its size is free, or only some pages of an anonymous one are mapped, it is split, and its
 * pages move one by one; one of hugetlb is not (hugetlb_migrate.h). Returns 0; -EBUSY: it is pinned, swapped out or in
 * use otherwise, truncated, or a driver's, or it is anonymous and not mapped; -ENOMEM. Locking: no lock but mmap_lock,
 * not inside RCU; a reference. Source: mm/migrate.c, migrate_pages_batch(), unmap_and_move().
 */
int migrate_folio(struct folio *folio, unsigned int nid);
/* The same to device memory, of a small anonymous one; of a large one -EBUSY: see migrate_device.h. */
int migrate_folio_to_device(struct folio *folio);

/*
 * migrate_misplaced_folio_prepare - @folio, which an entry of @vma maps, is about to move to the node of a processor.
 * Returns 0, with a reference; -EACCES, a file's that is executed by several processes; -EAGAIN, a file's that is
 * dirty: writing it back is not worth it. Locking: the entry's PTL.
 * migrate_misplaced_folio() - moves it to node @nid, waiting for nothing, as a whole, or not at all; drops the
 * reference in any case. Returns 0, or -EAGAIN. Locking: that of a fault, no PTL. Source: mm/migrate.c.
 */
int migrate_misplaced_folio_prepare(struct folio *folio, const struct vm_area_struct *vma);
int migrate_misplaced_folio(struct folio *folio, unsigned int nid);

/*
 * migrate_folio_locked - moves @from to @to, new and of the same order, which all mappings of @from map then. Returns
 * 0, or -EBUSY as above, with nothing changed. Locking: the lock of @from; one reference to each. Source:
 * mm/migrate.c, migrate_folio_unmap(), migrate_folio_move().
 */
int migrate_folio_locked(struct folio *to, struct folio *from);
/*
 * Collects the next folios that are mapped over [batch->next, @end), with references, under mmap_lock, which waits for
 * no migration; with @small by folio_batch_fill_small(). False: there are no more. Locking: none held.
 */
bool migrate_next_batch(struct mm_struct *mm, struct folio_batch *batch, unsigned long end, bool small);

/*
 * sys_migrate_range - moves all pages mapped over [@start, @start + @len) to node @nid, also where others map them.
 * Pages that can't be moved, or are there already, stay. Returns the number of moved pages, or -EINVAL (@start not
 * page aligned, overflow, no such node). Locking: none held. Source: mm/mempolicy.c, do_mbind() with MPOL_MF_MOVE_ALL.
 */
long sys_migrate_range(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned int nid);

/*
 * remove_migration_ptes - maps the page of @to, of the same order, in each migration entry of a page of @from, and
 * all of it in each leaf that is one.
 * Locking: the lock of @from, and a reference to its anon_vma, which is that of @to as well; or that of @to, if it has
 * taken the place of @from in its file. Source: mm/migrate.c.
 */
void remove_migration_ptes(struct folio *from, struct folio *to);

#endif
