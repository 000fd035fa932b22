/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pmd_leaf.h - PMD entries that are leaves, one entry that maps a huge page; and PUD leaves, which map raw frames or
 * pages of drivers.
 *
 * A leaf is written under its PMD table's lock and read by any thread. It is never none during a change: a lockless
 * reader that finds none skips the whole range. So a leaf is made invalid before it becomes another leaf or a table:
 * it translates nothing, GUP-fast skips it, and all others take the lock and re-read it. A leaf under migration is
 * invalid, too (is_pmd_migration_entry()). A PUD leaf only becomes none: faults map its pages again.
 *
 * Source: arch/x86/include/asm/pgtable.h, include/linux/pgtable.h.
 */
#ifndef FAULTLINE_CORE_PGTABLE_PMD_LEAF_H
#define FAULTLINE_CORE_PGTABLE_PMD_LEAF_H

#include "core/pgtable/pgtable.h"

#define __pmd(x)	((pmd_t){ (x) })

/* ---- values ---- */

/* A leaf, valid or not. Constant false in geometries without leaves. */
static inline bool pmd_trans_huge(pmd_t pmd)	{ return THP_POSSIBLE && (pmd.val & ENTRY_HUGE); }
static inline bool pmd_is_table(pmd_t pmd)	{ return entry_is_table(pmd.val); }
static inline bool pmd_accessible(pmd_t pmd)	{ return pmd.val & ENTRY_PRESENT; }
static inline bool pmd_protnone(pmd_t pmd)	{ return pmd.val & ENTRY_PROTNONE; }
static inline bool pmd_write(pmd_t pmd)		{ return pmd.val & ENTRY_WRITE; }
static inline bool pmd_dirty(pmd_t pmd)		{ return pmd.val & ENTRY_DIRTY; }
static inline bool pmd_young(pmd_t pmd)		{ return pmd.val & ENTRY_ACCESSED; }
static inline bool pmd_special(pmd_t pmd)	{ return pmd.val & ENTRY_SPECIAL; }
static inline unsigned long pmd_pfn(pmd_t pmd)	{ return entry_pfn(pmd.val); }
static inline struct page *pmd_page(pmd_t pmd)	{ return pfn_to_page(pmd_pfn(pmd)); }
static inline pmd_t pmd_mkwrite(pmd_t pmd)	{ return __pmd(pmd.val | ENTRY_WRITE); }
static inline pmd_t pmd_wrprotect(pmd_t pmd)	{ return __pmd(pmd.val & ~ENTRY_WRITE); }
static inline pmd_t pmd_mkdirty(pmd_t pmd)	{ return __pmd(pmd.val | ENTRY_DIRTY | ENTRY_SOFT_DIRTY); }
static inline bool pmd_soft_dirty(pmd_t pmd)	{ return pmd.val & ENTRY_SOFT_DIRTY; }
static inline pmd_t pmd_mksoft_dirty(pmd_t pmd)	{ return __pmd(pmd.val | ENTRY_SOFT_DIRTY); }
static inline pmd_t pmd_clear_soft_dirty(pmd_t pmd) { return __pmd(pmd.val & ~ENTRY_SOFT_DIRTY); }
static inline pmd_t pmd_mkclean(pmd_t pmd)	{ return __pmd(pmd.val & ~ENTRY_DIRTY); }
static inline pmd_t pmd_mkyoung(pmd_t pmd)	{ return __pmd(pmd.val | ENTRY_ACCESSED); }
static inline pmd_t pmd_mkold(pmd_t pmd)	{ return __pmd(pmd.val & ~ENTRY_ACCESSED); }
static inline pmd_t pmd_mkspecial(pmd_t pmd)	{ return __pmd(pmd.val | ENTRY_SPECIAL); }

/* A leaf over the huge page that begins with @page. @prot: the bits of a VMA's page_prot. */
static inline pmd_t mk_huge_pmd(const struct page *page, uint64_t prot)
{
	return __pmd(((uint64_t)page_to_pfn(page) << PAGE_SHIFT) | prot | ENTRY_HUGE);
}

/* The same huge page with another protection; the caller sets write permission again if needed. */
static inline pmd_t pmd_modify(pmd_t pmd, uint64_t prot)
{
	return __pmd((pmd.val & (ENTRY_PFN_MASK | ENTRY_DIRTY | ENTRY_SOFT_DIRTY | ENTRY_ACCESSED | ENTRY_SPECIAL |
				 ENTRY_HUGE)) | prot);
}

/* ---- the level above. Changed under page_table_lock ---- */
static inline bool pud_trans_huge(pud_t pud)	{ return THP_POSSIBLE && pud_leaf(pud); }
static inline bool pud_is_table(pud_t pud)	{ return entry_is_table(pud.val); }
static inline bool pud_accessible(pud_t pud)	{ return pud.val & ENTRY_PRESENT; }
static inline bool pud_write(pud_t pud)		{ return pud.val & ENTRY_WRITE; }
static inline bool pud_dirty(pud_t pud)		{ return pud.val & ENTRY_DIRTY; }
static inline bool pud_special(pud_t pud)	{ return pud.val & ENTRY_SPECIAL; }
static inline bool pud_same(pud_t a, pud_t b)	{ return a.val == b.val; }
static inline unsigned long pud_pfn(pud_t pud)	{ return entry_pfn(pud.val); }
static inline struct page *pud_page(pud_t pud)	{ return pfn_to_page(pud_pfn(pud)); }

/* A leaf over raw frames: special, never writable. */
static inline pud_t mk_raw_pud(unsigned long pfn, uint64_t prot)
{
	return (pud_t){ ((uint64_t)pfn << PAGE_SHIFT) | prot | ENTRY_SPECIAL | ENTRY_HUGE };
}

/* A leaf over the HPAGE_PUD_NR pages from @page on, counted; writable and dirty if @write. */
static inline pud_t mk_huge_pud(const struct page *page, uint64_t prot, bool write)
{
	return (pud_t){ ((uint64_t)page_to_pfn(page) << PAGE_SHIFT) | prot | ENTRY_HUGE |
			(write ? ENTRY_WRITE | ENTRY_DIRTY : 0) };
}

/* As pmd_modify(); dirty with write permission, as it is made. */
static inline pud_t pud_modify(pud_t pud, uint64_t prot, bool write)
{
	return (pud_t){ pmd_modify(__pmd(pud.val), prot).val | (write ? ENTRY_WRITE | ENTRY_DIRTY : 0) };
}

/* The pages' contents and counts were written before. */
static inline void set_pud_at(pud_t *pudp, pud_t pud)
{
	SCHEDULE_STEP("pud.set");
	entry_assert_locked(&pudp->val, LEVEL_PUD);
	entry_replaced(&pudp->val, pud.val, ENTRY_RIGHTS, ENTRY_PFN_MASK);
	/* ORDER[entry:A] after the pages' contents, counts and flags; pairs with ORDER[entry:B]. */
	store_release(&pudp->val, pud.val);
}

/* Clears a leaf. Returns it. */
static inline pud_t pudp_get_and_clear(pud_t *pudp)
{
	SCHEDULE_STEP("pud.clear");
	entry_assert_locked(&pudp->val, LEVEL_PUD);
	entry_changes(&pudp->val, "cleared");
	/* ORDER[hmm-seq:A] as in ptep_get_and_clear(); pairs with ORDER[hmm-seq:B]. */
	return (pud_t){ xchg_acq_rel(&pudp->val, 0) };
}

/* As pmdp_invalidate(): it is a leaf still, for threads that wait for the lock. Source: mm/huge_memory.c. */
static inline pud_t pudp_invalidate(pud_t *pudp)
{
	SCHEDULE_STEP("pud.invalidate");
	entry_assert_locked(&pudp->val, LEVEL_PUD);
	entry_changes(&pudp->val, "invalidated");
	/* ORDER[hmm-seq:A] as in ptep_get_and_clear(); pairs with ORDER[hmm-seq:B]. */
	return (pud_t){ fetch_and_acq_rel(&pudp->val, ~(ENTRY_PRESENT | ENTRY_PROTNONE | ENTRY_WRITE)) };
}

/* ---- changing leaves. Locking: the PMD table's PTL ---- */

/* The huge page's contents, or the table that @pmd points to, were written before. */
static inline void set_pmd_at(pmd_t *pmdp, pmd_t pmd)
{
	SCHEDULE_STEP("pmd.set");
	entry_assert_locked(&pmdp->val, LEVEL_PMD);
	entry_replaced(&pmdp->val, pmd.val, ENTRY_RIGHTS, ENTRY_PFN_MASK);
	/* ORDER[entry:A] after the pages' contents, counts and flags; pairs with ORDER[entry:B]. */
	store_release(&pmdp->val, pmd.val);
}

/* Clears a leaf without a replacement. Returns it. */
static inline pmd_t pmdp_get_and_clear(pmd_t *pmdp)
{
	SCHEDULE_STEP("pmd.clear");
	entry_assert_locked(&pmdp->val, LEVEL_PMD);
	entry_changes(&pmdp->val, "cleared");
	/* ORDER[hmm-seq:A] as in ptep_get_and_clear(); pairs with ORDER[hmm-seq:B]. */
	return __pmd(xchg_acq_rel(&pmdp->val, 0));
}

/* Makes a leaf invalid; returns its old value; bits set in it from now on are lost. Source: mm/pgtable-generic.c. */
static inline pmd_t pmdp_invalidate(pmd_t *pmdp)
{
	SCHEDULE_STEP("pmd.invalidate");
	entry_assert_locked(&pmdp->val, LEVEL_PMD);
	entry_changes(&pmdp->val, "invalidated");
	/* ORDER[hmm-seq:A] as in ptep_get_and_clear(); pairs with ORDER[hmm-seq:B]. */
	return __pmd(fetch_and_acq_rel(&pmdp->val, ~(ENTRY_PRESENT | ENTRY_PROTNONE | ENTRY_WRITE)));
}

/* Clears write permission, and keeps concurrent changes of other bits. */
static inline void pmdp_set_wrprotect(pmd_t *pmdp)
{
	SCHEDULE_STEP("pmd.wrprotect");
	entry_assert_locked(&pmdp->val, LEVEL_PMD);
	entry_changes(&pmdp->val, "write-protected");
	/*
	 * ORDER[gup-unshare:A] ORDER[hmm-seq:A] as in ptep_set_wrprotect(); pair with ORDER[gup-unshare:B] and
	 * ORDER[hmm-seq:B].
	 */
	fetch_and_acq_rel(&pmdp->val, ~ENTRY_WRITE);
}

/* As ptep_set_access_flags(). */
static inline void pmdp_set_access_flags(pmd_t *pmdp, pmd_t entry)
{
	SCHEDULE_STEP("pmd.access");
	entry_assert_locked(&pmdp->val, LEVEL_PMD);
	/* ORDER: entry-bits */
	fetch_or_acq_rel(&pmdp->val, entry.val & (ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_SOFT_DIRTY));
}

/* True if the leaf was accessed since the last call. */
static inline bool pmdp_test_and_clear_young(pmd_t *pmdp)
{
	bool young = pmd_young(pmdp_get(pmdp));

	SCHEDULE_STEP("pmd.young");
	entry_assert_locked(&pmdp->val, LEVEL_PMD);
	/* ORDER: entry-bits */
	return young && (fetch_and_acq_rel(&pmdp->val, ~ENTRY_ACCESSED) & ENTRY_ACCESSED);
}

#endif
