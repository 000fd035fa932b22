/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limit_clear.c - what a first write to a page cannot beat: clearing 4096 bytes. */
#include "workloads/lib/axes.h"
#include "workloads/lib/hostmem.h"

#include <string.h>

#define OP_PAGES	1024	/* at least */

static size_t memory_size(const struct worker *worker)
{
	return (size_t)worker->run->choice[0] << FRAME_SHIFT;
}

/* With huge pages, as the frames of a machine with whole payloads have. */
static int map_memory(struct worker *worker)
{
	int err = host_map(worker, memory_size(worker), HOST_HUGE_PAGES);

	if (!err)
		host_touch(worker->data, memory_size(worker));
	return err;
}

static void unmap_memory(struct worker *worker)
{
	host_unmap(worker, memory_size(worker));
}

static int64_t clear(struct worker *worker)
{
	const size_t size = memory_size(worker), rounds = max((size_t)1, (OP_PAGES << FRAME_SHIFT) / size);
	char *memory = worker->data;

	for (size_t round = 0; round < rounds; round++)
		for (size_t at = 0; at < size; at += FRAME_SIZE) {
			memset(memory + at, 0, FRAME_SIZE);
			barrier();	/* each page by itself: not one large clear */
		}
	return (int64_t)(rounds * (size >> FRAME_SHIFT));
}

WORKLOAD(limit_clear,
	.what = "clear a page, always the same one or one after the other of a large buffer",
	.item = "page",
	.flags = WORKLOAD_LIMIT,
	.nr_roles = 1,
	.roles = { { "clear", clear, NULL } },
	.nr_axes = 1,
	.axes = { { "pages", 2, { 1, LIVE_PAGES } } },
	.worker_setup = map_memory,
	.worker_teardown = unmap_memory)
