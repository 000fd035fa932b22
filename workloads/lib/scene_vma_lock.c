/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_vma_lock.c - scenes of VMA locks whose writers sleep on a word of the mm. */
#include "workloads/lib/scene_vma_lock.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/scene_state.h"

int scene_vma_lock_mm(struct workload_run *run)
{
	if (run->policy.vma_lock == VMA_LOCK_REFCNT)
		run->policy.vma_lock = VMA_LOCK_REFCNT_MM;
	return scene_written(run);
}

/* What a late reader has found. (C) while workers run */
static struct vm_area_struct *found;

static struct vm_area_struct *vma_of(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_vma(mm, addr);
	mmap_read_unlock(mm);
	return vma;
}

static int reuse(struct space *space, struct mm_struct *other)
{
	const unsigned long addr = space_region(space, 0), len = SCENE_PAGES * PAGE_SIZE;
	long at;

	found = vma_of(space->mm, addr);
	if (sys_munmap(space->mm, addr, len))
		return -EUCLEAN;
	at = sys_mmap(other, addr, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	return at < 0 ? (int)at : vma_of(other, addr) == found ? 0 : -EUCLEAN;
}

int scene_vma_reused(struct workload_run *run)
{
	int err = scene_vma_lock_mm(run);

	if (err)
		return err;
	scene_state.child = mm_create(&run->policy);
	return scene_settle(run, scene_state.child ? reuse(run->data, scene_state.child) : -ENOMEM);
}

int64_t scene_late_reader(struct worker *worker)
{
	struct space *space = space_of(worker);
	bool locked;

	rcu_read_lock();
	locked = vma_start_read(space->mm, found);
	rcu_read_unlock();
	return locked ? space_fail(space, -EUCLEAN, "another process's VMA is locked") : 1;
}
