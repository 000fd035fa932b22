/* SPDX-License-Identifier: GPL-2.0-or-later */
/* taken.c - a region whose pages are taken away in every way there is. */
#include "workloads/lib/taken.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/gup_pages.h"

#define RW	(PROT_READ | PROT_WRITE)

int taken_open(struct workload_run *run)
{
	int err = gup_open_regions(run, 1, TAKEN_PAGES);
	struct space *space = run->data;

	if (err)
		return err;
	err = mmu_notifier_register(space->mm);
	if (!err)
		err = swap_on(TAKEN_PAGES);
	if (err)
		space_close(run);
	return err;
}

void taken_close(struct workload_run *run)
{
	space_close(run);
	BUG_ON(swap_off());
}

struct taken_part taken_any(struct worker *worker)
{
	unsigned long pages = 1 + rng_below(&worker->rng, TAKEN_PART);
	unsigned long start =
		space_region(space_of(worker), 0) + rng_below(&worker->rng, TAKEN_PAGES - pages + 1) * PAGE_SIZE;

	return (struct taken_part){ start, start + pages * PAGE_SIZE };
}

int64_t taken_write(struct worker *worker)
{
	struct taken_part part = taken_any(worker);
	struct space *space = space_of(worker);

	for (unsigned long addr = part.start; addr < part.end; addr += PAGE_SIZE) {
		vm_fault_t ret = user_access(space->mm, addr, FAULT_FLAG_WRITE);

		if (ret && !(ret & VM_FAULT_SIGSEGV))
			return space_fail(space, ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT, "a write at %#lx failed: %#x",
					  addr, ret);
	}
	return (int64_t)((part.end - part.start) >> PAGE_SHIFT);
}

static int unmap_and_map(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	int err = sys_munmap(mm, start, len);

	if (err)
		return err;
	return sys_mmap(mm, start, len, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) == (long)start ? 0 : -ENOMEM;
}

static int protect_for_a_while(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	int err = sys_mprotect(mm, start, len, PROT_READ);

	return err ? err : sys_mprotect(mm, start, len, RW);
}

static int fork_and_exit(struct mm_struct *mm)
{
	struct mm_struct *child;
	int err = sys_fork(mm, &child);

	if (!err)
		mm_exit(child);
	return err;
}

static int take(struct worker *worker, struct mm_struct *mm, unsigned long start, unsigned long len)
{
	switch (rng_below(&worker->rng, 7)) {
	case 0:
		return unmap_and_map(mm, start, len);
	case 1:
		return protect_for_a_while(mm, start, len);
	case 2:
		return fork_and_exit(mm);
	case 3:
		sys_madvise(mm, start, len, MADV_PAGEOUT);	/* another may have unmapped some of it */
		return 0;
	case 4:
		return min(sys_migrate_range(mm, start, len, (unsigned int)rng_below(&worker->rng, machine.nr_nodes)),
			   0l);
	case 5:
		return min(sys_migrate_to_device(mm, start, len), 0l);
	default:
		sys_madvise(mm, start, len, MADV_DONTNEED);
		return 0;
	}
}

/* Of two takers one may unmap what the other has just split off: then there is less to protect. */
int64_t taken_take(struct worker *worker)
{
	struct taken_part part = taken_any(worker);
	struct space *space = space_of(worker);
	int err = take(worker, space->mm, part.start, part.end - part.start);

	if (err && err != -ENOMEM)
		return space_fail(space, err, "pages at %#lx could not be taken away", part.start);
	return (int64_t)((part.end - part.start) >> PAGE_SHIFT);
}
