/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bad_entry.h - reports of corrupt entries; those of upper tables are cleared, too.
 *
 * An upper entry is none, a pointer to a table, or, in PUD and PMD tables, another kind that its readers know. All else
 * is bad: no reader may follow it. So it is reported and replaced by none, and what it pointed to is lost. It may be
 * found by several threads at once, without a lock, and one of them may already have populated it again. Hence it is
 * cleared only if it still is the value that was found bad: each is reported once, and no table is lost.
 *
 * A corrupt PTE is only reported (vm_normal_page.h): the operation that finds it decides.
 *
 * Source: include/linux/pgtable.h, pgd_none_or_clear_bad(); mm/pgtable-generic.c, pgd_clear_bad(); mm/memory.c,
 * print_bad_pte().
 */
#ifndef FAULTLINE_CORE_PGTABLE_BAD_ENTRY_H
#define FAULTLINE_CORE_PGTABLE_BAD_ENTRY_H

#include "core/base/event.h"
#include "core/pgtable/pmd_leaf.h"

DECLARE_EVENT(BAD_PTE);
DECLARE_EVENT(BAD_TABLE_ENTRY);

#define BAD_PTE_LOG	16	/* bound of stored reports: the first ones show the origin */

/* A report. No lock key: a copy. */
struct bad_pte {
	unsigned long addr, vm_start, vm_flags;	/* of a PTE; else 0 */
	uint64_t val;
	enum pgtable_level level;		/* of its table */
	const void *entry;			/* of an upper table; else NULL */
};

/* Counts and stores @what. Locking: any. */
void report_bad_entry(const struct bad_pte *what);
/* Number of reports since bad_ptes_reset(); copies at most the first BAD_PTE_LOG of them to @log, if not NULL. */
unsigned long bad_ptes(struct bad_pte *log);
/* Locking: no other thread is in core. */
void bad_ptes_reset(void);

/* Reports and clears the entry of a table of @level at @entry, if it still is @val, which was bad. Locking: none. */
void clear_bad_entry(uint64_t *entry, uint64_t val, enum pgtable_level level);

/*
 * pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad - true if the entry points to no table: it is
 * none, or was bad and is cleared; or a leaf of a PUD table. Locking: none. Source: include/linux/pgtable.h.
 */
static inline bool pgd_none_or_clear_bad(pgd_t *pgdp)
{
	pgd_t pgd = pgdp_get(pgdp);

	if (likely(!pgd_bad(pgd)))
		return false;
	if (unlikely(!pgd_none(pgd)))
		clear_bad_entry(&pgdp->val, pgd.val, real_depth(LEVEL_PGD));
	return true;
}

static inline bool p4d_none_or_clear_bad(p4d_t *p4dp)
{
	p4d_t p4d = p4dp_get(p4dp);

	if (likely(!p4d_bad(p4d)))
		return false;
	if (unlikely(!p4d_none(p4d)))
		clear_bad_entry(&p4dp->val, p4d.val, real_depth(LEVEL_P4D));
	return true;
}

static inline bool pud_none_or_clear_bad(pud_t *pudp)
{
	pud_t pud = pudp_get(pudp);

	if (likely(!pud_bad(pud)))
		return false;
	if (unlikely(!pud_none(pud) && !pud_leaf(pud)))
		clear_bad_entry(&pudp->val, pud.val, real_depth(LEVEL_PUD));
	return true;
}

/*
 * pmd_clear_bad - if @pmd, read at @pmdp, is neither none, a leaf, nor a table, clears the entry, and returns true.
 * Locking: none. Source: mm/pgtable-generic.c.
 */
static inline bool pmd_clear_bad(pmd_t *pmdp, pmd_t pmd)
{
	if (likely(!pmd_bad(pmd) || pmd_none(pmd) || pmd_leaf(pmd)))
		return false;
	clear_bad_entry(&pmdp->val, pmd.val, real_depth(LEVEL_PMD));
	return true;
}

#endif
