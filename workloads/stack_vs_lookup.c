/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack_vs_lookup.c - faults below a VMA that grows downwards, while one thread shrinks and replaces it.
 *
 * Its last page is mapped all the time, with MAP_GROWSDOWN: so each fault in the region finds it, and succeeds.
 */
#include "workloads/lib/space_calls.h"

#define STACK_PAGES	512ul
#define OP_FAULTS	16

enum { USER, SHRINKER };

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index == threads - 1 ? SHRINKER : USER;
}

static unsigned long stack(const struct worker *worker)
{
	return space_region(space_of(worker), 0);
}

static int map_last_page(struct worker *worker)
{
	long ret = space_mmap(worker, stack(worker) + ((STACK_PAGES - 1) << PAGE_SHIFT), 1,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN);

	return ret < 0 ? (int)ret : 0;
}

static int setup(struct workload_run *run)
{
	struct worker worker = { .run = run };
	int err = space_open(run, 1, STACK_PAGES);

	if (err)
		return err;
	err = space_munmap(&worker, stack(&worker), STACK_PAGES);
	if (!err)
		err = map_last_page(&worker);
	if (err)
		space_close(run);
	return err;
}

static int64_t use(struct worker *worker)
{
	for (unsigned int i = 0; i < OP_FAULTS; i++) {
		unsigned long page = rng_below(&worker->rng, STACK_PAGES);
		int64_t done = space_access(worker, stack(worker) + (page << PAGE_SHIFT), 1, PAGE_SIZE, true);

		if (done < 0)
			return done;
	}
	return OP_FAULTS;
}

/* All below some page, or all but the last; and that is replaced. */
static int64_t shrink(struct worker *worker)
{
	unsigned long pages = 1 + rng_below(&worker->rng, STACK_PAGES - 1);
	int err = space_munmap(worker, stack(worker), pages);

	if (!err && rng_below(&worker->rng, 2))
		err = space_munmap(worker, stack(worker), STACK_PAGES - 1);
	if (!err)
		err = map_last_page(worker);
	return err ? err : 1;
}

TWINS(stack_vs_lookup, 0, "all but one: write below a VMA that grows downwards; the last: shrink and replace it",
	.item = "page",
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [USER] = { "user", use, NULL }, [SHRINKER] = { "shrinker", shrink, NULL } },
	.role_of = role_of,
	.setup = setup,
	.check = space_check,
	.teardown = space_close)
