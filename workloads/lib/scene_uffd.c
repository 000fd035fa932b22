/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_uffd.c - scenes with a userfaultfd. */
#include "workloads/lib/scene_uffd.h"

#include <errno.h>
#include <string.h>

#include "workloads/lib/scene_state.h"

#define MAX_PAYLOAD	4096

static unsigned long start_of(const struct space *space)
{
	return space_region(space, 0);
}

/* ---- set-ups ---- */
static int open_uffd(struct workload_run *run)
{
	struct space *space = run->data;

	scene_state.uffd = userfaultfd_create(space->mm);
	if (!scene_state.uffd)
		return -ENOMEM;
	return userfaultfd_register(scene_state.uffd, start_of(space), SCENE_PAGES << PAGE_SHIFT,
				    UFFDIO_REGISTER_MODE_MISSING);
}

static int with_uffd(struct workload_run *run, int (*setup)(struct workload_run *run))
{
	int err = setup(run);

	if (!err)
		err = open_uffd(run);
	if (err && run->data)
		scene_close(run);
	return err;
}

int scene_uffd(struct workload_run *run)
{
	return with_uffd(run, scene_empty);
}

int scene_uffd_written(struct workload_run *run)
{
	return with_uffd(run, scene_written);
}

/* ---- operations ---- */

/* What others may make fail: the page is there, or not registered any more. */
static int64_t filled(struct worker *worker, long bytes)
{
	return bytes == PAGE_SIZE || bytes == -EEXIST || bytes == -ENOENT ?
		       1 : space_fail(space_of(worker), (int)bytes, "a page is not filled in: %ld", bytes);
}

int64_t scene_uffd_copy(struct worker *worker)
{
	static const char contents[MAX_PAYLOAD];
	unsigned long start = start_of(space_of(worker)), addr;
	unsigned int flags;

	if (!userfaultfd_read(scene_state.uffd, &addr, &flags) && addr != start)
		return space_fail(space_of(worker), -EUCLEAN, "a fault at %#lx is read as one at %#lx", start, addr);
	return filled(worker, userfaultfd_copy(scene_state.uffd, start, contents, PAGE_SIZE, 0));
}

int64_t scene_uffd_drop_copy(struct worker *worker)
{
	int64_t pages = scene_drop(worker);

	return pages < 0 ? pages : scene_uffd_copy(worker);
}

int64_t scene_uffd_unregister(struct worker *worker)
{
	const struct space *space = space_of(worker);
	int err = userfaultfd_unregister(scene_state.uffd, start_of(space), SCENE_PAGES << PAGE_SHIFT);

	return err ? space_fail(space_of(worker), err, "unregister failed") : 1;
}

int64_t scene_uffd_release(struct worker *worker)
{
	(void)worker;
	userfaultfd_release(scene_state.uffd);
	scene_state.uffd = NULL;
	return 1;
}
