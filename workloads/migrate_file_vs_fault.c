/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate_file_vs_fault.c - pages of a file moved to other frames while others write to them. With one node they move
 * within it, as compaction does.
 */
#include "workloads/lib/file_writers.h"

#define GUP_CHOICE	0	/* of the axes */
#define OP_FOLIOS	64

enum { WRITER, MIGRATOR };

static int64_t write_all(struct worker *worker)
{
	return file_writers_write(worker, worker->run->choice[GUP_CHOICE]);
}

static int64_t migrate(struct worker *worker)
{
	int64_t done = 0;

	for (unsigned int i = 0; i < OP_FOLIOS; i++) {
		struct folio *folio = file_writers_any(worker);

		done += folio && !migrate_folio(folio, (unsigned int)rng_below(&worker->rng, machine.nr_nodes));
	}
	return done;
}

WORKLOAD(migrate_file_vs_fault,
	.what = "half of the workers: write to pages of a file, by faults or pins; the others: move the pages to other "
		"frames",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.nr_axes = 1,
	.axes = { [GUP_CHOICE] = { "gup", 2, { 0, 1 } } },
	.roles = { [WRITER] = { "writer", write_all, NULL }, [MIGRATOR] = { "migrator", migrate, NULL } },
	.setup = file_writers_open,
	.check = file_writers_check,
	.teardown = space_close)
