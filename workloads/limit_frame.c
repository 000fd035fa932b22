/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limit_frame.c - what any path that allocates a frame cannot beat: one taken and given back, over and over. */
#include "workloads/lib/workload.h"

#include <errno.h>

#define OP_FRAMES	1000

static int64_t take_give(struct worker *worker)
{
	(void)worker;
	for (unsigned int i = 0; i < OP_FRAMES; i++) {
		struct page *page = alloc_page(PAGE_ANON);

		if (!page)
			return -ENOMEM;
		free_page(page);
	}
	return OP_FRAMES;
}

WORKLOAD(limit_frame,
	.what = "allocate a frame and free it, from the thread's own list",
	.item = "frame",
	.flags = WORKLOAD_LIMIT,
	.nr_roles = 1,
	.roles = { { "frame", take_give, NULL } })
