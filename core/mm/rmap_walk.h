/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmap_walk.h - walks all VMAs that may map a folio.
 *
 * The folio points to an anon_vma; the VMAs that may map pages of it are those linked to that anon_vma whose range of
 * page indices overlaps the folio's. It is a superset: fork links the child's VMA whether it copies the page or not,
 * and only the writer has a page written to after fork. The entries show which of them map it: page_vma_mapped.h.
 *
 * A folio merged by KSM points to its stable node, which has several anon_vmas (ksm.h): the VMAs are those linked to
 * any of them, and one may be visited twice.
 *
 * A folio of a file points to the file, and the VMAs are those that map a part of it that overlaps the folio; the lock
 * is i_mmap_rwsem.
 *
 * Two locks are needed. The folio's keeps its anon_vma. The anon_vma's keeps the VMAs linked, with their ranges, their
 * page tables above the PTE tables, and their mm. Neither keeps entries from changing.
 *
 * Source: include/linux/rmap.h, mm/rmap.c, rmap_walk_anon(), rmap_walk_file().
 */
#ifndef FAULTLINE_CORE_MM_RMAP_WALK_H
#define FAULTLINE_CORE_MM_RMAP_WALK_H

#include "core/base/event.h"
#include "core/mm/anon_vma.h"

DECLARE_EVENT(RMAP_WALK);

/*
 * rmap_walk - calls @rwc->rmap_one() for every VMA that may map @folio; for none if it is unmapped. Its callbacks get
 * @rwc->arg. The lock, the anon_vma's by @rwc->anon_lock() or folio_lock_anon_vma_read(), or i_mmap_rwsem, is held for
 * read around all of them; with @rwc->try_lock and a contended lock, @rwc->contended is set and none is called.
 * Locking: the folio lock, and a reference to @folio. Source: mm/rmap.c.
 */
void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc);
/* The same for a caller that holds that lock already; not for a merged folio, which has several. */
void rmap_walk_locked(struct folio *folio, struct rmap_walk_control *rwc);

#endif
