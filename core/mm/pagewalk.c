/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk.c - the page walker.
 *
 * Guarantees     every address of the range is covered once, by a hole, by an entry's callback, or by both an entry and
 *                the entries below it; upper tables stay while mmap_lock is held, PTE tables while their PTL is
 * Progress       an entry is re-read (ACTION_AGAIN) only on a callback's request, or if its PTE table was unlinked
 *                meanwhile; more rounds of one entry than its retry loop allows are a broken invariant
 * Weak spot      between two entries only mmap_lock is held: results may be stale on return
 * Folded levels  a folded level's entry is the one above: it counts as populated, and its callback runs even if it is
 *                empty; the hole is found at the entry that could point to a table
 */
#include "core/mm/pagewalk.h"

#include <errno.h>

#include "core/mm/huge_memory.h"
#include "core/mm/hugetlb.h"
#include "core/mm/i_mmap.h"
#include "core/mm/vma.h"
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

static int walk_pte_range(pmd_t *pmdp, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	struct mm_pgtable *pt = &walk->mm->pt;
	spinlock_t *ptl = NULL;
	pte_t *ptep;
	pmd_t pmd;
	int err;

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

static int walk_pgd_range(unsigned long addr, unsigned long end, struct mm_walk *walk)
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

/* 0 walk the VMA, 1 skip it (raw frames: a hole), < 0 abort. In a walk by file, mprotect() may change the flags. */
static int walk_page_test(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err = 0;

	if (ops->test_walk)
		return ops->test_walk(start, end, walk);
	if (!(load_relaxed(&walk->vma->vm_flags) & VM_PFNMAP))
		return 0;
	if (ops->pte_hole)
		err = ops->pte_hole(start, end, -1, walk);
	return err ? err : 1;
}

/* Walks by huge pages. Source: mm/pagewalk.c. */
static int walk_hugetlb_range(unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	unsigned long next;
	int err = 0;

	hugetlb_vma_lock_read(walk->vma);
	for (; !err && addr < end; addr = next) {
		unsigned long found = addr;
		pmd_t *pmdp;

		next = pmd_addr_end(addr, end);
		pmdp = pmd_find_next(&walk->mm->pt, &found, next);
		SYNCPOINT("pagewalk.hugetlb");
		if (pmdp)
			err = ops->hugetlb_entry(pmdp, addr, next, walk);
		else if (ops->pte_hole)
			err = ops->pte_hole(addr, next, -1, walk);
	}
	hugetlb_vma_unlock_read(walk->vma);
	return err;
}

static int walk_vma_range(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	bool hugetlb = is_vm_hugetlb_page(walk->vma);
	int err = 0;

	if (hugetlb && ops->install_pte)
		return -EINVAL;
	if (ops->pre_vma) {
		err = ops->pre_vma(start, end, walk);
		if (err)
			return err;
	}
	if (!hugetlb)
		err = walk_pgd_range(start, end, walk);
	else if (ops->hugetlb_entry)
		err = walk_hugetlb_range(start, end, walk);
	if (ops->post_vma)
		ops->post_vma(walk);
	return err;
}

static void process_mm_walk_lock(struct mm_struct *mm, enum page_walk_lock walk_lock)
{
	if (walk_lock == PGWALK_RDLOCK)
		mmap_assert_locked(mm);
	else
		mmap_assert_write_locked(mm);
}

static void process_vma_walk_lock(struct vm_area_struct *vma, enum page_walk_lock walk_lock)
{
	if (walk_lock == PGWALK_WRLOCK)
		vma_start_write(vma);
	else if (walk_lock == PGWALK_WRLOCK_VERIFY)
		vma_assert_write_locked(vma);
}

/* The part of [start, end) up to *next, the next boundary of a VMA. @vma: the first that ends above start. */
static int walk_segment(unsigned long start, unsigned long end, struct vm_area_struct *vma, unsigned long *next,
			struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	int err;

	if (!vma || start < vma->vm_start) {
		walk->vma = NULL;
		*next = vma ? min(end, vma->vm_start) : end;
		return ops->pte_hole ? ops->pte_hole(start, *next, -1, walk) : 0;
	}
	process_vma_walk_lock(vma, ops->walk_lock);
	walk->vma = vma;
	*next = min(end, vma->vm_end);
	err = walk_page_test(start, *next, walk);
	if (err)
		return min(err, 0);
	return walk_vma_range(start, *next, walk);
}

int walk_page_range_mm(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
		       void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = mm, .private = private };
	unsigned long next;
	int err;

	if (start >= end || !mm)
		return -EINVAL;
	process_mm_walk_lock(mm, ops->walk_lock);
	do {
		err = walk_segment(start, end, find_vma(mm, start), &next, &walk);
	} while (!err && (start = next) < end);
	return err;
}

/* Only internal operations may install entries: public walks reject install_pte. */
static bool check_ops_valid(const struct mm_walk_ops *ops)
{
	return !ops->install_pte;
}

int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
		    void *private)
{
	if (!check_ops_valid(ops))
		return -EINVAL;
	return walk_page_range_mm(mm, start, end, ops, private);
}

int walk_page_range_novma(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
			  pgd_t *pgd, void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = mm, .pgd = pgd, .no_vma = true, .private = private };

	if (start >= end || end - 1 > (PTRS_PER_PGD * PGDIR_SIZE) - 1 || !mm || !check_ops_valid(ops))
		return -EINVAL;
	mmap_assert_write_locked(mm);
	return walk_pgd_range(start, end, &walk);
}

int walk_page_range_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			const struct mm_walk_ops *ops, void *private)
{
	struct mm_walk walk = { .ops = ops, .mm = vma->vm_mm, .vma = vma, .private = private };

	if (start >= end || !walk.mm || !check_ops_valid(ops))
		return -EINVAL;
	if (start < vma->vm_start || end > vma->vm_end)
		return -EINVAL;
	process_mm_walk_lock(walk.mm, ops->walk_lock);
	process_vma_walk_lock(vma, ops->walk_lock);
	return walk_vma_range(start, end, &walk);
}

int walk_page_vma(struct vm_area_struct *vma, const struct mm_walk_ops *ops, void *private)
{
	return walk_page_range_vma(vma, vma->vm_start, vma->vm_end, ops, private);
}

int walk_page_mapping(struct address_space *mapping, unsigned long first_index, unsigned long nr,
		      const struct mm_walk_ops *ops, void *private)
{
	struct mm_walk walk = { .ops = ops, .private = private };

	if (!nr || !check_ops_valid(ops))
		return -EINVAL;
	i_mmap_assert_locked(mapping);
	nr = min(nr, ~first_index);	/* no file has the last page number: the range does not wrap around */
	vma_interval_tree_foreach(walk.vma, mapping, first_index, first_index + nr - 1) {
		const struct vm_area_struct *vma = walk.vma;
		const unsigned long first = max(first_index, vma->vm_pgoff) - vma->vm_pgoff;
		const unsigned long last = min(first_index + nr - vma->vm_pgoff, vma_pages(vma));
		int err;

		walk.mm = load_relaxed(&vma->vm_mm);
		err = walk_page_test(vma->vm_start, vma->vm_end, &walk);
		if (err)
			return min(err, 0);
		err = walk_vma_range(vma->vm_start + (first << PAGE_SHIFT), vma->vm_start + (last << PAGE_SHIFT),
				     &walk);
		if (err)
			return err;
	}
	return 0;
}
