/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_space.c - spaces whose regions map a file. */
#include "workloads/lib/file_space.h"

#include <errno.h>
#include <sys/mman.h>

#include "workloads/lib/contents.h"

/* A mark: the page, the region if it is private to it, the count. */
#define INDEX_SHIFT	40
#define REGION_SHIFT	32
#define REGION_MASK	(0xffull << REGION_SHIFT)

/* ---- set-up ---- */

int file_space_open(struct workload_run *run, unsigned int nr, unsigned long pages, unsigned long file_pages,
		    unsigned int order)
{
	int err = space_open_room(run, nr, pages);
	struct space *space = run->data;

	if (err)
		return err;
	space->file = file_create(file_pages, file_pages, order, run->seed);
	if (space->file)
		return 0;
	space_close(run);
	return -ENOMEM;
}

int file_space_map(struct space *space, unsigned int region, int flags, unsigned long pgoff)
{
	long addr = sys_mmap_file(space->mm, space_region(space, region), space->pages << PAGE_SHIFT,
				  PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, space->file, pgoff);

	return addr < 0 ? (int)addr : 0;
}

/* All at once, and only then emptied, as space_open_warm() does. */
int file_space_warm(struct space *space)
{
	unsigned long len = space->pages << PAGE_SHIFT;
	int err = 0;

	for (unsigned int i = 0; !err && i < space->nr; i++) {
		workload_stand_for(space->run, i);
		err = sys_madvise(space->mm, space_region(space, i), len, MADV_POPULATE_WRITE);
	}
	for (unsigned int i = 0; !err && i < space->nr; i++)
		err = sys_madvise(space->mm, space_region(space, i), len, MADV_DONTNEED);
	return err;
}

int file_space_open_warm(struct workload_run *run, int flags)
{
	unsigned long pages = (unsigned long)run->choice[0], part = flags == MAP_SHARED ? pages : 0;
	int err = file_space_open(run, run->threads, pages, part ? run->threads * part : pages, 0);

	if (err)
		return err;
	for (unsigned int i = 0; !err && i < run->threads; i++)
		err = file_space_map(run->data, i, flags, i * part);
	if (!err)
		err = file_space_warm(run->data);
	if (err)
		space_close(run);
	return err;
}

/* ---- contents ---- */

/* Regions are never moved while workers run; advice may change their flags. */
static const struct vm_area_struct *region_vma(const struct space *space, unsigned int region)
{
	return vma_tree_find(&space->mm->tree, space_region(space, region));
}

uint64_t file_space_mark(const struct space *space, unsigned int region, unsigned long index, uint32_t count)
{
	bool shared = load_relaxed(&region_vma(space, region)->vm_flags) & VM_SHARED;
	uint64_t own = shared ? 0 : (uint64_t)(region + 1) << REGION_SHIFT & REGION_MASK;

	return (uint64_t)(index + 1) << INDEX_SHIFT | own | count;
}

/* (T) one access */
struct access {
	/* what the page may hold: this, or a mark like one of these, whatever its count */
	uint64_t seeded, shared, own;
	uint64_t mark;
};

static bool may_hold(const struct access *access, uint64_t word)
{
	uint64_t where = word >> REGION_SHIFT << REGION_SHIFT;

	return !word || word == access->seeded || where == access->shared || where == access->own;
}

static int look_and_write(struct page *page, unsigned long addr, void *arg)
{
	uint64_t *first = page_payload(page), *last = first + machine.payload / sizeof(*first) - 1;
	const struct access *access = arg;

	(void)addr;
	if (!machine.payload)
		return 0;
	if (!may_hold(access, load_relaxed(first)) || !may_hold(access, load_relaxed(last)))
		return -EUCLEAN;
	if (access->mark) {
		store_relaxed(first, access->mark);
		store_relaxed(last, access->mark);
	}
	return 0;
}

/* Of page @index of the file in @region. */
static struct access access_of(const struct space *space, unsigned int region, unsigned long index, uint64_t mark)
{
	return (struct access){
		.seeded = file_seeded_word(space->run->seed, index), .own = file_space_mark(space, region, index, 0),
		.shared = (uint64_t)(index + 1) << INDEX_SHIFT, .mark = mark,
	};
}

/* Returns @err. */
static int report(struct space *space, unsigned long index, unsigned long addr, int err)
{
	if (err == -EUCLEAN)
		space_fail(space, err, "page %lu of the file, mapped at %#lx, holds what was never written to it",
			   index, addr);
	return err;
}

int file_space_access(struct space *space, unsigned int region, unsigned long page, uint64_t mark)
{
	unsigned long addr = space_region(space, region) + (page << PAGE_SHIFT);
	unsigned long index = region_vma(space, region)->vm_pgoff + page;
	struct access access = access_of(space, region, index, mark);

	return report(space, index, addr, (mark ? access_payload_to_write : access_payload)(space->mm, addr,
											    look_and_write, &access));
}

int file_space_access_pinned(struct space *space, unsigned int region, unsigned long page, uint64_t mark)
{
	unsigned long addr = space_region(space, region) + (page << PAGE_SHIFT);
	unsigned long index = region_vma(space, region)->vm_pgoff + page;
	struct access access = access_of(space, region, index, mark);
	struct page *pinned;
	long nr = pin_user_pages_fast(space->mm, addr, 1, FOLL_WRITE, &pinned);
	int err;

	if (nr != 1)
		return (int)nr;
	err = look_and_write(pinned, addr, &access);
	unpin_user_pages_dirty_lock(&pinned, 1);
	return report(space, index, addr, err);
}

/* ---- ops ---- */

void file_space_drop(struct worker *worker)
{
	struct space *space = space_of(worker);
	unsigned long addr = space_region(space, worker->index);
	int err = sys_madvise(space->mm, addr, space->pages << PAGE_SHIFT, MADV_DONTNEED);

	if (err)
		space_fail(space, err, "MADV_DONTNEED at %#lx failed", addr);
}

/* What a fault brought may be gone again: only what is found is looked at. */
static int fault_and_look(struct worker *worker, bool cut)
{
	struct space *space = space_of(worker);
	unsigned int region = (unsigned int)rng_below(&worker->rng, space->nr),
		     write = (unsigned int)rng_below(&worker->rng, 2);
	unsigned long page = rng_below(&worker->rng, space->pages),
		      addr = space_region(space, region) + (page << PAGE_SHIFT);
	vm_fault_t ret = user_access(space->mm, addr, write ? FAULT_FLAG_WRITE : 0);
	int err;

	if (ret & ~(cut ? VM_FAULT_SIGBUS : 0))
		return space_fail(space, ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT, "a fault at %#lx ended in %#x", addr,
				  ret);
	if (ret || !worker->run->checking)
		return 0;
	err = file_space_access(space, region, page, write ? file_space_mark(space, region, page, worker->index) : 0);
	return err == -EUCLEAN ? err : 0;
}

int64_t file_space_fault_anywhere(struct worker *worker, unsigned int nr, bool cut)
{
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned int i = 0; !err && i < nr; i++)
		err = fault_and_look(worker, cut);
	return err ? err : (int64_t)nr;
}

/* No other worker uses this region: a page that a fault brought stays. */
static int touch_checked(struct worker *worker, unsigned long page, bool write)
{
	struct space *space = space_of(worker);
	unsigned long addr = space_region(space, worker->index) + (page << PAGE_SHIFT);
	unsigned long index = region_vma(space, worker->index)->vm_pgoff + page;
	int err = 0;

	if (!write || rng_below(&worker->rng, 2)) {
		err = space_fault(space, space->mm, addr, 0);
		if (!err)
			err = file_space_access(space, worker->index, page, 0);
	}
	if (!err && write) {
		err = space_fault(space, space->mm, addr, FAULT_FLAG_WRITE);
		if (!err)
			err = file_space_access(space, worker->index, page,
						file_space_mark(space, worker->index, index, 1));
	}
	return err ? space_fail(space, err, "the page at %#lx was touched, and is not there", addr) : 0;
}

/*
 * A processor can read the page, as its walk of the tables finds it: an earlier fault has mapped it around its own. No
 * other worker unmaps it.
 */
static bool is_readable(struct mm_struct *mm, unsigned long addr)
{
	unsigned long found = addr;
	pmd_t *pmdp = pmd_find_next(&mm->pt, &found, addr + PAGE_SIZE), pmd;
	pte_t *ptep = pmdp ? pte_offset_map(&mm->pt, pmdp, addr, &pmd) : NULL;
	bool readable = ptep && pte_accessible(ptep_get_lockless(ptep));

	if (ptep)
		pte_unmap(&mm->pt);
	return readable;
}

static int64_t touch_own(struct worker *worker, bool write)
{
	struct space *space = space_of(worker);
	unsigned int flags = write ? FAULT_FLAG_WRITE : 0;
	unsigned long addr = space_region(space, worker->index);
	int err = load_relaxed(&space->error);

	for (unsigned long i = 0; worker->run->checking && !err && i < space->pages; i++)
		err = touch_checked(worker, i, write);
	for (unsigned long i = 0; !worker->run->checking && !err && i < space->pages; i++, addr += PAGE_SIZE)
		if (write || !is_readable(space->mm, addr))
			err = space_fault(space, space->mm, addr, flags);
	return err ? err : (int64_t)space->pages;
}

int64_t file_space_touch(struct worker *worker)
{
	return touch_own(worker, worker->run->choice[1]);
}

int64_t file_space_read(struct worker *worker)
{
	return touch_own(worker, false);
}
