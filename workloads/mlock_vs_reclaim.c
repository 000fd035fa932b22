/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mlock_vs_reclaim.c - memory that is locked, read and unlocked while others swap it out, or move it to other frames.
 *
 * From mlock() to munlock() each page is in memory, or under migration; and it holds what was written last.
 */
#include "workloads/lib/shared_area.h"

#include <errno.h>

#define HOT_PARTS	2ul	/* of a region: few, so that lockers and takers meet */
#define LOOKS		2u	/* at all pages of a locked part */
#define MIGRATIONS	4	/* a taker's op is one of so many; else it swaps out */

/* @part, or the one among the hot parts of its region that stands for it. */
static struct area_part hot(const struct worker *worker, struct area_part part)
{
	unsigned long base = space_region(space_of(worker), part.owner / 2), size = part.end - part.start;

	part.start = base + (part.start - base) % (HOT_PARTS * size);
	part.end = part.start + size;
	return part;
}

/* > 0: no page is there. */
static int expect_pte(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	pte_t pte = ptep_get(ptep);

	(void)addr, (void)next, (void)walk;
	return pte_none(pte) || pte_is_swap(pte);
}

static int find_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	(void)addr, (void)next, (void)depth, (void)walk;
	return 1;
}

/* All pages of a leaf are there; it is not split. */
static int pass_leaf(pmd_t *pmdp, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)addr, (void)next;
	if (pmd_trans_huge(pmdp_get(pmdp)))
		walk->action = ACTION_CONTINUE;
	return 0;
}

/* Returns 0 or -errno. */
static int expect_resident(struct worker *worker, const struct area_part *part)
{
	static const struct mm_walk_ops ops = {
		.pmd_entry = pass_leaf, .pte_entry = expect_pte, .pte_hole = find_hole, .walk_lock = PGWALK_RDLOCK,
	};

	if (likely(!space_walk(space_mm(worker), part->start, part->end, &ops, NULL)))
		return 0;
	return space_fail(space_of(worker), -EUCLEAN, "a page of %#lx-%#lx is locked, and not in memory", part->start,
			  part->end);
}

static int lock_and_look(struct worker *worker, const struct area_part *part)
{
	struct mm_struct *mm = space_mm(worker);
	int err = sys_mlock(mm, part->start, part->end - part->start);

	if (err)
		return space_fail(space_of(worker), err, "mlock at %#lx fails", part->start);
	for (unsigned int i = 0; !err && i < LOOKS; i++)
		err = expect_resident(worker, part);
	if (!err && sys_munlock(mm, part->start, part->end - part->start))
		err = space_fail(space_of(worker), -EUCLEAN, "munlock at %#lx fails", part->start);
	return err;
}

static int64_t lock_and_write(struct worker *worker)
{
	struct area_part part = hot(worker, area_own(worker));
	int err = load_relaxed(&space_of(worker)->error);

	if (!err)
		err = lock_and_look(worker, &part);
	return err ? err : area_write(worker);
}

static int64_t take(struct worker *worker)
{
	struct area_part part = hot(worker, area_any(worker));
	int err = load_relaxed(&space_of(worker)->error);

	if (err)
		return err;
	return rng_below(&worker->rng, MIGRATIONS) ? area_page_out(space_mm(worker), part) : area_migrate(worker, part);
}

WORKLOAD(mlock_vs_reclaim,
	.what = "half of the workers: lock pages of their own, check that they stay, unlock and write; the others: "
		"swap them out, or move them",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [OWNER] = { "locker", lock_and_write, NULL }, [TAKER] = { "taker", take, NULL } },
	.setup = area_open_swap,
	.worker_setup = area_enter,
	.worker_teardown = area_leave,
	.check = space_check,
	.teardown = area_close_swap)
