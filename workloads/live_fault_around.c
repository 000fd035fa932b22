/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_fault_around.c - the live kernel's first reads of the pages of a memfd, what fault_around is compared with. It
 * maps around a fault by fault_around_bytes, 64 KiB by default; and only the fault's own page where the VMA is
 * registered with userfaultfd for write protection. Nothing is write-protected, so no fault waits for this program.
 */
#include "workloads/lib/live.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns the userfaultfd, or -errno. */
static int open_userfaultfd(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_WP_HUGETLBFS_SHMEM };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY), err;

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, UFFDIO_API, &api))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* run->data is the userfaultfd; 0 for none, since setups run with a standard input. */
static int setup(struct workload_run *run)
{
	int fd = run->choice[1] == 1 ? open_userfaultfd() : 0;

	if (fd < 0)
		return workload_skip(run, "userfaultfd: %s", strerror(-fd));
	run->data = (void *)(intptr_t)fd;
	return 0;
}

static void teardown(struct workload_run *run)
{
	if (run->data)
		close((int)(intptr_t)run->data);
}

static int single_faults(struct worker *worker)
{
	struct uffdio_register range = {
		.range = { (uintptr_t)worker->data, live_size(worker) }, .mode = UFFDIO_REGISTER_MODE_WP,
	};

	return ioctl((int)(intptr_t)worker->run->data, UFFDIO_REGISTER, &range) ? -errno : 0;
}

/* Every page is in the file, and up to date, since it was written to. */
static int map_shared(struct worker *worker)
{
	int err = live_map_memfd(worker);

	if (!err && worker->run->data)
		err = single_faults(worker);
	return err;
}

static int64_t touch(struct worker *worker)
{
	const char *memory = worker->data;

	for (size_t at = 0; at < live_size(worker); at += FRAME_SIZE)
		(void)load_relaxed(&memory[at]);
	return worker->run->choice[0];
}

WORKLOAD(live_fault_around,
	.what = "live kernel: first read of each page of a shared mapping of a memfd, in memory already; a fault maps "
		"one page, or fault_around_bytes",
	.item = "page",
	.twin_of = "fault_around",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "read", touch, live_drop } },
	.nr_axes = 2,
	.axes = { MEMORY_AXIS, AROUND_AXIS },
	.setup = setup,
	.worker_setup = map_shared,
	.worker_teardown = live_unmap,
	.teardown = teardown)
