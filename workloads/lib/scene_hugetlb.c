/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_hugetlb.c - scenes with huge pages of the pool. */
#include "workloads/lib/scene_hugetlb.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/scene_state.h"

#define POOL	2ul	/* huge pages */
#define RW	(PROT_READ | PROT_WRITE)

/* ---- set-ups ---- */
static unsigned long start_of(const struct workload_run *run)
{
	return space_region(run->data, 0);
}

static struct mm_struct *first_mm(const struct workload_run *run)
{
	return ((struct space *)run->data)->mm;
}

static int open_room(struct workload_run *run, unsigned long pool)
{
	int err = THP_POSSIBLE ? space_open_room(run, 1, TABLE_PAGES) : -EOPNOTSUPP;

	if (err)
		return err;
	scene_state.pool = true;
	return scene_settle(run, hugetlb_pool_resize(HPAGE_PMD_ORDER, pool) == pool ? 0 : -ENOMEM);
}

static long map_huge(struct mm_struct *mm, unsigned long addr, int flags)
{
	return sys_mmap(mm, addr, PMD_SIZE, RW, flags | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED_NOREPLACE, 0);
}

static int open_mapped(struct workload_run *run, unsigned long pool, int flags)
{
	int err = open_room(run, pool);
	long addr = err ? err : map_huge(first_mm(run), start_of(run), flags);

	return err ? err : scene_settle(run, addr < 0 ? (int)addr : 0);
}

int scene_hugetlb(struct workload_run *run)
{
	return open_mapped(run, POOL, MAP_PRIVATE);
}

int scene_hugetlb_written(struct workload_run *run)
{
	int err = scene_hugetlb(run);

	return scene_settle(run, err ? err : scene_write_first(run));
}

int scene_hugetlb_last(struct workload_run *run)
{
	int err = open_mapped(run, 1, MAP_PRIVATE);

	return scene_settle(run, err ? err : scene_write_first(run));
}

int scene_family_hugetlb_room(struct workload_run *run)
{
	int err = open_room(run, POOL);

	scene_state.in_turn = true;
	return scene_settle(run, err ? err : scene_fork_child(run));
}

int scene_family_hugetlb(struct workload_run *run)
{
	int err = open_mapped(run, POOL, MAP_SHARED);

	scene_state.in_turn = true;
	err = err ? err : scene_write_first(run);
	return scene_settle(run, err ? err : scene_fork_child(run));
}

/* Reserves nothing: the pool is smaller than a large file. */
static int open_file(struct workload_run *run, unsigned long nr, int flags)
{
	int err = open_room(run, POOL);
	struct space *space = run->data;
	long addr;

	if (err)
		return err;
	space->file = file_create_hugetlb(nr * HPAGE_PMD_NR, nr * HPAGE_PMD_NR, HPAGE_PMD_ORDER);
	if (!space->file)
		return scene_settle(run, -ENOMEM);
	addr = sys_mmap_file(space->mm, start_of(run), nr * PMD_SIZE, RW,
			     flags | MAP_NORESERVE | MAP_FIXED_NOREPLACE, space->file, 0);
	return scene_settle(run, addr < 0 ? (int)addr : 0);
}

int scene_hugetlb_file(struct workload_run *run)
{
	return open_file(run, 1, MAP_SHARED);
}

int scene_hugetlb_table(struct workload_run *run)
{
	int err = open_file(run, PTRS_PER_PMD, MAP_SHARED);

	err = err ? err : scene_write_first(run);
	err = err ? err : scene_fork_child(run);
	return scene_settle(run, err ? err : space_fault(run->data, scene_state.child, start_of(run), 0));
}

int scene_hugetlb_copied(struct workload_run *run)
{
	int err = open_file(run, 1, MAP_PRIVATE);

	err = err ? err : scene_fork_child(run);
	err = err ? err : space_fault(run->data, scene_state.child, start_of(run), FAULT_FLAG_WRITE);
	return scene_settle(run, err);
}

/* ---- operations ---- */
static unsigned long addr_of(const struct worker *worker)
{
	return start_of(worker->run);
}

int64_t scene_hugetlb_write(struct worker *worker)
{
	int err = space_fault(space_of(worker), scene_mm(worker), addr_of(worker), FAULT_FLAG_WRITE);

	return err ? err : 1;
}

int64_t scene_hugetlb_map(struct worker *worker)
{
	return scene_done(worker, map_huge(scene_mm(worker), addr_of(worker), MAP_SHARED));
}

int64_t scene_hugetlb_truncate(struct worker *worker)
{
	return scene_done(worker, sys_ftruncate(space_of(worker)->file, 0));
}

static int pass_huge(pmd_t *pmdp, unsigned long hmask, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	(void)hmask, (void)addr, (void)next, (void)walk;
	pmdp_get(pmdp);
	return 0;
}

int64_t scene_hugetlb_walk(struct worker *worker)
{
	static const struct mm_walk_ops ops = { .hugetlb_entry = pass_huge, .walk_lock = PGWALK_RDLOCK };
	unsigned long addr = addr_of(worker);

	return scene_done(worker, space_walk(scene_mm(worker), addr, addr + PMD_SIZE, &ops, NULL));
}

int64_t scene_hugetlb_truncate_exit(struct worker *worker)
{
	int64_t done = scene_hugetlb_truncate(worker);

	return done < 0 ? done : scene_exit(worker);
}

int64_t scene_hugetlb_pin_shared(struct worker *worker)
{
	struct page *page;
	bool private;

	if (pin_user_pages_fast(scene_mm(worker), addr_of(worker), 1, 0, &page) != 1)
		return 1;
	private = page_type(page) == PAGE_ANON;
	unpin_user_page(page);
	return private ? space_fail(space_of(worker), -EUCLEAN, "GUP-fast got a page of another mm") : 1;
}

int64_t scene_hugetlb_map_private(struct worker *worker)
{
	unsigned long addr = addr_of(worker);
	struct mm_struct *child = scene_state.child;
	long err = sys_madvise(space_of(worker)->mm, addr, PMD_SIZE, MADV_DONTNEED);

	err = err ? err : sys_munmap(child, addr, PMD_SIZE);
	err = err ? err : min(map_huge(child, addr, MAP_PRIVATE), 0l);
	err = err ? err : space_fault(space_of(worker), child, addr, FAULT_FLAG_WRITE);
	return scene_done(worker, err);
}
