/* SPDX-License-Identifier: GPL-2.0-or-later */
/* count.c - walker callbacks that count. */
#include "workloads/lib/count.h"

#include <errno.h>

static int entry_present(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct count *count = walk->private;

	(void)addr, (void)next;
	count->present += pte_present(ptep_get(ptep));
	return 0;
}

static int entry_slot(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct count *count = walk->private;

	(void)addr, (void)next;
	count->slots++;
	count->present += pte_present(ptep_get(ptep));
	return 0;
}

static int hole_or_gap(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	struct count *count = walk->private;

	(void)addr, (void)next;
	if (depth < 0)
		count->gaps++;
	else
		count->holes++;
	return 0;
}

/* The range covers whole tables, or leaves, which need no lock to be counted: they are one word. */
static int table_present(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct count *count = walk->private;
	spinlock_t *ptl;
	pte_t *ptep;

	if (pmd_trans_huge(pmdp_get(pmdp))) {
		count->present += (next - addr) >> PAGE_SHIFT;
		walk->action = ACTION_CONTINUE;
		return 0;
	}
	ptep = walk_lock_ptes(walk, pmdp, addr, &ptl);
	if (!ptep)
		return 0;
	count->present += pte_table_count_present(ptep);
	pte_unmap_unlock(&walk->mm->pt, ptl);
	return 0;
}

const struct mm_walk_ops count_entries = {
	.pte_entry = entry_present,
	.walk_lock = PGWALK_RDLOCK,
};

const struct mm_walk_ops count_all = {
	.pte_entry = entry_slot,
	.pte_hole = hole_or_gap,
	.walk_lock = PGWALK_RDLOCK,
};

const struct mm_walk_ops count_tables = {
	.pmd_entry = table_present,
	.walk_lock = PGWALK_RDLOCK,
};

int64_t count_region(struct worker *worker, const struct mm_walk_ops *ops, unsigned long present)
{
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, worker->index);
	struct count count = { 0 };
	int err = space_walk(space->mm, start, start + (space->pages << PAGE_SHIFT), ops, &count);

	if (!err && count.present != present)
		err = space_fail(space, -EUCLEAN, "%lu entries found present, not %lu", count.present, present);
	return err ? err : (int64_t)space->pages;
}

int count_regions(struct space *space, const struct mm_walk_ops *ops, struct count *count)
{
	int err = space_walk(space->mm, space_region(space, 0), space_region(space, space->nr), ops, count);

	if (!err && count->present > space->nr * space->pages)
		err = space_fail(space, -EUCLEAN, "%lu pages found where %lu fit", count->present,
				 space->nr * space->pages);
	return err;
}

int64_t count_or_split_regions(struct worker *worker)
{
	const struct mm_walk_ops *ops = rng_below(&worker->rng, 4) ? &count_tables : &count_all;
	struct space *space = space_of(worker);
	struct count count = { 0 };
	int err = count_regions(space, ops, &count);

	return err ? err : (int64_t)(space->nr * space->pages);
}
