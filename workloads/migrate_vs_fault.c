/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate_vs_fault.c - pages migrated while others write to them, by faults or through pins. With one node they
 * move within it, as compaction does.
 */
#include "workloads/lib/shared_area.h"

#include <errno.h>

#include "workloads/lib/gup_pages.h"

#define GUP_CHOICE	0	/* of the axes */

static int64_t use(struct worker *worker)
{
	struct area_part part;

	if (!worker->run->choice[GUP_CHOICE])
		return area_write(worker);
	part = area_own(worker);
	return gup_pin_all(worker, part.start, AREA_PART, 1, FOLL_WRITE);
}

static int64_t migrate(struct worker *worker)
{
	return area_migrate(worker, area_any(worker));
}

WORKLOAD(migrate_vs_fault,
	.what = "half of the workers: write to pages of their own, by faults or pins; the others: move the pages to "
		"other frames",
	.item = "page",
	.flags = WORKLOAD_PAYLOAD,
	.min_threads = 2,
	.nr_roles = 2,
	.nr_axes = 1,
	.axes = { [GUP_CHOICE] = { "gup", 2, { 0, 1 } } },
	.roles = { [OWNER] = { "user", use, NULL }, [TAKER] = { "migrator", migrate, NULL } },
	.setup = area_open,
	.worker_setup = area_enter,
	.worker_teardown = area_leave,
	.check = space_check,
	.teardown = space_close)
