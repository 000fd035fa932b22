/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_fork.c - the userfaultfds of a child, which its parent's users learn of by events. */
#include "core/op/uffd_event.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/mm/mm.h"
#include "core/mm/vma.h"
#include "core/op/uffd_queue.h"

/* On the list of its fork. (T) all of it */
struct uffd_fork {
	STAILQ_ENTRY(uffd_fork) link;
	struct userfaultfd_ctx *orig, *child;
};

static void fork_free(struct uffd_forks *forks, struct uffd_fork *fork)
{
	STAILQ_REMOVE_HEAD(forks, link);
	node_free(fork, uffd_mm(fork->orig)->pt.home, sizeof(*fork));
}

/* The userfaultfd of @mm that goes with @orig; NULL without memory. Locking: as dup_userfaultfd(). */
static struct userfaultfd_ctx *child_of(struct userfaultfd_ctx *orig, struct mm_struct *mm, struct uffd_forks *forks)
{
	struct uffd_fork *fork;

	STAILQ_FOREACH(fork, forks, link)
		if (fork->orig == orig)
			return fork->child;
	fork = node_zalloc(uffd_mm(orig)->pt.home, sizeof(*fork), CACHE_LINE);
	if (!fork)
		return NULL;
	fork->orig = orig;
	fork->child = userfaultfd_create(mm);
	if (!fork->child) {
		node_free(fork, uffd_mm(orig)->pt.home, sizeof(*fork));
		return NULL;
	}
	fork->child->features = orig->features;
	uffd_event_begin(orig);
	STAILQ_INSERT_TAIL(forks, fork, link);
	return fork->child;
}

int dup_userfaultfd(struct vm_area_struct *vma, struct uffd_forks *forks)
{
	struct userfaultfd_ctx *orig = vma->vm_uffd, *child;
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);

	if (!(orig->features & UFFD_FEATURE_EVENT_FORK)) {
		vma_set_uffd(vma, NULL, 0);
		return 0;
	}
	child = child_of(orig, mm, forks);
	if (!child)
		return -ENOMEM;
	mm->has_uffd = true;
	vma_set_uffd(vma, child, vma->vm_flags & __VM_UFFD_FLAGS);
	return 0;
}

void dup_userfaultfd_complete(struct uffd_forks *forks)
{
	struct uffd_fork *fork;

	while (unlikely((fork = STAILQ_FIRST(forks)) != NULL)) {
		struct uffd_event event = uffd_event_of(UFFD_EVENT_FORK, 0, 0, 0);
		struct userfaultfd_ctx *orig = fork->orig;

		event.child = fork->child;
		fork_free(forks, fork);
		uffd_event_wait(orig, &event);
		if (event.child)
			userfaultfd_release(event.child);
		uffd_event_end(orig);
	}
}

void dup_userfaultfd_fail(struct uffd_forks *forks)
{
	struct uffd_fork *fork;

	while ((fork = STAILQ_FIRST(forks)) != NULL) {
		struct userfaultfd_ctx *orig = fork->orig, *child = fork->child;

		fork_free(forks, fork);
		uffd_event_end(orig);
		uffd_put(child);
	}
}
