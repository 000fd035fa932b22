/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pfnmap_walk_cow.c - raw frames, mapped by each worker that writes: first writes copy them, while others walk all that
 * is mapped.
 *
 * All map the same frames. The frames never change, each copy holds what its frame does, and a walk finds raw frames
 * and copies, and nothing else.
 */
#include "workloads/lib/space.h"

#include <errno.h>

#include "workloads/lib/contents.h"

#define RAW_ORDER	9
#define RAW_PAGES	(1ul << RAW_ORDER)

enum { COPIER, WALKER };

static struct page *frames;	/* (C) while workers run */

/* (T) what one walk met */
struct met {
	unsigned long raw, copies, strange;
};

static uint64_t mark_of(unsigned long i)
{
	return 0x5eed0000 + i;
}

static void mark_frames(void)
{
	for (unsigned long i = 0; machine.payload && i < RAW_PAGES; i++) {
		uint64_t *words = page_payload(&frames[i]);

		words[0] = words[machine.payload / sizeof(uint64_t) - 1] = mark_of(i);
	}
}

static unsigned long region_of(const struct worker *worker)
{
	return space_region(space_of(worker), worker->role_index);
}

/* Over whatever was mapped there. Returns 0 or -errno. */
static int map_raw(struct space *space, unsigned long addr)
{
	long at = sys_mmap_pfn(space->mm, addr, RAW_PAGES << PAGE_SHIFT, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_FIXED, page_to_pfn(frames));

	return at < 0 ? space_fail(space, (int)at, "raw frames could not be mapped at %#lx: %ld", addr, at) : 0;
}

static void close_regions(struct workload_run *run)
{
	space_close(run);
	if (frames)
		free_raw_frames(frames, RAW_ORDER);
	frames = NULL;
}

static int open_regions(struct workload_run *run)
{
	unsigned int nr = (run->threads + 1) / 2;
	int err = space_open_warm(run, nr, RAW_PAGES);

	if (err)
		return err;
	frames = alloc_raw_frames(RAW_ORDER);
	if (!frames)
		err = -ENOMEM;
	else
		mark_frames();
	for (unsigned int i = 0; !err && i < nr; i++)
		err = map_raw(run->data, space_region(run->data, i));
	if (err)
		close_regions(run);
	return err;
}

/* ---- copies ---- */

static void prepare(struct worker *worker)
{
	if (!load_relaxed(&space_of(worker)->error))
		map_raw(space_of(worker), region_of(worker));
}

static int check_copies(struct worker *worker)
{
	struct space *space = space_of(worker);

	for (unsigned long i = 0; i < RAW_PAGES; i++) {
		unsigned long addr = region_of(worker) + (i << PAGE_SHIFT);
		uint64_t mark;

		if (contents_read(space->mm, addr, &mark) || (machine.payload && mark != mark_of(i)))
			return space_fail(space, -EUCLEAN, "the copy at %#lx is not what was copied", addr);
		if (contents_write(space->mm, addr, ~0ull))
			return space_fail(space, -EUCLEAN, "the copy at %#lx is not its mm's alone", addr);
	}
	return 0;
}

static int64_t copy_all(struct worker *worker)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	for (unsigned long i = 0; !err && i < RAW_PAGES; i++) {
		vm_fault_t ret = user_access(space->mm, region_of(worker) + (i << PAGE_SHIFT), FAULT_FLAG_WRITE);

		if (ret)
			err = space_fail(space, ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT, "a write ended in %#x", ret);
	}
	if (!err && worker->run->checking)
		err = check_copies(worker);
	return err ? err : (int64_t)RAW_PAGES;
}

/* ---- walks ---- */

static int walk_it(unsigned long start, unsigned long end, struct mm_walk *walk)
{
	(void)start, (void)end, (void)walk;
	return 0;
}

static int meet(pte_t *ptep, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct met *met = walk->private;
	pte_t pte = ptep_get(ptep);
	const struct page *page = vm_normal_page(walk->vma, addr, pte);

	(void)next;
	if (!page)
		met->raw++;
	else if (page_type(page) == PAGE_ANON && page_mapcount(page) == 1)
		met->copies++;
	else
		met->strange++;
	met->strange += !pte_present(pte) || (!page && pte_write(pte));
	return 0;
}

static int64_t walk_all(struct worker *worker)
{
	static const struct mm_walk_ops ops = { .test_walk = walk_it, .pte_entry = meet, .walk_lock = PGWALK_RDLOCK };
	struct space *space = space_of(worker);
	unsigned long slots = space->nr * RAW_PAGES;
	struct met met = { 0 };
	int err = load_relaxed(&space->error);

	if (!err)
		err = space_walk(space->mm, space_region(space, 0), space_region(space, space->nr), &ops, &met);
	if (!err && (met.raw + met.copies != slots || met.strange))
		err = space_fail(space, -EUCLEAN, "%lu raw pages, %lu copies, %lu strange ones where %lu pages are",
				 met.raw, met.copies, met.strange, slots);
	return err ? err : (int64_t)slots;
}

/* What was raw is as it was. */
static int check(struct workload_run *run)
{
	struct space *space = run->data;

	for (unsigned long i = 0; i < RAW_PAGES; i++)
		if ((machine.payload && *(uint64_t *)page_payload(&frames[i]) != mark_of(i)) ||
		    page_mapcount(&frames[i]))
			return space_fail(space, -EUCLEAN, "raw frame %lu was written to, or counted", i);
	return space_check(run);
}

WORKLOAD(pfnmap_walk_cow,
	.what = "half of the workers: first write to each page of raw frames, mapped anew each time; the others: walk "
		"all of them",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [COPIER] = { "copier", copy_all, prepare }, [WALKER] = { "walker", walk_all, NULL } },
	.setup = open_regions,
	.check = check,
	.teardown = close_regions)
