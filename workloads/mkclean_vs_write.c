/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mkclean_vs_write.c - a file written back while others write to it: each round takes the right to write from all
 * entries, so every page faults again before its next write.
 */
#include "workloads/lib/file_writers.h"

enum { WRITER, CLEANER };

static int64_t write_all(struct worker *worker)
{
	return file_writers_write(worker, false);
}

static int64_t clean(struct worker *worker)
{
	filemap_writeback(space_of(worker)->file);
	return WRITERS_PAGES;
}

WORKLOAD(mkclean_vs_write,
	.what = "half of the workers: write faults on pages of a shared mapping; the others: write the file back, "
		"cleaning entries",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.roles = { [WRITER] = { "writer", write_all, NULL }, [CLEANER] = { "cleaner", clean, NULL } },
	.setup = file_writers_open,
	.check = file_writers_check,
	.teardown = space_close)
