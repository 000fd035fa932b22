/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_pagemap_scan.c - the live kernel's walk over full tables for the PAGEMAP_SCAN ioctl, which looks at each entry
 * and puts neighbours that are alike into one region: what walk_dense is compared with.
 */
#include "workloads/lib/live.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Newer than Debian 12's headers. Source: include/uapi/linux/fs.h. */
#define PAGE_IS_PRESENT_BIT	3u

struct scan_region {
	uint64_t start, end, categories;
};

struct scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN_IOCTL	_IOWR('f', 16, struct scan)

static int open_pagemap(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Regions of present pages in [@start, @end), at most two. Returns how many, or -errno. */
static int scan(int fd, const char *start, const char *end, struct scan_region *regions)
{
	struct scan arg = {
		.size = sizeof(arg), .start = (uint64_t)(uintptr_t)start, .end = (uint64_t)(uintptr_t)end,
		.vec = (uint64_t)(uintptr_t)regions, .vec_len = 2, .category_mask = 1u << PAGE_IS_PRESENT_BIT,
		.return_mask = 1u << PAGE_IS_PRESENT_BIT,
	};
	int got = ioctl(fd, SCAN_IOCTL, &arg);

	return got < 0 ? -errno : got;
}

static int setup(struct workload_run *run)
{
	struct scan_region regions[2];
	int fd = open_pagemap(), got;

	if (fd < 0)
		return workload_skip(run, "/proc/self/pagemap: %s", strerror(-fd));
	got = scan(fd, NULL, (char *)FRAME_SIZE, regions);
	run->data = (void *)(intptr_t)fd;
	if (got >= 0)
		return 0;
	close(fd);
	return workload_skip(run, "PAGEMAP_SCAN: %s", strerror(-got));
}

static void teardown(struct workload_run *run)
{
	close((int)(intptr_t)run->data);
}

static int map_and_fill(struct worker *worker)
{
	int err = live_map(worker);

	if (!err)
		live_populate(worker);
	return err;
}

/* All of it is present: one region. */
static int64_t ask(struct worker *worker)
{
	const char *start = worker->data, *end = start + live_size(worker);
	struct scan_region regions[2];
	int got = scan((int)(intptr_t)worker->run->data, start, end, regions);

	if (got < 0)
		return got;
	if (got != 1 || regions[0].start != (uintptr_t)start || regions[0].end != (uintptr_t)end)
		return -EUCLEAN;
	return worker->run->choice[0];
}

WORKLOAD(live_pagemap_scan,
	.what = "live kernel: the PAGEMAP_SCAN ioctl over a populated VMA; each worker its own",
	.item = "PTE",
	.twin_of = "walk_dense",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "scan", ask, NULL } },
	.nr_axes = 1,
	.axes = { LIVE_AXIS },
	.setup = setup,
	.worker_setup = map_and_fill,
	.worker_teardown = live_unmap,
	.teardown = teardown)
