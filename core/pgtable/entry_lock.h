/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry_lock.h - that the thread which changes a page-table entry holds the entry's lock. Check builds alone.
 *
 * Which lock that is follows from the entry's table and the policy of its mm, not from what the caller locked: so a
 * lock that is dropped too early, or that of another table, ends the run at the first change, in any schedule.
 */
#ifndef FAULTLINE_CORE_PGTABLE_ENTRY_LOCK_H
#define FAULTLINE_CORE_PGTABLE_ENTRY_LOCK_H

#include "core/base/compiler.h"
#include "core/pgtable/geometry.h"

#if FAULTLINE_CHECK
/*
 * entry_assert_locked - dies unless the calling thread holds the lock of *@entry, an entry as those of tables at @level
 * (a folded level's entry is in a table above). Not checked: the kernel's tables, whose areas have one thread each, and
 * PTEs whose lock is that of the PMD table above, which the entry does not name.
 */
void entry_assert_locked(const void *entry, enum pgtable_level level);
#else
static force_inline void entry_assert_locked(const void *entry, enum pgtable_level level) { (void)entry, (void)level; }
#endif

#endif
