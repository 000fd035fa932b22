/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ptl.h - split page-table locks, and the descent into a PTE table that may be freed.
 *
 * A PTE table is unlinked under its PMD entry's lock and its own, while other threads descend into it. So a descent
 * is:
 *
 *   begin (RCU, or a walk mark); read the PMD entry; lock the table it names; re-read the PMD entry
 *
 * Equal: the table was linked while its lock was held, and stays linked until the lock is dropped, because unlinking
 * needs the lock too. Different: it was unlinked, or never the right one; the descent fails, and the caller restarts
 * from the PMD. Between the two reads the table may be unlinked, but not freed: the section prevents that
 * (table-free).
 *
 * Source: mm/pgtable-generic.c, __pte_offset_map_lock(); include/linux/mm.h, pmd_lock(), pte_lockptr().
 */
#ifndef FAULTLINE_CORE_PGTABLE_PTL_H
#define FAULTLINE_CORE_PGTABLE_PTL_H

#include "core/base/assert.h"
#include "core/base/event.h"
#include "core/host/rcu.h"
#include "core/pgtable/bad_entry.h"
#include "core/pgtable/mm_pgtable.h"
#include "core/pgtable/pmd_leaf.h"
#include "core/pgtable/shootdown.h"
#include "core/probe/knockout.h"

DECLARE_KNOCKOUT(TABLE_FREE_B);
DECLARE_KNOCKOUT(PTE_MAP_RECHECK);
DECLARE_KNOCKOUT(PTE_LOCK);
DECLARE_KNOCKOUT(PTL_ORDER);
DECLARE_KNOCKOUT(THP_LOCK_RECHECK);

DECLARE_EVENT(PTE_MAP_RETRY);
DECLARE_OBJECT_KIND(page_table);	/* defined in pgalloc.c */

/* The lock of the table that contains the PMD entry at @pmdp. */
static inline spinlock_t *pmd_lockptr(struct mm_pgtable *pt, pmd_t *pmdp)
{
	return pt->policy.pmd_ptl == PTL_MM ? &pt->page_table_lock : &table_page(pmdp)->ptl;
}

/* The lock of the entries of the PTE table that @pmd, the value read at @pmdp, points to. */
static inline spinlock_t *pte_lockptr(struct mm_pgtable *pt, pmd_t *pmdp, pmd_t pmd)
{
	if (likely(pt->policy.pte_ptl == PTL_PTE_TABLE))
		return &pmd_table_page(pmd)->ptl;
	return pt->policy.pte_ptl == PTL_MM ? &pt->page_table_lock : &table_page(pmdp)->ptl;
}

/*
 * Takes the lock of pmd_lockptr(), and returns it. Locking: mmap_lock, the VMA lock or a rmap lock. Source:
 * include/linux/mm.h, pmd_lock().
 */
static inline spinlock_t *pmd_lock(struct mm_pgtable *pt, pmd_t *pmdp)
{
	spinlock_t *ptl = pmd_lockptr(pt, pmdp);

	spin_lock(ptl);
	return ptl;
}

/* Takes @ptl, the lock of @leafp, which was a leaf, and returns it. NULL, without a lock: it is none any more. */
static inline spinlock_t *leaf_lock(spinlock_t *ptl, pmd_t *leafp)
{
	SYNCPOINT("ptl.pmd_leaf");
	spin_lock(ptl);
	if (likely(pmd_trans_huge(pmdp_get(leafp)) || KNOCKED_OUT(THP_LOCK_RECHECK)))
		return ptl;
	spin_unlock(ptl);
	return NULL;
}

/*
 * pmd_trans_huge_lock - returns the held lock of the leaf at @pmdp; NULL, without a lock, if it is no leaf: none, or a
 * table. A leaf stays one while its lock is held. Locking: mmap_lock, the VMA lock or a rmap lock, which keep upper
 * tables. Source: include/linux/huge_mm.h.
 */
static inline spinlock_t *pmd_trans_huge_lock(struct mm_pgtable *pt, pmd_t *pmdp)
{
	return likely(!pmd_trans_huge(pmdp_get(pmdp))) ? NULL : leaf_lock(pmd_lockptr(pt, pmdp), pmdp);
}

/*
 * pmd_pte_lock - locks the PMD entry and the entries of its table, outermost first: the mm's one lock ranks above a
 * PMD table's. Returns the PMD entry; *@inner is NULL if one lock guards both, or there is no table. A table is
 * unlinked under these locks: a holder of either found it linked, and a waiter finds the PMD entry changed. Locking:
 * as pte_offset_map_lock().
 */
static inline pmd_t pmd_pte_lock(struct mm_pgtable *pt, pmd_t *pmdp, spinlock_t **outer, spinlock_t **inner)
{
	bool one_for_ptes = pt->policy.pte_ptl == PTL_MM;
	pmd_t pmd;

	*outer = one_for_ptes ? &pt->page_table_lock : pmd_lockptr(pt, pmdp);
	spin_lock(*outer);
	pmd = pmdp_get(pmdp);
	*inner = NULL;
	if (pmd_is_table(pmd))
		*inner = one_for_ptes ? pmd_lockptr(pt, pmdp) : pte_lockptr(pt, pmdp, pmd);
	if (*inner == *outer)
		*inner = NULL;
	if (*inner)
		spin_lock(*inner);
	return pmd;
}

/* Drops the locks that pmd_pte_lock() stored. */
static inline void pmd_pte_unlock(spinlock_t *outer, spinlock_t *inner)
{
	if (inner)
		spin_unlock(inner);
	spin_unlock(outer);
}

/* True if PTE tables may be unlinked while their VMA is reachable: then a descent needs a section. */
static inline bool pte_tables_can_go(const struct mm_pgtable *pt)
{
	return pt->policy.table_free == TABLE_FREE_RCU || pt->policy.reclaim_tables;
}

/*
 * A section in which a PTE table that was linked when its PMD entry was read is not freed. Without table reclaim a
 * linked table stays for as long as its VMA is reachable, and the shootdown policy needs no mark.
 * ORDER[table-free:B] the section begins before the PMD entry is read; pairs with ORDER[table-free:A] in mmu_gather.c.
 * Weaker: the table is freed and reused under its reader.
 */
static inline void pte_section_begin(struct mm_pgtable *pt)
{
	if (likely(pt->policy.table_free == TABLE_FREE_RCU)) {
		if (!KNOCKED_OUT(TABLE_FREE_B))
			rcu_read_lock();
	} else if (pt->policy.reclaim_tables) {
		shootdown_walk_begin();
	}
}

/* Ends the section: a table read in it may be freed. */
static inline void pte_section_end(struct mm_pgtable *pt)
{
	if (likely(pt->policy.table_free == TABLE_FREE_RCU)) {
		if (!KNOCKED_OUT(TABLE_FREE_B))
			rcu_read_unlock();
	} else if (pt->policy.reclaim_tables) {
		shootdown_walk_end();
	}
}

/*
 * pte_offset_map - the PTE of @addr, not locked, inside a section that pte_unmap() ends; NULL, without a section, if
 * @pmdp points to no table; a corrupt entry is cleared then. *@pmd is the entry read. Entries read through it may be
 * stale.
 */
static inline pte_t *pte_offset_map(struct mm_pgtable *pt, pmd_t *pmdp, unsigned long addr, pmd_t *pmd)
{
	pte_section_begin(pt);
	*pmd = pmdp_get(pmdp);
	if (likely(pmd_is_table(*pmd))) {
		unsigned long life = page_life(pmd_table_page(*pmd));

		SYNCPOINT("ptl.map.read_pmd");
		/* In the section a table may be unlinked, but not freed or reused. */
		ASSERT(entry_points_to_table(pmd->val) && page_life(pmd_table_page(*pmd)) == life);
		if (pt->policy.table_free == TABLE_FREE_RCU)
			object_seen(&kind_page_table, &pmd_table_page(*pmd)->probe, pmd_table_page(*pmd));
		return pte_offset(*pmd, addr);
	}
	pte_section_end(pt);
	pmd_clear_bad(pmdp, *pmd);
	return NULL;
}

/* Ends the section of pte_offset_map(). Source: include/linux/pgtable.h, pte_unmap(). */
static inline void pte_unmap(struct mm_pgtable *pt)
{
	pte_section_end(pt);
}

/* The current entry of @addr, none if @pmdp points to no table; stale at once. Locking: as pte_offset_map(). */
static inline pte_t pte_read(struct mm_pgtable *pt, pmd_t *pmdp, unsigned long addr)
{
	pte_t *ptep, pte = { 0 };
	pmd_t pmd;

	ptep = pte_offset_map(pt, pmdp, addr, &pmd);
	if (ptep) {
		pte = ptep_get_lockless(ptep);
		pte_unmap(pt);
	}
	return pte;
}

/*
 * Takes the lock of a PTE table; @how: LOCK_NESTED if another one of its rank is held. Locking: a section, until the
 * PMD entry is re-read.
 */
static force_inline void pte_lock(spinlock_t *ptl, enum lock_how how)
{
	if (!KNOCKED_OUT(PTE_LOCK)) {
		spin_lock_at(ptl, how, LOCK_SITE);
		return;
	}
	lock_wanted(ptl, ptl->rank, HELD_WRITE, how, LOCK_SITE);
	lock_acquired(ptl, &ptl->probe, ptl->rank, HELD_WRITE, how, LOCK_SITE);
}

/* Drops it. Locking: the section, since the table may be unlinked from here on. */
static inline void pte_unlock(spinlock_t *ptl)
{
	if (!KNOCKED_OUT(PTE_LOCK))
		spin_unlock(ptl);
	else
		lock_released(ptl, &ptl->probe, ptl->rank, HELD_WRITE);
}

/*
 * Both forms of pte_offset_map_lock(), and its rules; @how as in pte_lock(). Source: mm/pgtable-generic.c,
 * __pte_offset_map_lock().
 */
static inline pte_t *pte_offset_map_lock_at(struct mm_pgtable *pt, pmd_t *pmdp, unsigned long addr, spinlock_t **ptlp,
					    enum lock_how how)
{
	spinlock_t *ptl;
	pmd_t pmd;
	pte_t *ptep;

	ptep = pte_offset_map(pt, pmdp, addr, &pmd);
	if (unlikely(!ptep))
		return NULL;
	ptl = pte_lockptr(pt, pmdp, pmd);
	pte_lock(ptl, how);
	if (likely(pmd_same(pmd, pmdp_get(pmdp)) || KNOCKED_OUT(PTE_MAP_RECHECK))) {
		SYNCPOINT("ptl.locked");
		*ptlp = ptl;
		return ptep;
	}
	pte_unlock(ptl);
	pte_section_end(pt);
	count_event(EV_PTE_MAP_RETRY);
	return NULL;
}

/*
 * pte_offset_map_lock - the PTE of @addr, its table locked by *@ptlp, until pte_unmap_unlock(). NULL, without a lock,
 * if @pmdp points to no table, or to another one than before: the caller re-reads it. Locking: mmap_lock or the VMA
 * lock, which keep upper tables.
 */
static inline pte_t *pte_offset_map_lock(struct mm_pgtable *pt, pmd_t *pmdp, unsigned long addr, spinlock_t **ptlp)
{
	return pte_offset_map_lock_at(pt, pmdp, addr, ptlp, LOCK_WAITED);
}

/* The same inside the section and the lock of another table, which the caller locked first. */
static inline pte_t *pte_offset_map_lock_nested(struct mm_pgtable *pt, pmd_t *pmdp, unsigned long addr,
						spinlock_t **ptlp)
{
	return pte_offset_map_lock_at(pt, pmdp, addr, ptlp, LOCK_NESTED);
}

/* Two PTLs of one rank, or one twice. (T) all of it */
struct ptl_pair {
	spinlock_t *first;
	spinlock_t *second;	/* NULL: there is one */
};

/*
 * ptl_pair_lock - takes the locks at @a and @b, by address: so two threads that take the same two, the other way round,
 * never wait for each other. ptl_pair_unlock() drops both. Locking: as the locks'. Source: mm/userfaultfd.c,
 * double_pt_lock().
 */
static inline void ptl_pair_lock(struct ptl_pair *pair, spinlock_t *a, spinlock_t *b)
{
	bool turned = a > b && !KNOCKED_OUT(PTL_ORDER);

	pair->first = turned ? b : a;
	pair->second = a == b ? NULL : turned ? a : b;
	spin_lock(pair->first);
	SYNCPOINT("ptl.first_of_two");
	if (pair->second)
		spin_lock_nested(pair->second);
}

/* Drops what ptl_pair_lock() took. */
static inline void ptl_pair_unlock(struct ptl_pair *pair)
{
	if (pair->second)
		spin_unlock(pair->second);
	spin_unlock(pair->first);
}

/* An entry whose table is mapped. (T) all of it */
struct mapped_pte {
	pmd_t *pmdp;
	unsigned long addr;
	pte_t *ptep;	/* valid until pte_pair_unmap_unlock() */
};

/* Drops the locks of pte_pair_map_lock(), and ends its sections. */
static inline void pte_pair_unmap_unlock(struct mm_pgtable *pt, struct ptl_pair *pair)
{
	ptl_pair_unlock(pair);
	pte_section_end(pt);
	pte_section_end(pt);
}

/*
 * pte_pair_map_lock - as pte_offset_map_lock(), for the entries @a and @b at once. False, without a lock: one of the
 * tables has gone. Locking: as pte_offset_map_lock().
 */
static inline bool pte_pair_map_lock(struct mm_pgtable *pt, struct mapped_pte *a, struct mapped_pte *b,
				     struct ptl_pair *pair)
{
	pmd_t a_pmd, b_pmd;

	a->ptep = pte_offset_map(pt, a->pmdp, a->addr, &a_pmd);
	if (unlikely(!a->ptep))
		return false;
	b->ptep = pte_offset_map(pt, b->pmdp, b->addr, &b_pmd);
	if (unlikely(!b->ptep)) {
		pte_section_end(pt);
		return false;
	}
	ptl_pair_lock(pair, pte_lockptr(pt, a->pmdp, a_pmd), pte_lockptr(pt, b->pmdp, b_pmd));
	if (likely(pmd_same(a_pmd, pmdp_get(a->pmdp)) && pmd_same(b_pmd, pmdp_get(b->pmdp))))
		return true;
	pte_pair_unmap_unlock(pt, pair);
	count_event(EV_PTE_MAP_RETRY);
	return false;
}

/* Drops the lock of pte_offset_map_lock() and ends its section. Source: include/linux/mm.h, pte_unmap_unlock(). */
static inline void pte_unmap_unlock(struct mm_pgtable *pt, spinlock_t *ptl)
{
	pte_unlock(ptl);
	pte_section_end(pt);
}

#endif
