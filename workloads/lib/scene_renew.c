/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_renew.c - scenes of a page that another one follows. */
#include "workloads/lib/scene_renew.h"

#include <errno.h>

#include "workloads/lib/contents.h"
#include "workloads/lib/scene_state.h"

int64_t scene_renew_page_out(struct worker *worker)
{
	struct space *space = space_of(worker);
	int64_t pages = scene_drop(worker);

	pages = pages < 0 ? pages : scene_write(worker);
	if (pages < 0)
		return pages;
	if (contents_write(space->mm, space_region(space, 0), SCENE_MARK))
		return space_fail(space, -EUCLEAN, "a page is not written to");
	return scene_page_out(worker);
}

int scene_renewed_check(struct workload_run *run)
{
	struct space *space = run->data;
	unsigned long addr = space_region(space, 0);
	int err = space_fault(space, space->mm, addr, 0);

	if (!err && contents_expect(space->mm, addr, SCENE_MARK))
		err = space_fail(space, -EUCLEAN, "what was written last is lost");
	return err ? err : scene_check(run);
}
