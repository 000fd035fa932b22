/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * corten.c - the microbenchmarks of CortenMM (SOSP 2025) by their names there: each worker makes 32 requests, one after
 * the other, which then are undone, untimed.
 *
 *   mmap, mmap_pf  map four pages; and write to each            pf  write to a page that is mapped, and not there
 *   unmap_virt, unmap  unmap a page that was never written to, or that was
 *
 * How the workers get in each other's way, contention:
 *   0, low   each has an area of its own, a VMA and page tables; mappings come wherever there is room
 *   1, high  all have the same area, their requests scattered over several tables
 *   2, hot   all have the same area, their requests in turn side by side: in as few tables as there can be
 *
 * Source: github.com/TELOS-syslab/CortenMM-Artifact, the scale tests.
 */
#include "workloads/lib/space_calls.h"

#include <errno.h>
#include <stdlib.h>

#define REQUESTS	32ul
#define MAP_PAGES	4ul		/* of a mapping */
#define SCATTER		64ul		/* pages from one scattered request to the next, and room for any one */
#define PRIME		7919ul		/* to scatter by */
#define ANONYMOUS	(MAP_PRIVATE | MAP_ANONYMOUS)

enum { LOW, HIGH, HOT };

/* (T) worker->data: where its requests are */
struct requests {
	unsigned long addr[REQUESTS];
};

/* Where request @i for @pages pages is. */
static unsigned long place(const struct worker *worker, unsigned long i, unsigned long pages)
{
	const unsigned long threads = worker->run->threads, turn = i * threads + worker->index,
			    all = REQUESTS * threads;

	switch (worker->run->choice[0]) {
	case LOW:
		return space_own(worker) + (i * pages << PAGE_SHIFT);
	case HIGH:
		return space_region(space_of(worker), 0) + (turn * PRIME % all * SCATTER << PAGE_SHIFT);
	default:
		return space_region(space_of(worker), 0) + (turn * pages << PAGE_SHIFT);
	}
}

static int enter(struct worker *worker, unsigned long pages)
{
	struct requests *requests = malloc(sizeof(*requests));

	if (!requests)
		return -ENOMEM;
	for (unsigned long i = 0; i < REQUESTS; i++)
		requests->addr[i] = place(worker, i, pages);
	worker->data = requests;
	return 0;
}

static void leave(struct worker *worker)
{
	free(worker->data);
	worker->data = NULL;
}

/* Does @request for each of the worker's. Returns how many, or -errno. */
static int64_t each(struct worker *worker, int (*request)(struct worker *worker, unsigned long *addr))
{
	struct requests *requests = worker->data;
	int err = load_relaxed(&space_of(worker)->error);

	for (unsigned long i = 0; !err && i < REQUESTS; i++)
		err = request(worker, &requests->addr[i]);
	return err ? err : (int64_t)REQUESTS;
}

static int setup(struct workload_run *run)
{
	return space_open(run, run->threads, REQUESTS * SCATTER * run->threads);
}

/* ---- requests ---- */

static int unmap_mapping(struct worker *worker, unsigned long *addr)
{
	return space_munmap(worker, *addr, MAP_PAGES);
}

static int map_four(struct worker *worker, unsigned long *addr)
{
	long got = worker->run->choice[0] == LOW ?
			   space_mmap_anywhere(worker, MAP_PAGES) :
			   space_mmap(worker, *addr, MAP_PAGES, ANONYMOUS | MAP_FIXED_NOREPLACE);

	if (got > 0)
		*addr = (unsigned long)got;
	return got < 0 ? (int)got : 0;
}

static int map_and_write(struct worker *worker, unsigned long *addr)
{
	int err = map_four(worker, addr);
	int64_t done = err ? err : space_touch(worker, *addr, MAP_PAGES, PAGE_SIZE);

	return done < 0 ? (int)done : 0;
}

static int write_page(struct worker *worker, unsigned long *addr)
{
	int64_t done = space_touch(worker, *addr, 1, PAGE_SIZE);

	return done < 0 ? (int)done : 0;
}

static int drop_page(struct worker *worker, unsigned long *addr)
{
	return space_madvise(worker, *addr, 1, MADV_DONTNEED);
}

static int unmap_page(struct worker *worker, unsigned long *addr)
{
	return space_munmap(worker, *addr, 1);
}

static int map_page(struct worker *worker, unsigned long *addr)
{
	long got = space_mmap(worker, *addr, 1, ANONYMOUS | MAP_FIXED_NOREPLACE);

	return got < 0 ? (int)got : 0;
}

static int map_and_write_page(struct worker *worker, unsigned long *addr)
{
	int err = map_page(worker, addr);

	return err ? err : write_page(worker, addr);
}

/* ---- ops and what undoes them ---- */

static int64_t mmap_only(struct worker *worker) { return each(worker, map_four); }
static int64_t mmap_pf(struct worker *worker) { return each(worker, map_and_write); }
static void undo_mmap(struct worker *worker) { each(worker, unmap_mapping); }
static int64_t pf(struct worker *worker) { return each(worker, write_page); }
static void undo_pf(struct worker *worker) { each(worker, drop_page); }
static int64_t unmap(struct worker *worker) { return each(worker, unmap_page); }
static void undo_unmap_virt(struct worker *worker) { each(worker, map_page); }
static void undo_unmap(struct worker *worker) { each(worker, map_and_write_page); }

/* What is there at first is as if done before. */
static int enter_mappings(struct worker *worker)
{
	return enter(worker, MAP_PAGES);
}

static int enter_pages(struct worker *worker)
{
	return enter(worker, 1);
}

static int enter_holes(struct worker *worker)
{
	int err = enter(worker, 1);
	int64_t done = err ? err : each(worker, unmap_page);

	return done < 0 ? (int)done : 0;
}

#define CORTEN(id, core_flags, text, counted, op, undo, enter_fn) \
	TWINS(corten_##id, core_flags, "CortenMM's " text, \
		.item = counted, .nr_roles = 1, .roles = { { #id, op, undo } }, \
		.nr_axes = 1, .axes = { { "contention", 3, { LOW, HIGH, HOT } } }, \
		.setup = setup, .worker_setup = enter_fn, .worker_teardown = leave, .check = space_check, \
		.teardown = space_close)

CORTEN(mmap, 0, "mmap: map 4 pages", "mapping", mmap_only, undo_mmap, enter_mappings)
CORTEN(mmap_pf, WORKLOAD_PAYLOAD, "mmap-PF: map 4 pages, write to each", "mapping", mmap_pf, undo_mmap, enter_mappings)
CORTEN(pf, WORKLOAD_PAYLOAD, "PF: write to a page that is not there", "page", pf, undo_pf, enter_pages)
CORTEN(unmap_virt, 0, "unmap-virt: unmap a page that was never written to", "page", unmap, undo_unmap_virt, enter_holes)
CORTEN(unmap, WORKLOAD_PAYLOAD, "unmap: unmap a page", "page", unmap, undo_unmap, enter_holes)
