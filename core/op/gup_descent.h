/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gup_descent.h - finds entries of upper tables without a lock.
 *
 * Tables may be unlinked meanwhile, and are not freed in the caller's section: each entry is read once, and the table
 * below found from that value. Source: mm/gup.c, gup_fast_pgd_range() and those that it calls.
 */
#ifndef FAULTLINE_CORE_OP_GUP_DESCENT_H
#define FAULTLINE_CORE_OP_GUP_DESCENT_H

#include "core/pgtable/pmd_leaf.h"
#include "core/probe/syncpoint.h"

/*
 * pud_lockless, pmd_lockless - find the entry of @addr. They return its value, *@pudp and *@pmdp say where; none if no
 * table leads to it, then those are not set. Locking: a section. Source: mm/gup.c.
 */
static force_inline pud_t pud_lockless(pgd_t *pgd_table, unsigned long addr, pud_t **pudp)
{
	pgd_t *pgdp = pgd_offset(pgd_table, addr), pgd = pgdp_get(pgdp);
	p4d_t *p4dp, p4d;

	if (PTRS_PER_P4D > 1 && unlikely(pgd_bad(pgd)))
		return (pud_t){ 0 };
	p4dp = p4d_offset_lockless(pgdp, pgd, addr);
	p4d = PTRS_PER_P4D > 1 ? p4dp_get(p4dp) : (p4d_t){ pgd.val };
	if (PTRS_PER_PUD > 1 && unlikely(p4d_bad(p4d)))
		return (pud_t){ 0 };
	SYNCPOINT("gup.read_p4d");
	*pudp = pud_offset_lockless(p4dp, p4d, addr);
	return pudp_get(*pudp);
}

static force_inline pmd_t pmd_lockless(pgd_t *pgd_table, unsigned long addr, pmd_t **pmdp)
{
	pud_t *pudp = NULL, pud = pud_lockless(pgd_table, addr, &pudp);

	if (PTRS_PER_PMD > 1 && unlikely(pud_bad(pud)))
		return (pmd_t){ 0 };
	SYNCPOINT("gup.read_pud");
	*pmdp = pmd_offset_lockless(pudp, pud, addr);
	return pmdp_get(*pmdp);
}

#endif
