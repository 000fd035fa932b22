/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps_vs_map.c - readers of /proc/PID/maps, or smaps, while one thread maps, splits and merges.
 *
 * Even regions stay as they are: a reader finds each in one line. Odd ones change, and are mapped all the time: a
 * reader finds no gap there. Of the live kernel that is not required: Linux 6.18 shows a gap there at times. For
 * readers of smaps, the pages of even regions are all there.
 */
#include "workloads/lib/space_calls.h"

#include <errno.h>

#define REGIONS		16u
#define REGION_PAGES	16ul
#define OP_CHANGES	16
#define MOST_LINES	4096u

enum { READER, MAPPER };

static const char *const role_names[] = { [READER] = "reader", [MAPPER] = "mapper" };

static uint64_t longest_ns[ARRAY_SIZE(role_names)];	/* (A) of one operation, by role */

static unsigned int role_of(unsigned int index, unsigned int threads)
{
	return index == threads - 1 ? MAPPER : READER;
}

static int setup(struct workload_run *run)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(longest_ns); i++)
		store_relaxed(&longest_ns[i], 0);
	return space_open(run, REGIONS, REGION_PAGES);
}

static int setup_populated(struct workload_run *run)
{
	struct worker worker = { .run = run };
	int err = setup(run);
	int64_t done = 0;

	for (unsigned int i = 0; !err && done >= 0 && i < REGIONS; i += 2)
		done = space_access(&worker, space_region(run->data, i), REGION_PAGES, PAGE_SIZE, true);
	if (done >= 0)
		return err;
	space_close(run);
	return (int)done;
}

static void note(unsigned int role, uint64_t begun)
{
	uint64_t ns = clock_kernel_ns() - begun, seen = load_relaxed(&longest_ns[role]);

	while (ns > seen && !try_cmpxchg_relaxed(&longest_ns[role], &seen, ns))
		;
}

/* ---- the reader ---- */

/* (T) of a reader: how far it has come in one region */
struct reading {
	unsigned long at, end;
	unsigned int lines;
	uint64_t rss;
};

static void read_line(struct reading *reading, const struct maps_line *line, uint64_t rss)
{
	if (line->end <= reading->at || line->start >= reading->end)
		return;
	reading->lines++;
	reading->rss += rss;
	if (line->start <= reading->at)
		reading->at = min(line->end, reading->end);
}

/* @rss: NULL, or of each line. */
static int check_region(struct worker *worker, unsigned int i, const struct maps_line *lines, const uint64_t *rss,
			int nr)
{
	struct space *space = space_of(worker);
	unsigned long start = space_region(space, i);
	struct reading reading = { .at = start, .end = start + (REGION_PAGES << PAGE_SHIFT) };

	for (int n = 0; n < nr; n++)
		read_line(&reading, &lines[n], rss ? rss[n] : 0);
	if (reading.at != reading.end && !(space_is_live(space) && i % 2))
		return space_fail(space, -EUCLEAN, "region %u is mapped, and maps has nothing at %#lx", i, reading.at);
	if (i % 2 == 0 && reading.lines != 1)
		return space_fail(space, -EUCLEAN, "region %u is one VMA, and has %u lines", i, reading.lines);
	if (rss && i % 2 == 0 && reading.rss != REGION_PAGES << PAGE_SHIFT)
		return space_fail(space, -EUCLEAN, "region %u is there as a whole, and %lu bytes of it are counted", i,
				  (unsigned long)reading.rss);
	return 0;
}

static int64_t check_all(struct worker *worker, const struct maps_line *lines, const uint64_t *rss, int nr)
{
	struct space *space = space_of(worker);
	int err = load_relaxed(&space->error);

	if (nr < 0)
		return space_fail(space, nr, "%s cannot be read", rss ? "smaps" : "maps");
	for (int n = 1; !err && n < nr; n++)
		if (lines[n].end <= lines[n - 1].end)
			err = space_fail(space, -EUCLEAN, "maps goes back from %#lx to %#lx", lines[n - 1].end,
					 lines[n].end);
	for (unsigned int i = 0; !err && i < REGIONS; i++)
		err = check_region(worker, i, lines, rss, nr);
	return err ? err : nr;
}

static int64_t read_all(struct worker *worker)
{
	struct maps_line lines[MOST_LINES];
	uint64_t begun = clock_kernel_ns();
	int nr = space_of(worker)->calls->maps(worker, lines, MOST_LINES);

	note(READER, begun);
	return check_all(worker, lines, NULL, nr);
}

static int64_t count_all(struct worker *worker)
{
	struct maps_line lines[MOST_LINES];
	uint64_t rss[MOST_LINES], begun = clock_kernel_ns();
	int nr = space_of(worker)->calls->smaps(worker, lines, rss, MOST_LINES);

	note(READER, begun);
	return check_all(worker, lines, rss, nr);
}

/* ---- the mapper ---- */

static int change(struct worker *worker)
{
	unsigned int i = 2 * (unsigned int)rng_below(&worker->rng, REGIONS / 2) + 1;
	unsigned long from = rng_below(&worker->rng, REGION_PAGES), pages = 1 + rng_below(&worker->rng,
											  REGION_PAGES - from);
	unsigned long addr = space_region(space_of(worker), i) + (from << PAGE_SHIFT);
	long ret;

	switch (rng_below(&worker->rng, 3)) {
	case 0:
		return space_mprotect(worker, addr, pages, PROT_READ);
	case 1:
		return space_mprotect(worker, addr, pages, PROT_READ | PROT_WRITE);
	default:
		ret = space_mmap(worker, addr, pages, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
		return ret < 0 ? (int)ret : 0;
	}
}

static int64_t change_some(struct worker *worker)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < OP_CHANGES; i++) {
		uint64_t begun = clock_kernel_ns();

		err = change(worker);
		note(MAPPER, begun);
	}
	return err ? err : OP_CHANGES;
}

static void report(const struct workload_run *run, FILE *out)
{
	(void)run;
	for (unsigned int i = 0; i < ARRAY_SIZE(longest_ns); i++)
		fprintf(out, "  largest latency of a %s: %.1f us\n", role_names[i],
			(double)load_relaxed(&longest_ns[i]) / 1000);
}

TWINS(maps_vs_map, 0, "all but one: read all lines of /proc/PID/maps; the last: map, split and merge VMAs",
	.item = "VMA",
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [READER] = { "reader", read_all, NULL }, [MAPPER] = { "mapper", change_some, NULL } },
	.role_of = role_of,
	.setup = setup,
	.check = space_check,
	.report = report,
	.teardown = space_close)

TWINS(smaps_vs_map, 0, "all but one: read all of /proc/PID/smaps; the last: map, split and merge VMAs",
	.item = "VMA",
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [READER] = { "reader", count_all, NULL }, [MAPPER] = { "mapper", change_some, NULL } },
	.role_of = role_of,
	.setup = setup_populated,
	.check = space_check,
	.report = report,
	.teardown = space_close)
