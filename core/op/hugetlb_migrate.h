/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_migrate.h - migration of huge pages of the pool: what differs from other folios (migrate.h).
 *
 * The new huge page is a free one of the target node's part of the pool that is not reserved, and the old one returns
 * to the pool. Without a free one it is allocated, and the old one is freed. So the pool's size, and its reservations,
 * stay what they are.
 *
 * Shared mappings of a file may share the PMD table that maps it. The rmap walk unshares it from each mm but the last,
 * whose leaf becomes a migration entry. So the walk needs i_mmap_rwsem for write, and the hugetlb VMA lock, which
 * ranks above and is only tried: a fault that runs in the mapping makes the migration fail.
 *
 * Faults map a file's huge page without its folio lock, under the fault mutex of the place. The migration takes it,
 * too, from before the unmap until the file has the new huge page:
 *
 *   migration                                       fault, in any mapping of the file
 *   (A1) lock the place; unmap the huge page        (B1) lock the place
 *   (A2) count its references; copy it              (B2) find the huge page in the file; map it, writable
 *   (A3) freeze its references; the file has the    (B3) unlock the place
 *        new one; unlock the place
 *
 * Without A1's lock B1 to B3, a write, and a zap could run between the count and the freeze of A2 and A3: the count is
 * right both times, and the copy lacks the write. (Linux's faults lock the folio.)
 *
 * Source: mm/migrate.c, unmap_and_move_huge_page(); mm/hugetlb.c.
 */
#ifndef FAULTLINE_CORE_OP_HUGETLB_MIGRATE_H
#define FAULTLINE_CORE_OP_HUGETLB_MIGRATE_H

#include "core/mm/mm_types.h"
#include "core/phys/folio.h"

/*
 * hugetlb_migrate_begin - before @from, of a file, is moved to @to: locks its place; hugetlb_migrate_end() unlocks it
 * once the file has @to, or the move has failed. NULL, and nothing is done: @from is not of the pool. Locking: the
 * locks of both.
 */
struct rwsem *hugetlb_migrate_begin(struct folio *to, const struct folio *from);
void hugetlb_migrate_end(struct rwsem *place);

/* try_to_migrate() of @folio, of the pool. Locking: its lock; that of its place if it is a file's. */
void hugetlb_unmap_for_migration(struct folio *folio);

#endif
