/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry_lock.c - the lock of a page-table entry, by its table. */
#include "core/pgtable/entry_lock.h"

#if FAULTLINE_CHECK
#include "core/lock/lockrank.h"
#include "core/pgtable/mm_pgtable.h"
#include "core/phys/frame.h"

/* NULL: not known. A table that several mms share has a lock of its own. */
static const spinlock_t *lock_of(const struct page *table, const struct mm_pgtable *pt, enum pgtable_level level)
{
	/* A huge page of a PUD's size is changed as others are. */
	if (level < LEVEL_PMD || (PTRS_PER_PMD > 1 && table->level < LEVEL_PMD))
		return pt ? &pt->page_table_lock : NULL;
	if (!pt)
		return &table->ptl;
	if (level == LEVEL_PMD)
		return pt->policy.pmd_ptl == PTL_MM ? &pt->page_table_lock : &table->ptl;
	if (pt->policy.pte_ptl == PTL_PTE_TABLE)
		return &table->ptl;
	return pt->policy.pte_ptl == PTL_MM ? &pt->page_table_lock : NULL;
}

void entry_assert_locked(const void *entry, enum pgtable_level level)
{
	const struct page *table = table_page(entry);
	const struct mm_pgtable *pt = load_relaxed(&table->pt_mm);
	const spinlock_t *ptl = pt && pt->is_kernel ? NULL : lock_of(table, pt, level);

	if (unlikely(ptl && !lockrank_is_held_write(ptl)))
		BUG_BY("locks held", "entry %p, of the kind of level %d, is changed without its lock %p", entry,
		       (int)level, ptl);
}
#endif
