/* SPDX-License-Identifier: GPL-2.0-or-later */
/* space.c - address spaces for workloads: made, populated, checked, taken down. */
#include "workloads/lib/space.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "workloads/lib/space_calls.h"

int space_fail(struct space *space, int error, const char *fmt, ...)
{
	char text[256];
	int first = 0;
	va_list ap;

	if (!try_cmpxchg_acq_rel(&space->error, &first, error))
		return first;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s: %s\n", space->run->workload->name, text);
	return error;
}

/* ---- made and taken down ---- */

static int map_regions(struct space *space, struct mm_struct *mm)
{
	for (unsigned int i = 0; i < space->nr; i++) {
		long addr = sys_mmap(mm, space_region(space, i), space->pages << PAGE_SHIFT, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, i + 1);

		if (addr < 0)
			return (int)addr;
	}
	return 0;
}

int space_open_mms(struct workload_run *run, unsigned int nr)
{
	struct space *space = calloc(1, sizeof(*space));

	if (!space)
		return -ENOMEM;
	run->data = space;
	space->run = run;
	space->calls = run->workload->flags & WORKLOAD_LIVE ? &live_calls : &core_calls;
	if (space_is_live(space))
		return 0;
	space->mms = calloc(nr, sizeof(struct mm_struct *));
	for (; space->mms && space->nr_mms < nr; space->nr_mms++) {
		workload_stand_for(run, space->nr_mms);
		space->mms[space->nr_mms] = mm_create(&run->policy);
		if (!space->mms[space->nr_mms])
			break;
	}
	if (space->nr_mms == nr) {
		space->mm = space->mms[0];
		return 0;
	}
	space_close(run);
	return -ENOMEM;
}

int space_open_mm(struct workload_run *run)
{
	return space_open_mms(run, 1);
}

/* @mms mms with room for regions. */
static int open_room(struct workload_run *run, unsigned int mms, unsigned int nr, unsigned long pages)
{
	unsigned long stride = ALIGN_UP(pages << PAGE_SHIFT, PUD_SIZE);
	struct space *space;
	int err;

	if ((TASK_SIZE - PUD_SIZE) / nr < stride)
		return -EOPNOTSUPP;
	err = space_open_mms(run, mms);
	if (err)
		return err;
	space = run->data;
	space->nr = nr;
	space->pages = pages;
	space->base = PUD_SIZE;
	space->stride = stride;
	err = space_is_live(space) ? live_space_reserve(space) : 0;
	if (err)
		space_close(run);
	return err;
}

int space_open_room(struct workload_run *run, unsigned int nr, unsigned long pages)
{
	return open_room(run, 1, nr, pages);
}

static int open_regions(struct workload_run *run, unsigned int mms, unsigned int nr, unsigned long pages)
{
	int err = open_room(run, mms, nr, pages);
	struct space *space = run->data;

	if (err)
		return err;
	if (space_is_live(space))
		err = live_space_map(space);
	for (unsigned int i = 0; !err && i < space->nr_mms; i++) {
		workload_stand_for(run, i);
		err = map_regions(space, space->mms[i]);
	}
	if (err)
		space_close(run);
	return err;
}

static int open_files(struct space *space, unsigned long pages, bool on_disk)
{
	int err = 0;

	space->files = calloc(space->run->threads, sizeof(*space->files));
	if (!space->files)
		return -ENOMEM;
	if (space_is_live(space))
		return live_space_files(space, pages, on_disk);
	for (unsigned int i = 0; !err && i < space->run->threads; i++) {
		space->files[i].file = file_create(pages, pages, 0, space->run->seed);
		err = space->files[i].file ? 0 : -ENOMEM;
	}
	return err;
}

static void close_files(struct space *space)
{
	for (unsigned int i = 0; space->files && i < space->run->threads; i++)
		if (space->files[i].file)
			file_put(space->files[i].file);
}

static int open_room_and_files(struct workload_run *run, unsigned long pages, bool on_disk)
{
	int err = space_open_room(run, run->threads, pages);

	if (err)
		return err;
	err = open_files(run->data, pages, on_disk);
	if (err)
		space_close(run);
	return err;
}

int space_open_files(struct workload_run *run, unsigned long pages)
{
	return open_room_and_files(run, pages, false);
}

int space_open_disk_files(struct workload_run *run, unsigned long pages)
{
	return open_room_and_files(run, pages, true);
}

int space_open(struct workload_run *run, unsigned int nr, unsigned long pages)
{
	return open_regions(run, 1, nr, pages);
}

void space_close(struct workload_run *run)
{
	struct space *space = run->data;

	if (!space)
		return;
	while (space->nr_mms)
		mm_exit(space->mms[--space->nr_mms]);
	if (space->file)
		file_put(space->file);
	(space_is_live(space) ? live_space_release : close_files)(space);
	free(space->files);
	free(space->mms);
	free(space);
	run->data = NULL;
}

int space_check(struct workload_run *run)
{
	struct space *space = run->data;
	char why[256];

	rcu_barrier();
	if (!oracle_at_rest(space->mms, space->nr_mms, why, sizeof(why)))
		return space_fail(space, -EUCLEAN, "%s", why);
	return space->error;
}

/* ---- pages ---- */

static int fault_result(struct space *space, unsigned long addr, vm_fault_t ret)
{
	if (likely(!ret))
		return 0;
	return space_fail(space, ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT, "a fault at %#lx ended in %#x%s", addr, ret,
			  ret & VM_FAULT_OOM ? ", out of frames" : "");
}

int space_fault(struct space *space, struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	return fault_result(space, addr, do_user_addr_fault(mm, addr, flags));
}

int space_use(struct space *space, struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	return fault_result(space, addr, user_access(mm, addr, flags));
}

int64_t space_touch(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	if (worker->run->checking && !err)
		return space->calls->touch_checked(worker, addr, pages, step);
	return space_access(worker, addr, pages, step, true);
}

/* A few of the dropped pages, read and left as they are: the write that follows finds the zero page in some places. */
static int read_some(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < 8; i++)
		err = space_of(worker)->calls->expect_zero(worker, addr + rng_below(&worker->rng, pages) * step);
	return err;
}

int space_drop(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step)
{
	unsigned long len = step == PAGE_SIZE ? pages << PAGE_SHIFT : PAGE_SIZE, at = addr, end = addr + pages * step;
	int err = load_relaxed(&space_of(worker)->error);

	for (; !err && at < end; at += len == PAGE_SIZE ? step : len)
		err = space_madvise(worker, at, len >> PAGE_SHIFT, MADV_DONTNEED);
	return !err && worker->run->checking ? read_some(worker, addr, pages, step) : err;
}

int64_t space_touch_own(struct worker *worker, unsigned long step)
{
	struct space *space = space_of(worker);
	int64_t faults =
		space_touch(worker, space_region(space, worker->index), (space->pages << PAGE_SHIFT) / step, step);

	return faults < 0 ? faults : faults * (int64_t)(step >> PAGE_SHIFT);
}

void space_drop_own(struct worker *worker)
{
	struct space *space = space_of(worker);

	space_drop(worker, space_region(space, worker->index), space->pages, PAGE_SIZE);
}

int64_t space_map_unmap(struct worker *worker, unsigned int rounds, unsigned long pages, bool touch)
{
	for (unsigned int i = 0; i < rounds; i++) {
		long addr = space_mmap_anywhere(worker, pages);
		int64_t touched = 0;
		int err;

		if (addr < 0)
			return addr;
		if (touch)
			touched = space_touch(worker, (unsigned long)addr, pages, PAGE_SIZE);
		err = space_munmap(worker, (unsigned long)addr, pages);
		if (err || touched < 0)
			return err ? err : touched;
	}
	return rounds;
}

/* ---- walks ---- */

int space_walk(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
	       void *private)
{
	int err;

	mmap_read_lock(mm);
	err = walk_page_range_mm(mm, start, end, ops, private);
	mmap_read_unlock(mm);
	return err;
}

static int install_zero(unsigned long addr, unsigned long next, pte_t *ptep, struct mm_walk *walk)
{
	(void)addr, (void)next;
	*ptep = pte_mkspecial(mk_pte(zero_page, walk->vma->vm_page_prot));
	return 0;
}

static const struct mm_walk_ops install_zero_ops = {
	.install_pte = install_zero,
	.walk_lock = PGWALK_RDLOCK,
};

int space_map_zero(struct space *space, unsigned long addr, unsigned long pages, unsigned long step)
{
	int err = 0;

	if (step == PAGE_SIZE)
		return space_walk(space->mm, addr, addr + (pages << PAGE_SHIFT), &install_zero_ops, NULL);
	for (unsigned long i = 0; !err && i < pages; i++, addr += step)
		err = space_walk(space->mm, addr, addr + PAGE_SIZE, &install_zero_ops, NULL);
	return err;
}

/* ---- made for a workload ---- */

int space_populate(struct space *space, struct mm_struct *mm, unsigned long addr, unsigned long pages,
		   unsigned long step)
{
	int err = 0;

	for (unsigned long i = 0; !err && i < pages; i++)
		err = space_fault(space, mm, addr + i * step, FAULT_FLAG_WRITE);
	return err;
}

/* All at once, and only then emptied: one after the other they would share their frames. */
static int warm(struct space *space)
{
	int err = 0;

	if (space_is_live(space)) {
		live_space_warm(space);
		return 0;
	}
	for (unsigned int i = 0; !err && i < space->nr; i++) {
		workload_stand_for(space->run, i);
		err = space_populate(space, space->mm, space_region(space, i), space->pages, PAGE_SIZE);
	}
	for (unsigned int i = 0; !err && i < space->nr; i++)
		err = sys_madvise(space->mm, space_region(space, i), space->pages << PAGE_SHIFT, MADV_DONTNEED);
	return err;
}

int space_open_warm(struct workload_run *run, unsigned int nr, unsigned long pages)
{
	int err = space_open(run, nr, pages);

	if (err)
		return err;
	err = warm(run->data);
	if (err)
		space_close(run);
	return err;
}

int space_open_memory(struct workload_run *run)
{
	return space_open_warm(run, run->threads, (unsigned long)run->choice[0]);
}

int space_open_populated(struct workload_run *run, unsigned int mms, unsigned long every)
{
	unsigned long pages = (unsigned long)run->choice[0];
	int err = open_regions(run, mms, 1, pages * every);
	struct space *space = run->data;

	if (err)
		return err;
	for (unsigned int i = 0; !err && i < space->nr_mms; i++) {
		workload_stand_for(run, i);
		err = space_populate(space, space->mms[i], space_region(space, 0), pages, every << PAGE_SHIFT);
	}
	if (err)
		space_close(run);
	return err;
}

int space_open_processes(struct workload_run *run)
{
	return space_open_populated(run, run->threads, 1);
}

int space_open_zero(struct workload_run *run, unsigned long pages, unsigned long every)
{
	int err = space_open(run, run->threads, pages);
	struct space *space = run->data;

	if (err)
		return err;
	for (unsigned int i = 0; !err && i < space->nr; i++) {
		workload_stand_for(run, i);
		err = space_map_zero(space, space_region(space, i), pages / every, every << PAGE_SHIFT);
	}
	if (err)
		space_close(run);
	return err;
}

int space_open_full(struct workload_run *run)
{
	return space_open_zero(run, (unsigned long)run->choice[0], 1);
}
