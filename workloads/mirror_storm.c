/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mirror_storm.c - devices work on the memory of an mm by a mirror of its page tables, while processors write to it and
 * others take the pages away. While a run is checked the mirror is compared all the while.
 */
#include "workloads/lib/taken.h"

#include <errno.h>

static struct hmm_mirror mirror;	/* (C) but for what it locks itself */

static int setup(struct workload_run *run)
{
	struct space *space;
	unsigned long start;
	int err = taken_open(run);

	if (err)
		return err;
	space = run->data;
	start = space_region(space, 0);
	err = hmm_mirror_create(&mirror, space->mm, start, start + TAKEN_PAGES * PAGE_SIZE);
	if (err)
		taken_close(run);
	return err;
}

static void teardown(struct workload_run *run)
{
	hmm_mirror_destroy(&mirror);
	taken_close(run);
}

static int compare(struct space *space, unsigned long start, unsigned long end)
{
	char why[256];
	long nr = oracle_mirror(&mirror, start, end, why, sizeof(why));

	return nr < 0 ? space_fail(space, -EUCLEAN, "%s", why) : 0;
}

static int check(struct workload_run *run)
{
	int err = compare(run->data, mirror.start, mirror.end);

	return err ? err : space_check(run);
}

static void count_up(struct page *page, void *write)
{
	uint64_t *word = page_payload(page);

	if (machine.payload && *(bool *)write)
		store_relaxed(word, load_relaxed(word) + 1);
}

/* Work on some pages, all of them read into the mirror at once, some of them used. */
static int64_t device(struct worker *worker)
{
	struct taken_part part = taken_any(worker);
	struct space *space = space_of(worker);
	bool write = rng_below(&worker->rng, 2);
	int err;

	hmm_mirror_fill(&mirror, part.start, part.end);
	err = hmm_mirror_use(&mirror, part.start, write, count_up, &write);
	if (err && err != -EFAULT)
		return space_fail(space, err, "a device could not use the page at %#lx", part.start);
	if (worker->run->checking && compare(space, part.start, part.end))
		return space->error;
	return (int64_t)((part.end - part.start) >> PAGE_SHIFT);
}

WORKLOAD(mirror_storm,
	.what = "devices work on pages by a mirror, while processors write to them and others take them away in every "
		"way",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 3,
	.nr_roles = 3,
	.roles = { { "device", device, NULL }, { "writer", taken_write, NULL }, { "taker", taken_take, NULL } },
	.setup = setup,
	.check = check,
	.teardown = teardown)
