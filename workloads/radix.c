/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * radix.c - the microbenchmarks of RadixVM (EuroSys 2013) by their names there: address spaces under threads that map
 * and unmap.
 *
 *   local     map memory at a place of one's own, write to each page, unmap it
 *   pipeline  map and write to it, and hand it to the next worker, who writes to it too and unmaps it
 *   global    map one's own part of a table, in place of the old one; then write to pages all over the table
 *
 * No worker waits for another here, since runners let them come and go: where the pipe is full or empty a worker goes
 * on, and no worker waits between mapping a part of the table and using all of it. What is counted are written pages.
 * Source: github.com/aclements/sv6, bin/mapbench.cc.
 */
#include "workloads/lib/space_calls.h"

#include <errno.h>

#define OP_ROUNDS	64u
#define ANONYMOUS	(MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGES_AXIS	{ "pages", 2, { 1, 16 } }	/* of each mapping */

static unsigned long pages_of(const struct worker *worker)
{
	return (unsigned long)worker->run->choice[0];
}

static int setup(struct workload_run *run)
{
	return space_open_warm(run, run->threads, (unsigned long)run->choice[0]);
}

/* Where nothing is mapped. */
static int64_t map_and_write(struct worker *worker, unsigned long addr)
{
	long ret = space_mmap(worker, addr, pages_of(worker), ANONYMOUS | MAP_FIXED_NOREPLACE);

	return ret < 0 ? ret : space_touch(worker, addr, pages_of(worker), PAGE_SIZE);
}

/* ---- local ---- */

static int leave_own(struct worker *worker)
{
	return space_munmap(worker, space_own(worker), pages_of(worker));
}

static int64_t local(struct worker *worker)
{
	int64_t done = 0, items = 0;

	for (unsigned int i = 0; done >= 0 && i < OP_ROUNDS; i++) {
		int err;

		done = map_and_write(worker, space_own(worker));
		err = done < 0 ? (int)done : leave_own(worker);
		done = err ? err : done;
		items += done;
	}
	return done < 0 ? done : items;
}

/* ---- pipeline: region i goes from the worker before to worker i ---- */

#define MAX_STAGES	1024u

/* (A) mapped by the worker before, and for its owner to unmap */
static struct stage {
	uint32_t full;
} __attribute__((aligned(2 * CACHE_LINE))) stages[MAX_STAGES];

static int open_pipeline(struct workload_run *run)
{
	if (run->threads > MAX_STAGES)
		return -EOPNOTSUPP;
	for (unsigned int i = 0; i < run->threads; i++)
		store_relaxed(&stages[i].full, 1);	/* mapped by the set-up */
	return setup(run);
}

/* The pages written, 0 while the next worker has its region still. */
static int64_t fill_next(struct worker *worker)
{
	unsigned int next = (worker->index + 1) % worker->run->threads;
	int64_t done;

	if (load_acquire(&stages[next].full))
		return 0;
	done = map_and_write(worker, space_region(space_of(worker), next));
	if (done > 0)
		store_release(&stages[next].full, 1);
	return done;
}

static int64_t drain_own(struct worker *worker)
{
	int64_t done;
	int err;

	if (!load_acquire(&stages[worker->index].full))
		return 0;
	done = space_access(worker, space_own(worker), pages_of(worker), PAGE_SIZE, true);
	err = done < 0 ? (int)done : leave_own(worker);
	if (!err)
		store_release(&stages[worker->index].full, 0);
	return err ? err : done;
}

static int64_t pass_on(struct worker *worker)
{
	int64_t done = 0, items = 0;

	for (unsigned int i = 0; done >= 0 && i < OP_ROUNDS; i++) {
		done = fill_next(worker);
		items += done;
		if (done >= 0) {
			done = drain_own(worker);
			items += done;
		}
	}
	return done < 0 ? done : items;
}

/* ---- global: region 0 is the table, of so many pages for each worker ---- */

static int open_table(struct workload_run *run)
{
	return space_open_warm(run, 1, run->threads * (unsigned long)run->choice[0]);
}

/* As many writes as the table has pages, wherever. */
static int64_t use_table(struct worker *worker)
{
	const unsigned long table = space_region(space_of(worker), 0), pages = space_of(worker)->pages;
	long ret = space_mmap(worker, table + (worker->index * pages_of(worker) << PAGE_SHIFT), pages_of(worker),
			      ANONYMOUS | MAP_FIXED);
	int64_t done = ret < 0 ? ret : 0;

	for (unsigned long i = 0; done >= 0 && i < pages; i++)
		done = space_access(worker, table + (rng_below(&worker->rng, pages) << PAGE_SHIFT), 1, PAGE_SIZE, true);
	return done < 0 ? done : (int64_t)pages;
}

#define RADIX(id, text, op, setup_fn, enter_fn, ...) \
	TWINS(radix_##id, WORKLOAD_PAYLOAD, "RadixVM's " #id ": " text, \
		.item = "page", .nr_roles = 1, .roles = { { #id, op, NULL } }, .nr_axes = 1, .axes = { __VA_ARGS__ }, \
		.setup = setup_fn, .worker_setup = enter_fn, .check = space_check, .teardown = space_close)

RADIX(local, "map memory at a place of one's own, write to it, unmap it", local, setup, leave_own, PAGES_AXIS)
RADIX(pipeline, "map and write to memory, which the next worker writes to and unmaps", pass_on, open_pipeline, NULL,
      PAGES_AXIS)
RADIX(global, "map one's own part of a table anew, write to pages all over it", use_table, open_table, NULL,
      { "pages", 1, { 16 } })
