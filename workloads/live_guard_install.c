/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_guard_install.c - the live kernel's guard markers: what install_empty is compared with. */
#include "workloads/live.h"

#include <errno.h>
#include <sys/mman.h>

/* Kernels before 6.13 know no guard regions. */
static int kernel_has_guards(struct workload_run *run)
{
	void *page = mmap(NULL, FRAME_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = 0;

	(void)run;
	if (page == MAP_FAILED)
		return -errno;
	if (madvise(page, FRAME_SIZE, MADV_GUARD_INSTALL))
		err = errno == EINVAL ? -EOPNOTSUPP : -errno;
	munmap(page, FRAME_SIZE);
	return err;
}

/* The tables stay: what is timed are the markers. */
static void remove_guards(struct worker *worker)
{
	live_advise(worker, MADV_GUARD_REMOVE);
}

static int64_t install(struct worker *worker)
{
	return live_advise(worker, MADV_GUARD_INSTALL);
}

static int map_once(struct worker *worker)
{
	int err = live_map(worker);

	if (!err)
		install(worker);
	return err;
}

WORKLOAD(live_guard_install,
	.what = "live kernel: MADV_GUARD_INSTALL over an empty VMA; each worker its own",
	.item = "PTE",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "install", install, remove_guards } },
	.nr_axes = 1,
	.axes = { LIVE_AXIS },
	.setup = kernel_has_guards,
	.worker_setup = map_once,
	.worker_teardown = live_unmap)
