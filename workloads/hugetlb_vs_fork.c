/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb_vs_fork.c - fork_moment with huge pages reserved for the parent, in a pool with hardly more: its writes take
 * huge pages back from children, which lose these and keep the rest.
 */
#include <errno.h>

#include "workloads/lib/process.h"

#define HUGE_PAGES	4ul
#define SPARE		1ul	/* in the pool, not reserved: the first copy finds one */

enum { FORKER, WRITER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index == threads - 1 ? WRITER : FORKER;
}

static struct process_pages pages_of(struct worker *worker)
{
	return (struct process_pages){ space_region(space_of(worker), 0), HUGE_PAGES, PMD_SIZE, true };
}

static void teardown(struct workload_run *run)
{
	space_close(run);
	hugetlb_pool_resize(HPAGE_PMD_ORDER, 0);
}

static int setup(struct workload_run *run)
{
	int err = THP_POSSIBLE ? space_open_room(run, 1, HUGE_PAGES * TABLE_PAGES) : -EOPNOTSUPP;
	struct space *space = run->data;
	long addr;

	if (err)
		return err;
	if (hugetlb_pool_resize(HPAGE_PMD_ORDER, HUGE_PAGES + SPARE) != HUGE_PAGES + SPARE) {
		teardown(run);
		return -ENOMEM;
	}
	addr = sys_mmap(space->mm, space_region(space, 0), HUGE_PAGES * PMD_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED_NOREPLACE, 0);
	if (addr < 0)
		teardown(run);
	return addr < 0 ? (int)addr : 0;
}

static int64_t write_each(struct worker *worker)
{
	return process_write_round(worker, pages_of(worker));
}

static int count_huge(pmd_t *pmdp, unsigned long hmask, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	unsigned long *found = walk->private;

	BUG_ON(next - addr != ~hmask + 1);
	*found += pmd_present(pmdp_get(pmdp));
	return 0;
}

/* What is there comes and goes, but it is huge pages, each once. */
static int walk(struct worker *worker, struct mm_struct *mm)
{
	static const struct mm_walk_ops ops = { .hugetlb_entry = count_huge, .walk_lock = PGWALK_RDLOCK };
	unsigned long start = pages_of(worker).addr, found = 0;
	int err = space_walk(mm, start, start + HUGE_PAGES * PMD_SIZE, &ops, &found);

	if (!err && found > HUGE_PAGES)
		err = -EUCLEAN;
	return err ? space_fail(space_of(worker), err, "a walk found %lu huge pages of %lu", found, HUGE_PAGES) : 0;
}

static int64_t fork_look_exit(struct worker *worker)
{
	struct mm_struct *child = process_fork(worker);
	int err;

	if (!child)
		return space_of(worker)->error;
	err = process_check_moment(worker, child, pages_of(worker), worker->run->threads - 1);
	if (!err)
		err = walk(worker, child);
	mm_exit(child);
	if (!err)
		err = walk(worker, space_mm(worker));
	return err ? err : (int64_t)HUGE_PAGES;
}

WORKLOAD(hugetlb_vs_fork,
	.what = "all but one: fork an mm of MAP_HUGETLB pages, walk both; the last: write to the parent's, with none "
		"to spare",
	.item = "huge page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [FORKER] = { "forker", fork_look_exit, NULL }, [WRITER] = { "writer", write_each, NULL } },
	.role_of = role_of,
	.setup = setup,
	.worker_setup = process_open_rounds,
	.worker_teardown = process_close_rounds,
	.check = space_check,
	.teardown = teardown)
