/* SPDX-License-Identifier: GPL-2.0-or-later */
/* space_calls.c - a program's calls to its address space, and what the core makes of them. */
#include "workloads/lib/space_calls.h"

#include <errno.h>
#include <string.h>

#include "workloads/lib/contents.h"

/* ---- the core's ---- */

/* Two workers' mappings never merge, as two regions do not; what is mapped in a region is as the rest of it. */
static uint32_t name_of(const struct worker *worker, unsigned long addr)
{
	const struct space *space = space_of(worker);

	return addr ? (uint32_t)((addr - space->base) / space->stride) + 1 : worker->index + 1;
}

static long core_mmap(struct worker *worker, unsigned long addr, unsigned long len, int prot, int flags)
{
	struct space *space = space_of(worker);

	if (flags & MAP_ANONYMOUS)
		return sys_mmap(space_mm(worker), addr, len, prot, flags, name_of(worker, addr));
	return sys_mmap_file(space_mm(worker), addr, len, prot, flags, space->files[worker->index].file, 0);
}

static int core_munmap(struct worker *worker, unsigned long addr, unsigned long len)
{
	return sys_munmap(space_mm(worker), addr, len);
}

static int core_mprotect(struct worker *worker, unsigned long addr, unsigned long len, int prot)
{
	return sys_mprotect(space_mm(worker), addr, len, prot);
}

static int core_madvise(struct worker *worker, unsigned long addr, unsigned long len, int advice)
{
	return sys_madvise(space_mm(worker), addr, len, advice);
}

static long core_mremap(struct worker *worker, unsigned long addr, unsigned long len, unsigned long to)
{
	return sys_mremap(space_mm(worker), addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static int core_mlock(struct worker *worker, unsigned long addr, unsigned long len)
{
	return sys_mlock(space_mm(worker), addr, len);
}

static int core_munlock(struct worker *worker, unsigned long addr, unsigned long len)
{
	return sys_munlock(space_mm(worker), addr, len);
}

static int core_mincore(struct worker *worker, unsigned long addr, unsigned long len, unsigned char *vec)
{
	return sys_mincore(space_mm(worker), addr, len, vec);
}

static int core_pagemap(struct worker *worker, unsigned long addr, unsigned long pages, uint64_t *map)
{
	return sys_pagemap(space_mm(worker), addr, pages, map);
}

static long core_move_pages(struct worker *worker, unsigned long count, const unsigned long *addrs, const int *nodes,
			    int *status)
{
	return sys_move_pages(space_mm(worker), count, addrs, nodes, status, MPOL_MF_MOVE);
}

#define READ_LINES	32	/* that fit into one read(2) of a page */

static int core_maps(struct worker *worker, struct maps_line *lines, unsigned int most)
{
	unsigned int nr = 0, got;

	do {
		got = sys_maps(space_mm(worker), nr ? lines[nr - 1].end : 0, &lines[nr],
			       min(most - nr, (unsigned int)READ_LINES));
		nr += got;
	} while (got);
	return nr == most ? -ENOSPC : (int)nr;
}

#define READ_STATS	4	/* so many fit, each with its counts */

static int core_smaps(struct worker *worker, struct maps_line *lines, uint64_t *rss, unsigned int most)
{
	struct smaps_vma vmas[READ_STATS];
	unsigned int nr = 0, got;

	do {
		got = sys_smaps(space_mm(worker), nr ? lines[nr - 1].end : 0, vmas,
				min(most - nr, (unsigned int)READ_STATS));
		for (unsigned int i = 0; i < got; i++, nr++) {
			lines[nr] = vmas[i].line;
			rss[nr] = vmas[i].stats.resident;
		}
	} while (got);
	return nr == most ? -ENOSPC : (int)nr;
}

static int core_ftruncate(struct worker *worker, unsigned long pages)
{
	return sys_ftruncate(space_of(worker)->files[worker->index].file, pages);
}

static int64_t core_access(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step,
			   bool write)
{
	const unsigned int flags = write ? FAULT_FLAG_WRITE : 0;
	struct space *space = space_of(worker);
	struct mm_struct *mm = space_mm(worker);
	int err = 0;

	for (unsigned long i = 0; !err && i < pages; i++, addr += step)
		err = space_use(space, mm, addr, flags);
	return err ? err : (int64_t)pages;
}

/* No two pages of a run hold the same value, whichever worker touched them. */
static uint64_t mark_of(const struct worker *worker, unsigned long addr)
{
	return ((uint64_t)(worker->index + 1) << 52) | addr >> PAGE_SHIFT;
}

/* Step by step, and all marks once more at the end. */
static int64_t core_touch_checked(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step)
{
	struct space *space = space_of(worker);
	unsigned long i;

	for (i = 0; i < pages; i++) {
		unsigned long at = addr + i * step;

		if (space_fault(space, space_mm(worker), at, FAULT_FLAG_WRITE))
			return space->error;
		if (contents_mark(space_mm(worker), at, mark_of(worker, at)))
			return space_fail(space, -EUCLEAN, "the page at %#lx was not fresh", at);
	}
	for (i = 0; i < pages; i++) {
		unsigned long at = addr + i * step;

		if (contents_expect(space_mm(worker), at, mark_of(worker, at)))
			return space_fail(space, -EUCLEAN, "the page at %#lx lost what was written to it", at);
	}
	return (int64_t)pages;
}

static int core_expect_zero(struct worker *worker, unsigned long addr)
{
	struct space *space = space_of(worker);
	int err = space_fault(space, space_mm(worker), addr, 0);

	if (!err && contents_zero(space_mm(worker), addr))
		err = space_fail(space, -EUCLEAN, "the page at %#lx was dropped, and is not zero", addr);
	return err;
}

const struct space_calls core_calls = {
	.mmap = core_mmap, .munmap = core_munmap, .mprotect = core_mprotect, .madvise = core_madvise,
	.mremap = core_mremap, .mlock = core_mlock, .munlock = core_munlock,
	.mincore = core_mincore, .pagemap = core_pagemap, .move_pages = core_move_pages, .ftruncate = core_ftruncate,
	.maps = core_maps, .smaps = core_smaps,
	.access = core_access, .touch_checked = core_touch_checked, .expect_zero = core_expect_zero,
};

/* ---- calls that must succeed ---- */

static int expect(struct worker *worker, long ret, const char *call, unsigned long addr)
{
	if (likely(!ret))
		return 0;
	return space_fail(space_of(worker), ret < 0 ? (int)ret : -EIO, "%s at %#lx: %s", call, addr,
			  strerror(ret < 0 ? (int)-ret : EIO));
}

int space_munmap(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return expect(worker, space_of(worker)->calls->munmap(worker, addr, pages << PAGE_SHIFT), "munmap", addr);
}

int space_mprotect(struct worker *worker, unsigned long addr, unsigned long pages, int prot)
{
	return expect(worker, space_of(worker)->calls->mprotect(worker, addr, pages << PAGE_SHIFT, prot), "mprotect",
		      addr);
}

int space_madvise(struct worker *worker, unsigned long addr, unsigned long pages, int advice)
{
	return expect(worker, space_of(worker)->calls->madvise(worker, addr, pages << PAGE_SHIFT, advice), "madvise",
		      addr);
}

int space_mlock(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return expect(worker, space_of(worker)->calls->mlock(worker, addr, pages << PAGE_SHIFT), "mlock", addr);
}

int space_munlock(struct worker *worker, unsigned long addr, unsigned long pages)
{
	return expect(worker, space_of(worker)->calls->munlock(worker, addr, pages << PAGE_SHIFT), "munlock", addr);
}

int space_mremap(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long to)
{
	long ret = space_of(worker)->calls->mremap(worker, addr, pages << PAGE_SHIFT, to);

	return expect(worker, ret == (long)to ? 0 : ret, "mremap", addr);
}

static __cold bool has_most_vmas(const struct worker *worker)
{
	struct mm_struct *mm = space_mm(worker);
	bool has;

	if (space_is_live(space_of(worker)))
		return false;
	mmap_read_lock(mm);
	has = mm->map_count > max_map_count(&mm->pt.policy);
	mmap_read_unlock(mm);
	return has;
}

long space_mmap(struct worker *worker, unsigned long addr, unsigned long pages, int flags)
{
	struct space *space = space_of(worker);
	long ret = space->calls->mmap(worker, addr, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE, flags);

	if (unlikely(ret == -ENOMEM && has_most_vmas(worker)))
		return space_fail(space, -ENOMEM, "mmap: the address space has as many VMAs as the policy's "
				  "max_map_count allows, %u", max_map_count(&worker->run->policy));
	return ret > 0 ? ret : expect(worker, ret, "mmap", addr);
}

int64_t space_access(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step, bool write)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	return err ? err : space->calls->access(worker, addr, pages, step, write);
}

/* ---- a worker's own region ---- */

unsigned long space_own(const struct worker *worker)
{
	return space_region(space_of(worker), worker->index);
}

void space_fill_own(struct worker *worker)
{
	space_access(worker, space_own(worker), space_of(worker)->pages, PAGE_SIZE, true);
}

int space_fill_worker(struct worker *worker)
{
	space_fill_own(worker);
	return load_relaxed(&space_of(worker)->error);
}

int64_t space_advise_own(struct worker *worker, int advice)
{
	struct space *space = space_of(worker);
	int err = space_madvise(worker, space_own(worker), space->pages, advice);

	return err ? err : (int64_t)space->pages;
}

int space_map_own_file(struct worker *worker)
{
	long ret = space_mmap(worker, space_own(worker), space_of(worker)->pages, MAP_SHARED | MAP_FIXED);

	return ret < 0 ? (int)ret : 0;
}

/* ---- set-up ---- */

int space_warm_up(struct worker *worker)
{
	int64_t done = worker->run->workload->roles[worker->role].op(worker);

	return done < 0 ? (int)done : 0;
}

int space_open_advised(struct workload_run *run, int advice, const char *name)
{
	int err = space_open_memory(run);

	if (err || !space_is_live(run->data))
		return err;
	err = live_space_try(run->data, advice);
	if (!err)
		return 0;
	space_close(run);
	return workload_skip(run, "%s: %s", name, strerror(-err));
}

int space_open_lockable(struct workload_run *run)
{
	int err = space_open_memory(run);

	if (err || !space_is_live(run->data))
		return err;
	err = live_space_try_mlock(run->data);
	if (!err)
		return 0;
	space_close(run);
	return workload_skip(run, "mlock: %s", strerror(-err));
}
