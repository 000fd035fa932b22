/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pgtable.h - entries of page tables: the meaning of bits, reads and changes, descents.
 *
 * An entry is one 64-bit word that other threads read without a lock at any time. So it is read once into a value, and
 * decisions and later stores use that value. Changes that depend on the old value are one atomic exchange: a lockless
 * setter of the accessed or dirty bit must not be lost.
 *
 *   present            bit 0: translates; or protnone (bit 8): kept for its VMA, which allows no access, or a NUMA
 *                      hint: the next access takes a fault (core/op/numa_scan.h)
 *   none               all zero
 *   neither            swapent.h: type and payload
 *
 * Source: arch/x86/include/asm/pgtable.h, include/linux/pgtable.h.
 */
#ifndef FAULTLINE_CORE_PGTABLE_PGTABLE_H
#define FAULTLINE_CORE_PGTABLE_PGTABLE_H

#include "core/base/atomic.h"
#include "core/pgtable/entry_lock.h"
#include "core/pgtable/geometry.h"
#include "core/phys/frame.h"
#include "core/probe/entry_log.h"
#include "core/probe/schedule.h"

/* Lock key: (A) atomic: written under the table's PTL (PGD, P4D, PUD: page_table_lock), read by any */
typedef struct { uint64_t val; /* (A) */ } pte_t;
typedef struct { uint64_t val; /* (A) */ } pmd_t;
typedef struct { uint64_t val; /* (A) */ } pud_t;
typedef struct { uint64_t val; /* (A) */ } p4d_t;
typedef struct { uint64_t val; /* (A) */ } pgd_t;

#define ENTRY_PRESENT	(1UL << 0)
#define ENTRY_WRITE	(1UL << 1)
#define ENTRY_ACCESSED	(1UL << 5)
#define ENTRY_DIRTY	(1UL << 6)
#define ENTRY_HUGE	(1UL << 7)
#define ENTRY_PROTNONE	(1UL << 8)
#define ENTRY_SPECIAL	(1UL << 9)	/* no struct page, or an uncounted one: the zero page */
#define ENTRY_SOFT_DIRTY (1UL << 10)	/* made dirty since clear_refs: see core/mm/soft_dirty.h */
#define ENTRY_UFFD_WP	(1UL << 11)	/* write-protected by a userfaultfd: see core/op/userfaultfd.h */
#define ENTRY_PFN_MASK	0x000ffffffffff000UL
/* The permissions of an entry that is a NUMA hint. Source: arch/x86/include/asm/pgtable_types.h. */
#define PAGE_NONE	(ENTRY_PROTNONE | ENTRY_ACCESSED)
/* What a TLB caches of an entry, beside its frame: none of it may go without a flush. */
#define ENTRY_RIGHTS	(ENTRY_PRESENT | ENTRY_WRITE | ENTRY_DIRTY)
#define ENTRY_KNOWN	(ENTRY_PRESENT | ENTRY_WRITE | ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_PROTNONE | ENTRY_SPECIAL | \
			 ENTRY_SOFT_DIRTY | ENTRY_UFFD_WP | ENTRY_PFN_MASK)

/* An entry that points to a table. Accessed and dirty are set at once: tables are not aged. */
#define ENTRY_TABLE	(ENTRY_PRESENT | ENTRY_WRITE | ENTRY_ACCESSED | ENTRY_DIRTY)

_Static_assert(PAGE_SHIFT == FRAME_SHIFT, "a small page is a frame");

/* The frame of an entry of any level. */
static inline unsigned long entry_pfn(uint64_t val)
{
	return (val & ENTRY_PFN_MASK) >> PAGE_SHIFT;
}

/* ---- values ---- */
#define __pte(x)	((pte_t){ (x) })

static inline bool pte_none(pte_t pte)		{ return pte.val == 0; }
static inline bool pte_present(pte_t pte)	{ return pte.val & (ENTRY_PRESENT | ENTRY_PROTNONE); }
static inline bool pte_accessible(pte_t pte)	{ return pte.val & ENTRY_PRESENT; }
static inline bool pte_protnone(pte_t pte)	{ return pte.val & ENTRY_PROTNONE; }
static inline bool pte_write(pte_t pte)		{ return pte.val & ENTRY_WRITE; }
static inline bool pte_dirty(pte_t pte)		{ return pte.val & ENTRY_DIRTY; }
static inline bool pte_young(pte_t pte)		{ return pte.val & ENTRY_ACCESSED; }
static inline bool pte_special(pte_t pte)	{ return pte.val & ENTRY_SPECIAL; }
static inline bool pte_same(pte_t a, pte_t b)	{ return a.val == b.val; }
static inline unsigned long pte_pfn(pte_t pte)	{ return entry_pfn(pte.val); }
static inline struct page *pte_page(pte_t pte)	{ return pfn_to_page(pte_pfn(pte)); }
static inline pte_t pte_mkwrite(pte_t pte)	{ return __pte(pte.val | ENTRY_WRITE); }
static inline pte_t pte_wrprotect(pte_t pte)	{ return __pte(pte.val & ~ENTRY_WRITE); }
static inline pte_t pte_mkdirty(pte_t pte)	{ return __pte(pte.val | ENTRY_DIRTY | ENTRY_SOFT_DIRTY); }
static inline bool pte_soft_dirty(pte_t pte)	{ return pte.val & ENTRY_SOFT_DIRTY; }
static inline pte_t pte_mksoft_dirty(pte_t pte)	{ return __pte(pte.val | ENTRY_SOFT_DIRTY); }
static inline pte_t pte_clear_soft_dirty(pte_t pte) { return __pte(pte.val & ~ENTRY_SOFT_DIRTY); }
static inline pte_t pte_mkclean(pte_t pte)	{ return __pte(pte.val & ~ENTRY_DIRTY); }
static inline pte_t pte_mkyoung(pte_t pte)	{ return __pte(pte.val | ENTRY_ACCESSED); }
static inline pte_t pte_mkold(pte_t pte)	{ return __pte(pte.val & ~ENTRY_ACCESSED); }
static inline pte_t pte_mkspecial(pte_t pte)	{ return __pte(pte.val | ENTRY_SPECIAL); }
static inline bool pte_uffd_wp(pte_t pte)	{ return pte.val & ENTRY_UFFD_WP; }
static inline pte_t pte_mkuffd_wp(pte_t pte)	{ return pte_wrprotect(__pte(pte.val | ENTRY_UFFD_WP)); }
static inline pte_t pte_clear_uffd_wp(pte_t pte) { return __pte(pte.val & ~ENTRY_UFFD_WP); }

/* @prot: the bits of a VMA's page_prot (present or protnone, accessed). */
static inline pte_t pfn_pte(unsigned long pfn, uint64_t prot)
{
	return __pte(((uint64_t)pfn << PAGE_SHIFT) | prot);
}

/* The same for the @nr-th page after it. Source: include/linux/pgtable.h. */
static inline pte_t pte_advance_pfn(pte_t pte, unsigned long nr)
{
	return __pte(pte.val + ((uint64_t)nr << PAGE_SHIFT));
}

static inline pte_t mk_pte(struct page *page, uint64_t prot)
{
	return pfn_pte(page_to_pfn(page), prot);
}

/* Present, but with reserved bits: corrupt. */
static inline bool pte_malformed(pte_t pte)
{
	return pte_present(pte) && (pte.val & ~ENTRY_KNOWN);
}

/* The same, or it names a frame that does not exist and is not raw: vm_normal_page() reports it. */
static inline bool pte_bad(pte_t pte)
{
	return pte_malformed(pte) || (pte_present(pte) && !pte_special(pte) && !pfn_valid(pte_pfn(pte)));
}

/* The same page with another protection; the caller sets write permission again if needed. */
static inline pte_t pte_modify(pte_t pte, uint64_t prot)
{
	return __pte((pte.val & (ENTRY_PFN_MASK | ENTRY_DIRTY | ENTRY_SOFT_DIRTY | ENTRY_UFFD_WP | ENTRY_ACCESSED |
				 ENTRY_SPECIAL)) | prot);
}

/* ---- reading and changing PTEs ---- */

/* Locking: the PTL, or the caller re-checks under it before it acts. */
static inline pte_t ptep_get(pte_t *ptep)
{
	return __pte(load_relaxed(&ptep->val));
}

/*
 * The page of the entry may be read through it.
 *
 * ORDER[entry:B] before the page is read through the value. Pairs with ORDER[entry:A]. Weaker: a reader without the PTL
 * finds a new page whose contents and struct page are not yet written.
 */
static inline pte_t ptep_get_lockless(pte_t *ptep)
{
	pte_t pte;

	SCHEDULE_STEP("pte.read_lockless");
	/* ORDER[entry:B] as above. */
	pte = __pte(load_acquire(&ptep->val));
	ASSERT(!pte_malformed(pte));
	return pte;
}

/* Locking: the PTL. The page's contents were written before. */
static inline void set_pte(pte_t *ptep, pte_t pte)
{
	SCHEDULE_STEP("pte.set");
	entry_assert_locked(&ptep->val, LEVEL_PTE);
	entry_replaced(&ptep->val, pte.val, ENTRY_RIGHTS, ENTRY_PFN_MASK);
	/* ORDER[entry:A] after the page's contents, counts and flags; pairs with ORDER[entry:B]. */
	store_release(&ptep->val, pte.val);
}

/* Those of @nr adjacent pages, of which @pte names the first; mostly it is one. Locking: the PTL. */
static force_inline void set_ptes(pte_t *ptep, pte_t pte, unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++)
		set_pte(ptep + i, pte_advance_pfn(pte, i));
}

/* set_pte() in a table that no other thread changes: it is not linked yet. */
static inline void pte_init(pte_t *ptep, pte_t pte)
{
	store_relaxed(&ptep->val, pte.val);
}

/* Locking: the PTL. */
static inline pte_t ptep_get_and_clear(pte_t *ptep)
{
	SCHEDULE_STEP("pte.clear");
	entry_assert_locked(&ptep->val, LEVEL_PTE);
	entry_changes(&ptep->val, "cleared");
	/* ORDER[hmm-seq:A] after the invalidation changed the sequence; pairs with ORDER[hmm-seq:B]. */
	return __pte(xchg_acq_rel(&ptep->val, 0));
}

/*
 * Clears write permission, and keeps concurrent changes of other bits. Locking: the PTL. Source:
 * include/linux/pgtable.h.
 */
static inline void ptep_set_wrprotect(pte_t *ptep)
{
	SCHEDULE_STEP("pte.wrprotect");
	entry_assert_locked(&ptep->val, LEVEL_PTE);
	entry_changes(&ptep->val, "write-protected");
	/*
	 * ORDER[gup-unshare:A] at fork, after PageAnonExclusive was cleared; pairs with ORDER[gup-unshare:B].
	 * ORDER[hmm-seq:A] after the invalidation changed the sequence; pairs with ORDER[hmm-seq:B].
	 */
	fetch_and_acq_rel(&ptep->val, ~ENTRY_WRITE);
}

/*
 * Sets the accessed, dirty and soft-dirty bits of @entry: a dirty bit that a processor sets meanwhile stays. Source:
 * mm/pgtable-generic.c.
 */
static inline void ptep_set_access_flags(pte_t *ptep, pte_t entry)
{
	SCHEDULE_STEP("pte.access");
	entry_assert_locked(&ptep->val, LEVEL_PTE);
	/* ORDER: entry-bits */
	fetch_or_acq_rel(&ptep->val, entry.val & (ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_SOFT_DIRTY));
}

/* True if it was accessed since the last call. Locking: the PTL. Source: include/linux/pgtable.h. */
static inline bool ptep_test_and_clear_young(pte_t *ptep)
{
	bool young = pte_young(ptep_get(ptep));

	SCHEDULE_STEP("pte.young");
	entry_assert_locked(&ptep->val, LEVEL_PTE);
	/* ORDER: entry-bits */
	return young && (fetch_and_acq_rel(&ptep->val, ~ENTRY_ACCESSED) & ENTRY_ACCESSED);
}

/*
 * Number of present entries of a whole PTE table. Locking: the PTL. Plain reads, which the compiler vectorises: all
 * writers hold the PTL.
 */
static inline unsigned int pte_table_count_present(const pte_t *table)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		n += (table[i].val & (ENTRY_PRESENT | ENTRY_PROTNONE)) != 0;
	return n;
}

/* ---- upper levels ---- */

static inline bool pmd_none(pmd_t pmd)		{ return pmd.val == 0; }
static inline bool pud_none(pud_t pud)		{ return pud.val == 0; }
static inline bool p4d_none(p4d_t p4d)		{ return p4d.val == 0; }
static inline bool pgd_none(pgd_t pgd)		{ return pgd.val == 0; }
/* A leaf under split, or without access, is present too: see pmd_leaf.h. */
static inline bool pmd_present(pmd_t pmd)	{ return pmd.val & (ENTRY_PRESENT | ENTRY_PROTNONE | ENTRY_HUGE); }
static inline bool pud_present(pud_t pud)	{ return pud.val & ENTRY_PRESENT; }
static inline bool pmd_leaf(pmd_t pmd)		{ return pmd.val & ENTRY_HUGE; }
static inline bool pud_leaf(pud_t pud)		{ return pud.val & ENTRY_HUGE; }
static inline bool pmd_same(pmd_t a, pmd_t b)	{ return a.val == b.val; }

/* True if the upper entry @val points to a table: it has exactly the bits of one. */
static inline bool entry_is_table(uint64_t val)	{ return !((val ^ ENTRY_TABLE) & ~ENTRY_PFN_MASK); }

/*
 * p?d_bad - true if an entry does not point to a table: it is none, a leaf or another kind, which callers check first,
 * or corrupt. Source: arch/x86/include/asm/pgtable.h.
 */
static inline bool pgd_bad(pgd_t pgd)	{ return !entry_is_table(pgd.val); }
static inline bool p4d_bad(p4d_t p4d)	{ return !entry_is_table(p4d.val); }
static inline bool pud_bad(pud_t pud)	{ return !entry_is_table(pud.val); }
static inline bool pmd_bad(pmd_t pmd)	{ return !entry_is_table(pmd.val); }

/*
 * ORDER[table-publish:B] the entry is read with acquire, and the table is read only through the value read. Pairs with
 * ORDER[table-publish:A] in pgalloc.c. Weaker: a walker finds a table that is not yet cleared.
 * ORDER[entry:B] a leaf's pages likewise. Pairs with ORDER[entry:A].
 */
static inline pmd_t pmdp_get(pmd_t *pmdp)	{ return (pmd_t){ load_acquire(&pmdp->val) }; }
static inline pud_t pudp_get(pud_t *pudp)	{ return (pud_t){ load_acquire(&pudp->val) }; }
static inline p4d_t p4dp_get(p4d_t *p4dp)	{ return (p4d_t){ load_acquire(&p4dp->val) }; }
static inline pgd_t pgdp_get(pgd_t *pgdp)	{ return (pgd_t){ load_acquire(&pgdp->val) }; }

/* True if a present upper entry points to a page table, as it must for all readers. */
static inline bool entry_points_to_table(uint64_t val)
{
	unsigned long pfn = entry_pfn(val);

	return pfn_valid(pfn) && page_type(pfn_to_page(pfn)) == PAGE_TABLE;
}

/* The first byte of the table that an upper entry points to: entry_is_table(), and shares its first instruction. */
static inline void *entry_table(uint64_t val)
{
	ASSERT(entry_is_table(val) && entry_points_to_table(val));
	return machine.frames + (val ^ ENTRY_TABLE);
}

/* The struct page, PTL included, of the table that holds the entry at @entry. */
static inline struct page *table_page(const void *entry)
{
	return virt_to_page((void *)((uintptr_t)entry & ~(TABLE_SIZE - 1)));
}

/* The struct page of the PTE table that @pmd points to. */
static inline struct page *pmd_table_page(pmd_t pmd)
{
	return pfn_to_page(entry_pfn(pmd.val));
}

/*
 * Descent. Each takes an entry that is present and no leaf (not asserted: callers have checked), and re-reads it; safe
 * because a table in use is unlinked only where tree and rmap reach no VMA over it - except for PTE tables, which need
 * ptl.h.
 */
static inline pgd_t *pgd_offset(pgd_t *pgd, unsigned long addr)
{
	return pgd + level_index(LEVEL_PGD, addr);
}

/* The entry of @addr in the table that @pgdp points to; @pgdp itself if the level is folded. */
static inline p4d_t *p4d_offset(pgd_t *pgdp, unsigned long addr)
{
	if (PTRS_PER_P4D == 1)
		return (p4d_t *)pgdp;
	return (p4d_t *)entry_table(pgdp_get(pgdp).val) + level_index(LEVEL_P4D, addr);
}

/* The same one level down. */
static inline pud_t *pud_offset(p4d_t *p4dp, unsigned long addr)
{
	if (PTRS_PER_PUD == 1)
		return (pud_t *)p4dp;
	return (pud_t *)entry_table(p4dp_get(p4dp).val) + level_index(LEVEL_PUD, addr);
}

/* The same one level down. */
static inline pmd_t *pmd_offset(pud_t *pudp, unsigned long addr)
{
	if (PTRS_PER_PMD == 1)
		return (pmd_t *)pudp;
	return (pmd_t *)entry_table(pudp_get(pudp).val) + level_index(LEVEL_PMD, addr);
}

/* The PTE of @addr in the table that the value @pmd points to. */
static inline pte_t *pte_offset(pmd_t pmd, unsigned long addr)
{
	return (pte_t *)entry_table(pmd.val) + level_index(LEVEL_PTE, addr);
}

/* The same of a kernel address, whose table stays. Locking: see vmalloc.h. Source: include/linux/pgtable.h. */
static inline pte_t *pte_offset_kernel(pmd_t *pmdp, unsigned long addr)
{
	return pte_offset(pmdp_get(pmdp), addr);
}

/*
 * The same without a lock that keeps upper tables: from the value of the entry above, read once, present and no leaf.
 * Locking: a section in which tables are not freed. Source: include/linux/pgtable.h.
 */
static inline p4d_t *p4d_offset_lockless(pgd_t *pgdp, pgd_t pgd, unsigned long addr)
{
	return PTRS_PER_P4D == 1 ? (p4d_t *)pgdp : (p4d_t *)entry_table(pgd.val) + level_index(LEVEL_P4D, addr);
}

static inline pud_t *pud_offset_lockless(p4d_t *p4dp, p4d_t p4d, unsigned long addr)
{
	return PTRS_PER_PUD == 1 ? (pud_t *)p4dp : (pud_t *)entry_table(p4d.val) + level_index(LEVEL_PUD, addr);
}

static inline pmd_t *pmd_offset_lockless(pud_t *pudp, pud_t pud, unsigned long addr)
{
	return PTRS_PER_PMD == 1 ? (pmd_t *)pudp : (pmd_t *)entry_table(pud.val) + level_index(LEVEL_PMD, addr);
}

#endif
