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

/* Finds the PUD entry of @addr; NULL if no table leads to it. Locking: a section. Source: mm/gup.c. */
static force_inline pud_t *pud_lockless(pgd_t *pgd_table, unsigned long addr)
{
	pgd_t *pgdp = pgd_offset(pgd_table, addr), pgd = pgdp_get(pgdp);
	p4d_t *p4dp, p4d;

	if (unlikely(pgd_bad(pgd)))
		return NULL;
	p4dp = p4d_offset_lockless(pgdp, pgd, addr);
	p4d = p4dp_get(p4dp);
	if (unlikely(p4d_bad(p4d)))
		return NULL;
	SYNCPOINT("gup.read_p4d");
	return pud_offset_lockless(p4dp, p4d, addr);
}

/*
 * Finds the PMD entry of @addr. Returns its value; none if no table leads to it. Locking: a section. Source: mm/gup.c.
 */
static force_inline pmd_t pmd_lockless(pgd_t *pgd_table, unsigned long addr, pmd_t **pmdp)
{
	pud_t *pudp = pud_lockless(pgd_table, addr), pud;

	if (unlikely(!pudp))
		return (pmd_t){ 0 };
	pud = pudp_get(pudp);
	if (unlikely(pud_bad(pud)))
		return (pmd_t){ 0 };
	*pmdp = pmd_offset_lockless(pudp, pud, addr);
	return pmdp_get(*pmdp);
}

#endif
