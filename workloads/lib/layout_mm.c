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
static int load_vma(struct mm_struct *mm, const struct layout *layout, const struct layout_vma *vma, bool populate,
		    uint32_t name)
{
	const bool opened = populate && vma->nr_runs && !vma->write;
	const int prot = prot_of(vma);
	long addr = sys_mmap(mm, vma->start, vma->end - vma->start, opened ? PROT_READ | PROT_WRITE : prot,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, name);
	int err = addr < 0 ? (int)addr : 0;

	if (!err && populate)
		err = populate_runs(mm, layout, vma);
	if (!err && opened)
		err = sys_mprotect(mm, vma->start, vma->end - vma->start, prot);
	return err;
}

int layout_map(struct mm_struct *mm, const struct layout *layout, bool populate, struct layout_loaded *loaded)
{
	int err = 0;

	*loaded = (struct layout_loaded){ 0 };
	for (unsigned int i = 0; !err && i < layout->nr_vmas; i++) {
		const struct layout_vma *vma = &layout->vmas[i];

		if (layout_vma_fits(vma)) {
			err = load_vma(mm, layout, vma, populate, i + 1);
			loaded->vmas++;
			loaded->pages += pages_in(layout, vma);
		} else {
			loaded->vmas_excluded++;
			loaded->pages_excluded += pages_in(layout, vma);
		}
	}
	return err ? err : loaded->vmas ? 0 : -EOPNOTSUPP;
}

int layout_space_open(struct workload_run *run, bool populate)
{
	struct layout_loaded loaded;
	struct space *space;
	int err;

	run->policy.thp = THP_NEVER;	/* the layout says which pages are there: none come beside them */
	run->policy.anon_order = 0;
	err = space_open_mm(run);
	if (err)
		return err;
	space = run->data;
	err = layout_map(space->mm, run->layout, populate, &loaded);
	space->pages = loaded.pages;
	if (!err && !loaded.pages)
		err = workload_skip(
			run, "no populated page that fits this address space: --populate all or first-touch adds some");
	if (err)
		space_close(run);
	return err;
}
