/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_uffd_huge.c - scenes with a huge page that is moved to where a userfaultfd waits for it. */
#include "workloads/lib/scene_uffd_huge.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/scene_state.h"
#include "workloads/lib/thp_space.h"

static int open_two(struct workload_run *run)
{
	return space_open(run, 2, PMD_SIZE >> PAGE_SHIFT);
}

static int write_huge(struct space *space, unsigned long addr)
{
	return space_fault(space, space->mm, addr, FAULT_FLAG_WRITE);
}

/* With an anon_vma, a move needs no mmap_lock. */
static int prepare(struct space *space, unsigned long addr)
{
	int err = write_huge(space, addr);

	return err ? err : sys_madvise(space->mm, addr, PMD_SIZE, MADV_DONTNEED);
}

int scene_uffd_huge(struct workload_run *run)
{
	int err = thp_space_open(run, open_two);
	struct space *space = run->data;

	if (err)
		return scene_settle(run, err);
	err = write_huge(space, space_region(space, 0));
	err = err ? err : prepare(space, space_region(space, 1));
	scene_state.uffd = userfaultfd_create(space->mm);
	if (!err && !scene_state.uffd)
		err = -ENOMEM;
	if (!err)
		err = userfaultfd_register(scene_state.uffd, space_region(space, 1), PMD_SIZE,
					   UFFDIO_REGISTER_MODE_MISSING);
	return scene_settle(run, err);
}

int scene_uffd_huge_pair(struct workload_run *run)
{
	int err = scene_uffd_huge(run);
	struct space *space = run->data;
	unsigned long second;
	long at;

	if (err)
		return err;
	second = space_region(space, 0) + 2 * PMD_SIZE;
	at = sys_mmap(space->mm, second, PMD_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 1);
	return scene_settle(run, at < 0 ? (int)at : write_huge(space, second));
}

/* Others may make it fail: the page is pinned or shared, has gone, or is there; or its VMA changed. */
static int64_t move(struct worker *worker, unsigned long size)
{
	struct space *space = space_of(worker);
	long done = userfaultfd_move(scene_state.uffd, space_region(space, 1), space_region(space, 0), size, 0);

	return done > 0 || done == -EBUSY || done == -ENOENT || done == -EEXIST || done == -EINVAL ?
		       1 : space_fail(space, (int)done, "a huge page is not moved: %ld", done);
}

int64_t scene_uffd_move_huge(struct worker *worker)
{
	return move(worker, PMD_SIZE);
}

int64_t scene_uffd_move_part(struct worker *worker)
{
	return move(worker, PAGE_SIZE);
}

int64_t scene_mremap_second(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long to = space_region(space, 1) + 2 * PMD_SIZE;
	long at = sys_mremap(space->mm, space_region(space, 0) + 2 * PMD_SIZE, PMD_SIZE, PMD_SIZE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to);

	return at == (long)to ? 1 : space_fail(space, (int)at, "a huge page is not moved: %ld", at);
}
