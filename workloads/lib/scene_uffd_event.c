/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene_uffd_event.c - scenes of a userfaultfd whose user reads events. */
#include "workloads/lib/scene_uffd_event.h"

#include <errno.h>

#include "workloads/lib/scene_state.h"

#define MAX_PAYLOAD	4096

static unsigned long start_of(const struct space *space)
{
	return space_region(space, 0);
}

/* ---- set-ups ---- */

/* The VMA has an anon_vma: its lock is enough to fill in a page. */
static int open_events(struct workload_run *run, uint64_t features)
{
	int err = scene_written(run);
	struct space *space = run->data;

	err = err ? err : sys_madvise(space->mm, start_of(space), PAGE_SIZE, MADV_DONTNEED);
	if (err)
		return err;
	scene_state.uffd = userfaultfd_create(space->mm);
	if (!scene_state.uffd)
		return -ENOMEM;
	err = userfaultfd_api(scene_state.uffd, features);
	return err ? err : userfaultfd_register(scene_state.uffd, start_of(space), SCENE_PAGES << PAGE_SHIFT,
						UFFDIO_REGISTER_MODE_MISSING);
}

int scene_uffd_event_fork(struct workload_run *run)
{
	return scene_settle(run, open_events(run, UFFD_FEATURE_EVENT_FORK));
}

int scene_uffd_event_remap(struct workload_run *run)
{
	return scene_settle(run, open_events(run, UFFD_FEATURE_EVENT_REMAP));
}

int scene_uffd_event_remove(struct workload_run *run)
{
	return scene_settle(run, open_events(run, UFFD_FEATURE_EVENT_REMOVE));
}

int scene_uffd_event_unmap(struct workload_run *run)
{
	return scene_settle(run, open_events(run, UFFD_FEATURE_EVENT_UNMAP));
}

int scene_uffd_event_all(struct workload_run *run)
{
	return scene_settle(run, open_events(run, UFFD_EVENT_FEATURES));
}

/* ---- the userfaultfd's user ---- */

static void await_event(struct uffd_msg *msg, struct userfaultfd_ctx **child)
{
	while (userfaultfd_read_msg(scene_state.uffd, msg, child))
		yield_core();
}

/* What the page at @addr is: -EEXIST, or filled in now, or another error. */
static long fill_zero(struct userfaultfd_ctx *uffd, unsigned long addr)
{
	long done;

	while ((done = userfaultfd_zeropage(uffd, addr, PAGE_SIZE, 0)) == -EAGAIN)
		yield_core();
	return done;
}

/* @copied: the page was filled in before the event was read. Then fill_zero() finds it, or nothing is mapped there. */
static long answer(struct worker *worker, const struct uffd_msg *msg, struct userfaultfd_ctx *child, bool copied)
{
	unsigned long start = start_of(space_of(worker));
	long done = 0;

	switch (msg->event) {
	case UFFD_EVENT_FORK:
		done = fill_zero(child, start);
		userfaultfd_release(child);
		return copied && done == PAGE_SIZE ? -EUCLEAN : 0;
	case UFFD_EVENT_REMAP:
		done = fill_zero(scene_state.uffd, msg->arg.remap.to);
		return done != (copied ? -EEXIST : (long)PAGE_SIZE) ? -EUCLEAN : 0;
	case UFFD_EVENT_UNMAP:
		return fill_zero(scene_state.uffd, start) != -ENOENT ? -EUCLEAN : 0;
	default:
		return msg->event != UFFD_EVENT_REMOVE || msg->arg.remove.start != start ? -EUCLEAN : 0;
	}
}

static int64_t read_event(struct worker *worker, bool copied)
{
	struct userfaultfd_ctx *child;
	struct uffd_msg msg;

	await_event(&msg, &child);
	if (answer(worker, &msg, child, copied))
		return space_fail(space_of(worker), -EUCLEAN, "after event %#x a page is not where it says", msg.event);
	return 1;
}

int64_t scene_uffd_fill_and_read(struct worker *worker)
{
	static const char contents[MAX_PAYLOAD];
	long done = userfaultfd_copy(scene_state.uffd, start_of(space_of(worker)), contents, PAGE_SIZE, 0);

	if (done != PAGE_SIZE && done != -EAGAIN && done != -ENOENT)
		return space_fail(space_of(worker), (int)done, "a page is not filled in: %ld", done);
	return read_event(worker, done == PAGE_SIZE);
}

int64_t scene_uffd_read_two(struct worker *worker)
{
	int64_t done = read_event(worker, false);

	return done < 0 ? done : read_event(worker, false);
}

/* ---- what is reported ---- */

int64_t scene_uffd_fork(struct worker *worker)
{
	struct mm_struct *child;
	int err = sys_fork(space_of(worker)->mm, &child);

	if (err)
		return space_fail(space_of(worker), err, "fork failed: %d", err);
	mm_exit(child);
	return 1;
}
