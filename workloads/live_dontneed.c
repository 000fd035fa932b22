/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_dontneed.c - the live kernel's way to empty populated memory: what zap_populated is compared with. */
#include "workloads/lib/live.h"

#include <sys/mman.h>

static int64_t zap(struct worker *worker)
{
	return live_advise(worker, MADV_DONTNEED);
}

WORKLOAD(live_dontneed,
	.what = "live kernel: MADV_DONTNEED over a populated VMA; each worker its own",
	.item = "page",
	.twin_of = "zap_populated",
	.flags = WORKLOAD_LIVE,
	.nr_roles = 1,
	.roles = { { "zap", zap, live_populate } },
	.nr_axes = 1,
	.axes = { MEMORY_AXIS },
	.worker_setup = live_map,
	.worker_teardown = live_unmap)
