/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_guard_install.c - the live kernel's guard markers: what install_empty is compared with. */
#include "workloads/lib/live.h"

#include <sys/mman.h>

/* Kernels before 6.13 know no guard regions. */
static int kernel_has_guards(struct workload_run *run)
{
	return live_knows(run, MADV_GUARD_INSTALL, "MADV_GUARD_INSTALL");
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
	.twin_of = "install_empty",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "install", install, remove_guards } },
	.nr_axes = 1,
	.axes = { LIVE_AXIS },
	.setup = kernel_has_guards,
	.worker_setup = map_once,
	.worker_teardown = live_unmap)
