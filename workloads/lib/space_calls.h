/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * space_calls.h - what a program asks of its address space, be it the core's or the live kernel's: so that a workload
 * written once runs in both. TWINS() registers it twice, under its name and under that with live_ in front.
 *
 * In a space of the live kernel regions are where space.h has them, in this process's own memory; there is no mm, no
 * policy, and pages are touched by touching them. What a workload sets up by space.h, it gets there too.
 */
#ifndef FAULTLINE_WORKLOADS_LIB_SPACE_CALLS_H
#define FAULTLINE_WORKLOADS_LIB_SPACE_CALLS_H

#include "workloads/lib/space.h"

/*
 * Each as the system call of its name, by @worker: an address, 0 or a count; or -errno. A mapping that is not
 * MAP_ANONYMOUS is of the worker's own file, from its start.
 */
struct space_calls {
	long (*mmap)(struct worker *worker, unsigned long addr, unsigned long len, int prot, int flags);
	int (*munmap)(struct worker *worker, unsigned long addr, unsigned long len);
	int (*mprotect)(struct worker *worker, unsigned long addr, unsigned long len, int prot);
	int (*madvise)(struct worker *worker, unsigned long addr, unsigned long len, int advice);
	long (*mremap)(struct worker *worker, unsigned long addr, unsigned long len, unsigned long to);
	int (*mlock)(struct worker *worker, unsigned long addr, unsigned long len);
	int (*munlock)(struct worker *worker, unsigned long addr, unsigned long len);
	int (*mincore)(struct worker *worker, unsigned long addr, unsigned long len, unsigned char *vec);
	int (*pagemap)(struct worker *worker, unsigned long addr, unsigned long pages, uint64_t *map);
	long (*move_pages)(struct worker *worker, unsigned long count, const unsigned long *addrs, const int *nodes,
			   int *status);
	/* All lines of /proc/PID/maps, as one reader reads them; their number, at most @most, or -errno. */
	int (*maps)(struct worker *worker, struct maps_line *lines, unsigned int most);
	/* The same of smaps, and the bytes of Rss of each. */
	int (*smaps)(struct worker *worker, struct maps_line *lines, uint64_t *rss, unsigned int most);
	int (*ftruncate)(struct worker *worker, unsigned long pages);
	/*
	 * No calls, but accesses: space_access(); space_touch() while checking; a read of a page that must hold zeroes.
	 */
	int64_t (*access)(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step,
			  bool write);
	int64_t (*touch_checked)(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step);
	int (*expect_zero)(struct worker *worker, unsigned long addr);
};

extern const struct space_calls core_calls, live_calls;

/* ---- calls that must succeed: @pages pages from @addr on; 0 or -errno, reported on stderr ---- */

int space_munmap(struct worker *worker, unsigned long addr, unsigned long pages);
int space_mprotect(struct worker *worker, unsigned long addr, unsigned long pages, int prot);
int space_madvise(struct worker *worker, unsigned long addr, unsigned long pages, int advice);
int space_mlock(struct worker *worker, unsigned long addr, unsigned long pages);
int space_munlock(struct worker *worker, unsigned long addr, unsigned long pages);
/* Moves them to @to, over what is mapped there. */
int space_mremap(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long to);
/*
 * Private and anonymous; or @flags MAP_SHARED or MAP_PRIVATE of the worker's file; at @addr with MAP_FIXED. Returns the
 * address.
 */
long space_mmap(struct worker *worker, unsigned long addr, unsigned long pages, int flags);
/* As space_mmap(), readable and writable memory of its own wherever there is room. */
static inline long space_mmap_anywhere(struct worker *worker, unsigned long pages)
{
	return space_mmap(worker, 0, pages, MAP_PRIVATE | MAP_ANONYMOUS);
}

/* One access to each page, @step bytes apart. Returns @pages or -errno. */
int64_t space_access(struct worker *worker, unsigned long addr, unsigned long pages, unsigned long step, bool write);
/* The first byte of the worker's own region. */
unsigned long space_own(const struct worker *worker);
/* As a prepare: all pages of the worker's own region are there, written to. space_fill_worker() - as worker_setup. */
void space_fill_own(struct worker *worker);
int space_fill_worker(struct worker *worker);
/* As an op: one madvise() over the worker's own region. Returns its pages or -errno. */
int64_t space_advise_own(struct worker *worker, int advice);
/* As worker_setup: the worker's file is mapped shared over its own region. */
int space_map_own_file(struct worker *worker);

/* ---- set-up ---- */

/*
 * As worker_setup: one op, so that the host has backed what the next ones need, and files are in memory. Returns 0 or
 * -errno.
 */
int space_warm_up(struct worker *worker);

/*
 * space_open_files - room for a region of @pages for each worker, with a file of that length. As space_open().
 * space_open_disk_files() - the same; the live kernel's are on a disk, and clean: it can take their pages away without
 * swap.
 */
int space_open_files(struct workload_run *run, unsigned long pages);
int space_open_disk_files(struct workload_run *run, unsigned long pages);

/*
 * space_open_advised - as space_open_memory(), and the live kernel takes that advice, called @name, for a populated
 * region; or workload_skip().
 */
int space_open_advised(struct workload_run *run, int advice, const char *name);

/* space_open_lockable - as space_open_memory(), and the live kernel locks that much; or workload_skip(). */
int space_open_lockable(struct workload_run *run);

/* ---- for space.c: of a space of the live kernel ---- */

int live_space_reserve(struct space *space);	/* the room for all regions, nothing usable in it */
int live_space_map(struct space *space);	/* all regions */
void live_space_warm(struct space *space);
void live_space_release(struct space *space);
int live_space_files(struct space *space, unsigned long pages, bool on_disk);
int live_space_try(struct space *space, int advice);	/* a first madvise(), of which nothing is left */
int live_space_try_mlock(struct space *space);		/* the same of mlock() of all regions */
bool live_space_is_huge(struct space *space);		/* a first touch maps a huge page */

static inline bool space_is_live(const struct space *space)
{
	return space->calls == &live_calls;
}

#define TWINS(id, core_flags, text, ...) \
	WORKLOAD(id, .what = text, .flags = core_flags, __VA_ARGS__) \
	WORKLOAD(live_##id, .what = "live kernel: " text, .twin_of = #id, .flags = WORKLOAD_LIVE, __VA_ARGS__)

#endif
