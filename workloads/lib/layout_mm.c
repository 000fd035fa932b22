/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_mm.c - an address space made after a captured one. */
#include "workloads/lib/layout_mm.h"

#include <errno.h>

#include "workloads/lib/space.h"

bool layout_vma_fits(const struct layout_vma *vma)
{
	return vma->start >= MMAP_MIN_ADDR && vma->end <= TASK_SIZE;
}

static uint64_t pages_in(const struct layout *layout, const struct layout_vma *vma)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < vma->nr_runs; i++)
		pages += layout->runs[vma->first_run + i].count;
	return pages;
}

static int prot_of(const struct layout_vma *vma)
{
	return (vma->read ? PROT_READ : 0) | (vma->write ? PROT_WRITE : 0) | (vma->exec ? PROT_EXEC : 0);
}

static int populate_runs(struct mm_struct *mm, const struct layout *layout, const struct layout_vma *vma)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < vma->nr_runs; i++) {
		const struct layout_run *run = &layout->runs[vma->first_run + i];

		err = sys_madvise(mm, run->first_vpn << PAGE_SHIFT, run->count << PAGE_SHIFT, MADV_POPULATE_WRITE);
	}
	return err;
}

/* Writable while it is populated. */
static int load_vma(struct mm_struct *mm, const struct layout *layout, const struct layout_vma *vma, unsigned int how,
		    uint32_t name)
{
	const bool populate = how & LAYOUT_POPULATE;
	const bool opened = populate && vma->nr_runs && !vma->write;
	const int prot = how & LAYOUT_WRITABLE ? PROT_READ | PROT_WRITE : prot_of(vma);
	long addr = sys_mmap(mm, vma->start, vma->end - vma->start, opened ? PROT_READ | PROT_WRITE : prot,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, name);
	int err = addr < 0 ? (int)addr : 0;

	if (!err && populate)
		err = populate_runs(mm, layout, vma);
	if (!err && opened)
		err = sys_mprotect(mm, vma->start, vma->end - vma->start, prot);
	return err;
}

int layout_map(struct mm_struct *mm, const struct layout *layout, unsigned int how, struct layout_loaded *loaded)
{
	int err = 0;

	*loaded = (struct layout_loaded){ 0 };
	for (unsigned int i = 0; !err && i < layout->nr_vmas; i++) {
		const struct layout_vma *vma = &layout->vmas[i];

		if (layout_vma_fits(vma)) {
			err = load_vma(mm, layout, vma, how, i + 1);
			loaded->vmas++;
			loaded->pages += pages_in(layout, vma);
		} else {
			loaded->vmas_excluded++;
			loaded->pages_excluded += pages_in(layout, vma);
		}
	}
	return err ? err : loaded->vmas ? 0 : -EOPNOTSUPP;
}

int layout_space_open(struct workload_run *run, unsigned int mms, unsigned int how)
{
	struct layout_loaded loaded = { 0 };
	struct space *space;
	int err;

	run->policy.thp = THP_NEVER;	/* the layout says which pages are there: none come beside them */
	run->policy.anon_order = 0;
	err = space_open_mms(run, mms);
	if (err)
		return err;
	space = run->data;
	for (unsigned int i = 0; !err && i < mms; i++) {
		workload_stand_for(run, i);
		err = layout_map(space->mms[i], run->layout, how, &loaded);
	}
	space->pages = loaded.pages;
	if (!err && !loaded.pages)
		err = workload_skip(
			run, "no populated page that fits this address space: --populate all or first-touch adds some");
	if (err)
		space_close(run);
	return err;
}

/* ---- its parts ---- */

/* What part @part of @parts begins with. */
static unsigned int part_begin(const struct layout *layout, unsigned int part, unsigned int parts)
{
	return (unsigned int)((uint64_t)layout->nr_vmas * part / parts);
}

static int64_t runs_of(struct worker *worker, const struct layout_vma *vma,
		       int64_t (*op)(struct worker *worker, unsigned long addr, unsigned long pages))
{
	const struct layout_run *run = &worker->run->layout->runs[vma->first_run];
	int64_t sum = 0, done = 0;

	for (; done >= 0 && run < &worker->run->layout->runs[vma->first_run + vma->nr_runs]; run++) {
		done = op(worker, run->first_vpn << PAGE_SHIFT, run->count);
		sum += done;
	}
	return done < 0 ? done : sum;
}

static int64_t each(struct worker *worker, unsigned int part, unsigned int parts, bool runs,
		    int64_t (*op)(struct worker *worker, unsigned long addr, unsigned long pages))
{
	const struct layout *layout = worker->run->layout;
	const struct layout_vma *vma = &layout->vmas[part_begin(layout, part, parts)];
	int64_t sum = 0, done = 0;

	for (; done >= 0 && vma < &layout->vmas[part_begin(layout, part + 1, parts)]; vma++) {
		if (!layout_vma_fits(vma))
			continue;
		done = runs ? runs_of(worker, vma, op) : op(worker, vma->start, (vma->end - vma->start) >> PAGE_SHIFT);
		sum += done;
	}
	return done < 0 ? done : sum;
}

int64_t layout_each_run(struct worker *worker, unsigned int part, unsigned int parts,
			int64_t (*op)(struct worker *worker, unsigned long addr, unsigned long pages))
{
	return each(worker, part, parts, true, op);
}

int64_t layout_each_vma(struct worker *worker, unsigned int part, unsigned int parts,
			int64_t (*op)(struct worker *worker, unsigned long addr, unsigned long pages))
{
	return each(worker, part, parts, false, op);
}

int layout_open_writable(struct workload_run *run)
{
	return layout_space_open(run, 1, LAYOUT_WRITABLE);
}

static int64_t touch(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return space_touch(worker, addr, pages, PAGE_SIZE);
}

static int64_t drop(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return space_drop(worker, addr, pages, PAGE_SIZE);
}

int64_t layout_touch(struct worker *worker)
{
	return layout_each_run(worker, worker->index, worker->run->threads, touch);
}

int64_t layout_drop(struct worker *worker)
{
	return layout_each_vma(worker, worker->index, worker->run->threads, drop);
}
