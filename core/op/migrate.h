/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate.h - pages moved to other frames, under the feet of whoever maps them.
 *
 *   try_to_migrate()          each entry becomes a migration entry, which names the frame it leaves
 *   copy                      if nobody but the migrator has the folio any more
 *   remove_migration_ptes()   each becomes an entry of the new frame, or of the old one if it failed
 *
 * The old folio is locked all the while, and faults on migration entries wait for that. Fork may copy such an entry: the child's
 * VMA comes after its parent's in the interval tree, so a walk that restores the parent's entry before it could be copied
 * finds the copy, if it was made before, still ahead of it (anon_vma_tree.h).
 *
 * Source: mm/migrate.c.
 */
#ifndef FAULTLINE_CORE_OP_MIGRATE_H
#define FAULTLINE_CORE_OP_MIGRATE_H

#include "core/mm/mm_types.h"
#include "core/op/folio_batch.h"
#include "core/phys/folio.h"

/*
 * migrate_folio - moves @folio to a frame of node @nid, and drops the caller's reference, whatever comes of it. Returns 0;
 * -EBUSY: it is large, pinned, swapped out or in use otherwise, or not mapped; -ENOMEM.
 * Locking: no lock but mmap_lock, not inside RCU; a reference. Source: mm/migrate.c, unmap_and_move().
 */
int migrate_folio(struct folio *folio, unsigned int nid);
/* The same to the memory of a device: see migrate_device.h. */
int migrate_folio_to_device(struct folio *folio);

/*
 * migrate_folio_locked - what is @from becomes @to, new and of the same order, which everything that mapped @from maps then. Returns 0,
 * or -EBUSY as above: then everything is as it was.
 * Locking: the lock of @from; one reference to each. Source: mm/migrate.c, migrate_folio_unmap(), migrate_folio_move().
 */
int migrate_folio_locked(struct folio *to, struct folio *from);
/*
 * The next folios that are mapped over [batch->next, @end), with references, collected under mmap_lock, which waits for no migration.
 * False: that was all. Locking: none held.
 */
bool migrate_next_batch(struct mm_struct *mm, struct folio_batch *batch, unsigned long end);

/*
 * sys_migrate_range - moves what is mapped over [@start, @start + @len) to node @nid, wherever else it is mapped too. Pages that
 * can't be moved, and those that are there already, stay. Returns how many were moved, or -EINVAL (@start not page aligned,
 * overflow, no such node). Locking: none held. Source: mm/mempolicy.c, do_mbind() with MPOL_MF_MOVE_ALL.
 */
long sys_migrate_range(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned int nid);

/*
 * remove_migration_ptes - each entry that waits for a page of @from maps its page of @to, of the same order.
 * Locking: the lock of @from, and a reference to its anon_vma, which is that of @to as well. Source: mm/migrate.c.
 */
void remove_migration_ptes(struct folio *from, struct folio *to);

#endif
