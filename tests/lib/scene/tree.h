/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.h - page tables read and filled in the plainest way, with no help from the descent of the core. */
#ifndef FAULTLINE_TESTS_LIB_SCENE_TREE_H
#define FAULTLINE_TESTS_LIB_SCENE_TREE_H

#include "core/mm/mm_types.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/swapent.h"

/* A level that has entries of its own, and is not the same as the one above. */
static inline bool level_real(enum pgtable_level level)
{
	return level == LEVEL_PGD || level_entries(level) > 1;
}

/* Bytes that one entry of @level spans. */
static inline unsigned long level_span(enum pgtable_level level)
{
	return 1UL << level_shift(level);
}

/*
 * The entry of @addr in the table of real level @level below root @pgd; NULL when a table above it is missing, or a
 * leaf is there.
 * Locking: no thread changes the tree.
 */
uint64_t *tree_entry(pgd_t *pgd, enum pgtable_level level, unsigned long addr);
/* Its value; 0 when it is missing. */
uint64_t tree_value(pgd_t *pgd, enum pgtable_level level, unsigned long addr);
/* The value of the PTE of @addr. */
static inline pte_t tree_pte(struct mm_struct *mm, unsigned long addr)
{
	return __pte(tree_value(mm->pt.pgd, LEVEL_PTE, addr));
}

/* The bits of a PTE, without the page it maps and the soft-dirty bit, which unit.soft_dirty is about. */
static inline uint64_t pte_bits(pte_t pte)
{
	return pte.val & ~(ENTRY_PFN_MASK | ENTRY_SOFT_DIRTY);
}

/* What a whole tree holds. */
struct tree_counts {
	unsigned long pte_tables, upper_tables;	/* the root not counted */
	unsigned long none, anon, file, zero, guard, swap;	/* entries of PTE tables; raw frames are not counted */
};
struct tree_counts tree_count(struct mm_struct *mm);
/* Calls @fn for every table but the root: its own level, and the first address it maps. */
void tree_tables(struct mm_struct *mm, void (*fn)(enum pgtable_level level, unsigned long addr, void *arg), void *arg);
/* True when the mm's counters say what tree_count() finds; else says on stderr how they differ. */
bool tree_counters_right(struct mm_struct *mm);

/* Allocates what @addr needs down to its PTE table and returns the entry; dies when memory runs out. */
pte_t *tree_make(struct mm_struct *mm, unsigned long addr);
/* Maps a new page, the zero page or a guard marker at @addr, where nothing is. */
void tree_put_page(struct mm_struct *mm, unsigned long addr, bool write);
void tree_put_zero(struct mm_struct *mm, unsigned long addr);
void tree_put_guard(struct mm_struct *mm, unsigned long addr);
/* Unmaps everything and frees every table but the root, whatever VMAs there are. Locking: mmap_lock of @mm. */
void tree_clear(struct mm_struct *mm);

#endif
