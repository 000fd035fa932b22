/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install.c - guard markers put into page tables by a walk. */
#include "workloads/lib/install.h"

#include <errno.h>

static int install_marker(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	int64_t *installed = walk->private;

	(void)addr, (void)next;
	*ptep = make_swapent(SWAPENT_GUARD, 0);
	++*installed;
	return 0;
}

static const struct mm_walk_ops install_ops = {
	.install_pte = install_marker,
	.walk_lock = PGWALK_RDLOCK,
};

int64_t install_markers(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int64_t installed = 0;
	int err = walk_page_range_mm(mm, start, end, &install_ops, &installed);

	return err ? err : installed;
}

/* A touch of a marker is fatal; the last slot has one, whether half or all were empty. */
static int touch_last(struct space *space, unsigned long end)
{
	vm_fault_t ret = do_user_addr_fault(space->mm, end - PAGE_SIZE, 0);

	return ret == VM_FAULT_SIGSEGV ? 0 : space_fail(space, -EUCLEAN, "a touch of a guard marker ended in %#x", ret);
}

int64_t install_region(struct worker *worker, unsigned long empty)
{
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, worker->index), end = start + (space->pages << PAGE_SHIFT);
	int64_t installed;

	mmap_read_lock(space->mm);
	installed = install_markers(space->mm, start, end);
	mmap_read_unlock(space->mm);
	if (installed < 0)
		return space_fail(space, (int)installed, "installing markers failed");
	if ((unsigned long)installed != empty)
		return space_fail(space, -EUCLEAN, "%lld markers went into %lu slots", (long long)installed, empty);
	if (worker->run->checking && touch_last(space, end))
		return space->error;
	return (int64_t)space->pages;
}

void install_undo(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = sys_madvise(space->mm, space_region(space, worker->index), space->pages << PAGE_SHIFT,
			      MADV_GUARD_REMOVE);

	if (err)
		space_fail(space, err, "removing markers failed");
}
