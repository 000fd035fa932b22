/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk_levels.c - the page walker from the root table down.
 *
 * Progress       an entry is re-read (ACTION_AGAIN) only on a callback's request, or if its PTE table was unlinked
 *                meanwhile; more rounds of one entry than its retry loop allows are a broken invariant
 * Folded levels  a folded level's entry is the one above: it counts as populated, and its callback runs even if it is
 *                empty; the hole is found at the entry that could point to a table
 */
#include "core/mm/walk_levels.h"

#include "core/mm/huge_memory.h"
#include "core/mm/vmalloc.h"
#include "core/pgtable/pgalloc.h"

DEFINE_EVENT(WALK_AGAIN, "walker rounds repeated (ACTION_AGAIN)");

/*
 * [addr, end) lies in one PTE table. Not inlined, so that nothing is spilled around the call, and unrolled: else the
 * loop's branch, the call and the return are three taken branches per entry, which cost more than most callbacks.
 */
static __noinline int walk_ptes(pte_t *ptep, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	int (*pte_entry)(pte_t *, unsigned long, unsigned long, struct mm_walk *) = walk->ops->pte_entry;
	int err = 0;

#pragma GCC unroll 4
	for (; addr < end && !err; addr += PAGE_SIZE, ptep++)
		err = pte_entry(ptep, addr, addr + PAGE_SIZE, walk);
	return err;
}

/* Only into empty slots: existing entries stay. Locking: the PTL. */
static int install_ptes(pte_t *ptep, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err = 0;

	for (; addr < end && !err; addr += PAGE_SIZE, ptep++) {
		if (pte_none(ptep_get(ptep))) {
			pte_t new;

			err = ops->install_pte(addr, addr + PAGE_SIZE, &new, walk);
			if (!err)
				set_pte(ptep, new);
		} else if (ops->pte_entry) {
			err = ops->pte_entry(ptep, addr, addr + PAGE_SIZE, walk);
		}
	}
	return err;
}

/* Without a lock, and without a section: kernel tables that are walked are not freed (vmalloc.h). */
static int walk_kernel_ptes(pmd_t *pmdp, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	pmd_t pmd = pmdp_get(pmdp);
	unsigned long life;
	int err;

	if (unlikely(!pmd_is_table(pmd))) {
		pmd_clear_bad(pmdp, pmd);
		walk->action = ACTION_AGAIN;
		return 0;
	}
	life = page_life(pmd_table_page(pmd));
	err = walk_ptes(pte_offset_kernel(pmdp, addr), addr, end, walk);
	ASSERT(page_life(pmd_table_page(pmd)) == life);
	(void)life;
	return err;
}

static int walk_pte_range(pmd_t *pmdp, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	struct mm_pgtable *pt = &walk->mm->pt;
	spinlock_t *ptl = NULL;
	pte_t *ptep;
	pmd_t pmd;
	int err;

	if (walk->no_vma && walk->mm == init_mm)
		return walk_kernel_ptes(pmdp, addr, end, walk);
	if (walk->no_vma)
		ptep = pte_offset_map(pt, pmdp, addr, &pmd);
	else
		ptep = pte_offset_map_lock(pt, pmdp, addr, &ptl);
	if (!ptep) {
		walk->action = ACTION_AGAIN;
		return 0;
	}
	err = walk->ops->install_pte ? install_ptes(ptep, addr, end, walk) : walk_ptes(ptep, addr, end, walk);
	if (ptl)
		pte_unmap_unlock(pt, ptl);
	else
		pte_unmap(pt);
	return err;
}

/* A hole has nothing to descend to or to re-read: an action set by its callback is ignored. */
static int hole(enum pgtable_level level, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	int err = walk->ops->pte_hole ? walk->ops->pte_hole(addr, next, (int)real_depth(level), walk) : 0;

	walk->action = ACTION_SUBTREE;
	return err;
}

/*
 * A leaf covers the range. Inside a VMA it is split, unless the walk only installs: its range is populated. Outside it
 * is skipped. False: there is nothing below. The split of a file's leaf leaves no table: the entry is re-read.
 */
static bool split_or_skip(pmd_t *pmdp, unsigned long addr, struct mm_walk *walk)
{
	if (!walk->vma || !walk->ops->pte_entry)
		return false;
	split_huge_pmd(walk->vma, pmdp, addr);
	return true;
}

/* Handles one PMD entry, once. Sets walk->action to ACTION_AGAIN if it must be re-read. */
static int walk_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err;

	walk->action = ACTION_SUBTREE;
	if (pmd_none(pmdp_get(pmdp))) {
		if (!ops->install_pte)
			return hole(LEVEL_PMD, addr, next, walk);
		err = pte_alloc(&walk->mm->pt, pmdp);
		if (err)
			return err;
	}
	SYNCPOINT("pagewalk.pmd");
	if (ops->pmd_entry) {
		err = ops->pmd_entry(pmdp, addr, next, walk);
		if (err || walk->action != ACTION_SUBTREE)
			return err;
	}
	if (!ops->pte_entry && !ops->install_pte)
		return 0;
	if (unlikely(pmd_trans_huge(pmdp_get(pmdp))) && !split_or_skip(pmdp, addr, walk))
		return 0;
	return walk_pte_range(pmdp, addr, next, walk);
}

static int walk_pmd_range(pud_t *pudp, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	pmd_t *pmdp = pmd_offset(pudp, addr);
	unsigned long next;
	int err;

	do {
		RETRY_LOOP(100000, "a page walk's PMD entry, re-read");

		next = pmd_addr_end(addr, end);
		while (!(err = walk_pmd_entry(pmdp, addr, next, walk)) && walk->action == ACTION_AGAIN && RETRIED())
			count_event(EV_WALK_AGAIN);
	} while (!err && (pmdp++, addr = next) != end);
	return err;
}

/* As split_or_skip(): the split, by this or another thread, leaves a hole or a table. A corrupt entry leaves a hole. */
static void split_or_skip_pud(pud_t *pudp, unsigned long addr, struct mm_walk *walk)
{
	if (pud_trans_huge(pudp_get(pudp))) {
		if (!walk->vma || !(walk->ops->pmd_entry || walk->ops->pte_entry))
			return;
		split_huge_pud(walk->vma, pudp, addr);
	} else {
		pud_none_or_clear_bad(pudp);
	}
	walk->action = ACTION_AGAIN;
}

static int walk_pud_entry(pud_t *pudp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err;

	walk->action = ACTION_SUBTREE;
	if (PTRS_PER_PMD > 1 && pud_none(pudp_get(pudp))) {
		if (!ops->install_pte)
			return hole(LEVEL_PUD, addr, next, walk);
		if (!pmd_alloc(&walk->mm->pt, pudp, addr))
			return -ENOMEM;
	}
	if (ops->pud_entry) {
		err = ops->pud_entry(pudp, addr, next, walk);
		if (err || walk->action != ACTION_SUBTREE)
			return err;
	}
	if (!ops->pmd_entry && !ops->pte_entry && !ops->install_pte)
		return 0;
	if (THP_POSSIBLE && unlikely(!pud_is_table(pudp_get(pudp)))) {
		split_or_skip_pud(pudp, addr, walk);
		return 0;
	}
	err = walk_pmd_range(pudp, addr, next, walk);
	walk->action = ACTION_SUBTREE;
	return err;
}

static int walk_pud_range(p4d_t *p4dp, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	pud_t *pudp = pud_offset(p4dp, addr);
	unsigned long next;
	int err;

	do {
		RETRY_LOOP(100000, "a page walk's PUD entry, re-read");

		next = pud_addr_end(addr, end);
		while (!(err = walk_pud_entry(pudp, addr, next, walk)) && walk->action == ACTION_AGAIN && RETRIED())
			count_event(EV_WALK_AGAIN);
	} while (!err && (pudp++, addr = next) != end);
	return err;
}

/* True if levels below P4D matter: a walk for holes alone reports those it meets, but does not descend for them. */
static bool wants_below(const struct mm_walk_ops *ops)
{
	return ops->pud_entry || ops->pmd_entry || ops->pte_entry || ops->install_pte;
}

static int walk_p4d_range(pgd_t *pgdp, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	p4d_t *p4dp = p4d_offset(pgdp, addr);
	unsigned long next;
	int err = 0;

	do {
		next = p4d_addr_end(addr, end);
		if (PTRS_PER_PUD > 1 && p4d_none_or_clear_bad(p4dp)) {
			if (!ops->install_pte) {
				err = hole(LEVEL_P4D, addr, next, walk);
				continue;
			}
			if (!pud_alloc(&walk->mm->pt, p4dp, addr))
				return -ENOMEM;
		}
		if (ops->p4d_entry)
			err = ops->p4d_entry(p4dp, addr, next, walk);
		if (!err && wants_below(ops))
			err = walk_pud_range(p4dp, addr, next, walk);
	} while (!err && (p4dp++, addr = next) != end);
	return err;
}

int walk_pgd_range(unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	pgd_t *pgdp = pgd_offset(walk->pgd ? walk->pgd : walk->mm->pt.pgd, addr);
	unsigned long next;
	int err = 0;

	do {
		next = pgd_addr_end(addr, end);
		if (PTRS_PER_P4D > 1 && pgd_none_or_clear_bad(pgdp)) {
			if (!ops->install_pte) {
				err = hole(LEVEL_PGD, addr, next, walk);
				continue;
			}
			if (!p4d_alloc(&walk->mm->pt, pgdp, addr))
				return -ENOMEM;
		}
		if (ops->pgd_entry)
			err = ops->pgd_entry(pgdp, addr, next, walk);
		if (!err && (ops->p4d_entry || wants_below(ops)))
			err = walk_p4d_range(pgdp, addr, next, walk);
	} while (!err && (pgdp++, addr = next) != end);
	return err;
}
