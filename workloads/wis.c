/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wis.c - the memory tests of will-it-scale by their names there, as its threads run them: 128 MiB of one mm for each
 * worker, mapped, used a page at a time, and unmapped, over and over.
 *
 *   page_fault1  anonymous memory, a write to each page     page_fault2, page_fault3  a file of one's own, mapped
 *   private, or shared mmap1, mmap2     anonymous memory, or a file mapped private, and nothing used
 *   tlb_flush1, tlb_flush2  a file mapped private, or 1 MiB of anonymous memory: each page written to, dropped, and
 *   read
 *
 * Counted is what is counted there: pages, or mappings. Source: github.com/antonblanchard/will-it-scale, tests/.
 */
#include "workloads/lib/space_calls.h"

#define ANONYMOUS	(MAP_PRIVATE | MAP_ANONYMOUS)
#define OP_MAPPINGS	64
#define WIS_AXIS	{ "pages", 1, { 32768 } }

static unsigned long pages_of(const struct worker *worker)
{
	return (unsigned long)worker->run->choice[0];
}

static int64_t map_write_unmap(struct worker *worker, int flags)
{
	long addr = space_mmap(worker, 0, pages_of(worker), flags);
	int64_t done;
	int err;

	if (addr < 0)
		return addr;
	done = flags & MAP_ANONYMOUS ? space_touch(worker, (unsigned long)addr, pages_of(worker), PAGE_SIZE)
				     : space_access(worker, (unsigned long)addr, pages_of(worker), PAGE_SIZE, true);
	err = space_munmap(worker, (unsigned long)addr, pages_of(worker));
	return err ? err : done;
}

static int64_t page_fault1(struct worker *worker)
{
	return map_write_unmap(worker, ANONYMOUS);
}

static int64_t page_fault2(struct worker *worker)
{
	return map_write_unmap(worker, MAP_PRIVATE);
}

static int64_t page_fault3(struct worker *worker)
{
	return map_write_unmap(worker, MAP_SHARED);
}

static int64_t map_and_unmap(struct worker *worker, int flags)
{
	for (unsigned int i = 0; i < OP_MAPPINGS; i++) {
		long addr = space_mmap(worker, 0, pages_of(worker), flags);
		int err = addr < 0 ? (int)addr : space_munmap(worker, (unsigned long)addr, pages_of(worker));

		if (err)
			return err;
	}
	return OP_MAPPINGS;
}

static int64_t mmap1(struct worker *worker)
{
	return map_and_unmap(worker, ANONYMOUS);
}

static int64_t mmap2(struct worker *worker)
{
	return map_and_unmap(worker, MAP_PRIVATE);
}

/* What a read finds after the drop: zeroes in anonymous memory, the file's page in a mapping of it. */
static int write_drop_read(struct worker *worker, unsigned long addr, bool anonymous)
{
	int64_t done = space_access(worker, addr, 1, PAGE_SIZE, true);
	int err = done < 0 ? (int)done : space_madvise(worker, addr, 1, MADV_DONTNEED);

	if (!err && anonymous && worker->run->checking)
		return space_of(worker)->calls->expect_zero(worker, addr);
	done = err ? err : space_access(worker, addr, 1, PAGE_SIZE, false);
	return done < 0 ? (int)done : 0;
}

static int64_t flush(struct worker *worker, int flags)
{
	long addr = space_mmap(worker, 0, pages_of(worker), flags);
	int err = addr < 0 ? (int)addr : 0;

	for (unsigned long i = 0; !err && i < pages_of(worker); i++)
		err = write_drop_read(worker, (unsigned long)addr + (i << PAGE_SHIFT), flags & MAP_ANONYMOUS);
	if (!err)
		err = space_munmap(worker, (unsigned long)addr, pages_of(worker));
	return err ? err : (int64_t)pages_of(worker);
}

static int64_t tlb_flush1(struct worker *worker)
{
	return flush(worker, MAP_PRIVATE);
}

static int64_t tlb_flush2(struct worker *worker)
{
	return flush(worker, ANONYMOUS);
}

static int open_files(struct workload_run *run)
{
	return space_open_files(run, (unsigned long)run->choice[0]);
}

#define WIS(id, core_flags, text, counted, setup_fn, ...) \
	TWINS(wis_##id, core_flags, "will-it-scale's " #id ": " text, \
		.item = counted, .nr_roles = 1, .roles = { { #id, id, NULL } }, .nr_axes = 1, .axes = { __VA_ARGS__ }, \
		.setup = setup_fn, .worker_setup = space_warm_up, .check = space_check, .teardown = space_close)

WIS(page_fault1, WORKLOAD_PAYLOAD, "map 128 MiB, write to each page, unmap", "page", space_open_mm, WIS_AXIS)
WIS(page_fault2, WORKLOAD_PAYLOAD, "the same, of a file mapped private", "page", open_files, WIS_AXIS)
WIS(page_fault3, WORKLOAD_PAYLOAD, "the same, of a file mapped shared", "page", open_files, WIS_AXIS)
WIS(mmap1, 0, "map and unmap 128 MiB", "mapping", space_open_mm, WIS_AXIS)
WIS(mmap2, 0, "the same, of a file mapped private", "mapping", open_files, WIS_AXIS)
WIS(tlb_flush1, WORKLOAD_PAYLOAD, "write to each page of a file mapped private, drop and read it", "page", open_files,
    WIS_AXIS)
WIS(tlb_flush2, WORKLOAD_PAYLOAD, "the same, of 1 MiB of anonymous memory", "page", space_open_mm,
    { "pages", 1, { 256 } })
