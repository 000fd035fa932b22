/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_file_private.c - the live kernel's faults on a file in memory, mapped private by all workers, each for itself:
 * what file_fault_private is compared with. A read maps up to sixteen pages; a write copies one.
 */
#include "workloads/lib/live.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The file, in memory from its start to its end. */
static int setup(struct workload_run *run)
{
	const off_t size = (off_t)run->choice[0] << FRAME_SHIFT;
	int fd = memfd_create("faultline", MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	run->data = (void *)(intptr_t)fd;
	if (!ftruncate(fd, size) && !fallocate(fd, 0, 0, size))
		return 0;
	err = -errno;
	close(fd);
	return err;
}

static void teardown(struct workload_run *run)
{
	close((int)(intptr_t)run->data);
}

/* The host has backed the copies before the first of them is timed. */
static int map_private(struct worker *worker)
{
	return live_map_file(worker, (int)(intptr_t)worker->run->data, MAP_PRIVATE);
}

/* The file holds zeroes, whatever others write to their copies. */
static int64_t touch(struct worker *worker)
{
	const char *memory = worker->data;
	char seen = 0;

	for (size_t at = 0; !worker->run->choice[1] && at < live_size(worker); at += FRAME_SIZE)
		seen |= load_relaxed(&memory[at]);
	if (worker->run->choice[1])
		host_touch(worker->data, live_size(worker));
	return seen ? -EUCLEAN : worker->run->choice[0];
}

WORKLOAD(live_file_private,
	.what = "live kernel: first access to each page of a private mapping of a memfd, in memory already; all "
		"workers map the same",
	.item = "page",
	.twin_of = "file_fault_private",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "touch", touch, live_drop } },
	.nr_axes = 2,
	.axes = { MEMORY_AXIS, WRITE_AXIS },
	.setup = setup,
	.worker_setup = map_private,
	.worker_teardown = live_unmap,
	.teardown = teardown)
