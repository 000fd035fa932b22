/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pgalloc.h - allocates, publishes and frees page tables.
 *
 * A table is one frame (two in the 2-level geometry) whose struct page has the table's lock.
 * Source: mm/memory.c, __pte_alloc(), __pmd_alloc() …; include/linux/mm.h, pagetable_pte_ctor().
 */
#ifndef FAULTLINE_CORE_PGTABLE_PGALLOC_H
#define FAULTLINE_CORE_PGTABLE_PGALLOC_H

#include "core/base/event.h"
#include "core/pgtable/mm_pgtable.h"
#include "core/pgtable/ptl.h"

DECLARE_EVENT(PTE_TABLE_RACE);
DECLARE_EVENT(TABLE_ALLOC);
DECLARE_EVENT(TABLE_FREE);
DECLARE_EVENT(ALLOC_RECLAIM);

/*
 * mm_pgtable_init - an empty tree under @policy. Returns 0 or -ENOMEM. Locking: a registered cpu.
 * mm_pgtable_destroy - frees the root, after all other tables (free_pgtables()) and all readers.
 */
int mm_pgtable_init(struct mm_pgtable *pt, const struct mm_policy *policy);
void mm_pgtable_destroy(struct mm_pgtable *pt);

/* An unlinked, cleared table for entries of @level, or NULL. Waits for pending frees once before it fails. */
struct page *table_alloc(struct mm_pgtable *pt, enum pgtable_level level);
/* Frees an unreachable table. Callable from RCU callbacks. */
void table_free(struct page *table);

/*
 * table_populate - makes the upper entry at @entry, of a table at @level, point to a new table, unless it is
 * populated. Returns 0 (also if another thread populated it) or -ENOMEM. Locking: mmap_lock or the VMA lock; takes the
 * entry's PTL.
 */
int table_populate(struct mm_pgtable *pt, uint64_t *entry, enum pgtable_level level);

/*
 * p4d_alloc … pte_alloc - the entry of @addr one level down, its table allocated if missing; NULL on -ENOMEM.
 * pte_alloc returns 0 or -ENOMEM: its table may be unlinked again before the caller uses it.
 */
static inline p4d_t *p4d_alloc(struct mm_pgtable *pt, pgd_t *pgdp, unsigned long addr)
{
	if (PTRS_PER_P4D > 1 && unlikely(pgd_none(pgdp_get(pgdp))) && table_populate(pt, &pgdp->val, LEVEL_PGD))
		return NULL;
	return p4d_offset(pgdp, addr);
}

/* The PUD entry, as said above. Locking: as p4d_alloc(). */
static inline pud_t *pud_alloc(struct mm_pgtable *pt, p4d_t *p4dp, unsigned long addr)
{
	if (PTRS_PER_PUD > 1 && unlikely(p4d_none(p4dp_get(p4dp))) && table_populate(pt, &p4dp->val, LEVEL_P4D))
		return NULL;
	return pud_offset(p4dp, addr);
}

/* The PMD entry, as said above. Locking: as p4d_alloc(). */
static inline pmd_t *pmd_alloc(struct mm_pgtable *pt, pud_t *pudp, unsigned long addr)
{
	if (PTRS_PER_PMD > 1 && unlikely(pud_none(pudp_get(pudp))) && table_populate(pt, &pudp->val, LEVEL_PUD))
		return NULL;
	return pmd_offset(pudp, addr);
}

static inline int pte_alloc(struct mm_pgtable *pt, pmd_t *pmdp)
{
	if (likely(!pmd_none(pmdp_get(pmdp))))
		return 0;
	return table_populate(pt, &pmdp->val, LEVEL_PMD);
}

/*
 * pgtable_trans_huge_deposit - deposits @table, empty and unreachable, for the leaf that @pmdp is or becomes: so
 * splitting it needs no memory. It counts as one of the mm's. pgtable_trans_huge_withdraw() - withdraws one, once for
 * each leaf; freeing it uncounts it (tlb_remove_table()). Locking: the PMD table's PTL. Source: mm/pgtable-generic.c.
 */
void pgtable_trans_huge_deposit(struct mm_pgtable *pt, pmd_t *pmdp, struct page *table);
struct page *pgtable_trans_huge_withdraw(pmd_t *pmdp);

/* The PMD entry of @addr, upper tables allocated if missing; NULL on -ENOMEM. */
static inline pmd_t *pmd_alloc_path(struct mm_pgtable *pt, unsigned long addr)
{
	p4d_t *p4dp = p4d_alloc(pt, pgd_offset(pt->pgd, addr), addr);
	pud_t *pudp = p4dp ? pud_alloc(pt, p4dp, addr) : NULL;

	return pudp ? pmd_alloc(pt, pudp, addr) : NULL;
}

/* The PUD entry of @addr; NULL if a table above is missing. Locking: mmap_lock or the VMA lock. */
static inline pud_t *pud_find(struct mm_pgtable *pt, unsigned long addr)
{
	pgd_t *pgdp = pgd_offset(pt->pgd, addr);
	p4d_t *p4dp;

	if (PTRS_PER_P4D > 1 && pgd_none_or_clear_bad(pgdp))
		return NULL;
	p4dp = p4d_offset(pgdp, addr);
	return PTRS_PER_PUD > 1 && p4d_none_or_clear_bad(p4dp) ? NULL : pud_offset(p4dp, addr);
}

/*
 * pmd_find_next - the first PMD entry at or above *@addr and below @end whose upper tables exist; *@addr is advanced
 * to its range. NULL if there is none. Leaves of PUD tables are skipped, corrupt upper entries cleared. Locking:
 * mmap_lock or the VMA lock, which keep upper tables.
 */
pmd_t *pmd_find_next(struct mm_pgtable *pt, unsigned long *addr, unsigned long end);

#endif
