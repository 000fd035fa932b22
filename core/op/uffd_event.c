/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_event.c - events: begun under mmap_lock, queued and waited for without locks. */
#include "core/op/uffd_event.h"

#include <errno.h>

#include "core/host/arena.h"
#include "core/mm/mm.h"
#include "core/mm/vma.h"
#include "core/op/uffd_queue.h"

DEFINE_EVENT(UFFD_EVENT, "events that waited for a userfaultfd's user");

DEFINE_KNOCKOUT(UFFD_EVENT_LOCK,
	.name = "uffd-event:lock",
	.removes = "map_changing_lock for write around the begin of an event",
	.breaks = "a page is filled in while an event is outstanding",
	.detected_by = "the assertion that no event began while a page was filled in",
	.hunt = "explore uffd_copy_vs_uffd_drop",
	.mirrors = "userfaultfd: protect mmap_changing with rw_sem in userfaulfd_ctx");

/* Each begin has one event_wait(), or event_cancel(). Locking: mmap_lock, under which a VMA is @ctx's. */
static void event_begin(struct userfaultfd_ctx *ctx)
{
	bool locks = !KNOCKED_OUT(UFFD_EVENT_LOCK);

	fetch_add_relaxed(&ctx->refs, 1u);
	if (locks)
		down_write(&ctx->map_changing_lock);
	fetch_add_relaxed(&ctx->mmap_changing, 1u);
	if (locks)
		up_write(&ctx->map_changing_lock);
}

/* Pages are filled in again: that finds by its own locks what the operation has changed, or changes it before. */
static void event_cancel(struct userfaultfd_ctx *ctx)
{
	uint32_t old = fetch_sub_relaxed(&ctx->mmap_changing, 1u);

	BUG_ON(!old);
	uffd_put(ctx);
}

/* arg.remap has the bytes of arg.remove, and all others: no garbage is read. @len 0: of a range. */
static struct uffd_event event_of(unsigned char type, unsigned long from, unsigned long to, unsigned long len)
{
	return (struct uffd_event){ .msg = { .event = type, .arg.remap = { from, to, len } } };
}

/* Source: fs/userfaultfd.c, userfaultfd_event_wait_completion(). Locking: none held. */
static void event_wait(struct userfaultfd_ctx *ctx, struct uffd_event *event)
{
	bool queued;

	SYNCPOINT("uffd.before_event");
	spin_lock(&ctx->lock);
	queued = !ctx->released;
	if (queued)
		TAILQ_INSERT_TAIL(&ctx->events, event, link);
	spin_unlock(&ctx->lock);
	if (queued) {
		count_event(EV_UFFD_EVENT);
		SYNCPOINT("uffd.event_queued");
		uffd_sleep(&event->woken);
	}
	if (event->child)
		userfaultfd_release(event->child);
	event_cancel(ctx);
}

/* ---- fork ---- */

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
	event_begin(orig);
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
		struct uffd_event event = event_of(UFFD_EVENT_FORK, 0, 0, 0);
		struct userfaultfd_ctx *orig = fork->orig;

		event.child = fork->child;
		fork_free(forks, fork);
		event_wait(orig, &event);
	}
}

void dup_userfaultfd_fail(struct uffd_forks *forks)
{
	struct uffd_fork *fork;

	while ((fork = STAILQ_FIRST(forks)) != NULL) {
		struct userfaultfd_ctx *orig = fork->orig, *child = fork->child;

		fork_free(forks, fork);
		event_cancel(orig);
		uffd_put(child);
	}
}

/* ---- mremap ---- */

bool vma_has_uffd_without_event_remap(const struct vm_area_struct *vma)
{
	return vma->vm_uffd && !(vma->vm_uffd->features & UFFD_FEATURE_EVENT_REMAP);
}

void mremap_userfaultfd_prep(struct vm_area_struct *vma, struct uffd_remap *remap, unsigned long from, unsigned long to,
			     unsigned long len)
{
	if (vma_has_uffd_without_event_remap(vma)) {
		vma_set_uffd(vma, NULL, 0);
		return;
	}
	event_begin(vma->vm_uffd);
	*remap = (struct uffd_remap){ vma->vm_uffd, from, to, len };
}

void mremap_userfaultfd_complete(struct uffd_remap *remap)
{
	struct uffd_event event = event_of(UFFD_EVENT_REMAP, remap->from, remap->to, remap->len);

	if (unlikely(remap->ctx))
		event_wait(remap->ctx, &event);
}

/* ---- madvise ---- */

bool userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct uffd_event event = event_of(UFFD_EVENT_REMOVE, start, end, 0);
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);
	struct userfaultfd_ctx *ctx = vma->vm_uffd;

	mmap_assert_locked(mm);
	if (!ctx || !(ctx->features & UFFD_FEATURE_EVENT_REMOVE))
		return true;
	event_begin(ctx);
	mmap_read_unlock(mm);
	event_wait(ctx, &event);
	return false;
}

/* ---- munmap ---- */

/* On the list of its munmap. (T) all of it */
struct uffd_unmap {
	STAILQ_ENTRY(uffd_unmap) link;
	struct userfaultfd_ctx *ctx;
	unsigned long start, end;
};

static bool has_unmap(const struct uffd_unmaps *unmaps, const struct userfaultfd_ctx *ctx, unsigned long start,
		      unsigned long end)
{
	const struct uffd_unmap *unmap;

	STAILQ_FOREACH(unmap, unmaps, link)
		if (unmap->ctx == ctx && unmap->start == start && unmap->end == end)
			return true;
	return false;
}

int userfaultfd_unmap_prep(struct mm_struct *mm, unsigned long start, unsigned long end, struct uffd_unmaps *unmaps)
{
	struct vm_area_struct *vma;
	struct uffd_unmap *unmap;

	for (unsigned long addr = start; (vma = find_vma_intersection(mm, addr, end)); addr = vma->vm_end) {
		struct userfaultfd_ctx *ctx = vma->vm_uffd;

		if (!ctx || !(ctx->features & UFFD_FEATURE_EVENT_UNMAP) || has_unmap(unmaps, ctx, start, end))
			continue;
		unmap = node_zalloc(mm->pt.home, sizeof(*unmap), CACHE_LINE);
		if (!unmap)
			return -ENOMEM;
		*unmap = (struct uffd_unmap){ .ctx = ctx, .start = start, .end = end };
		event_begin(ctx);
		STAILQ_INSERT_TAIL(unmaps, unmap, link);
	}
	return 0;
}

void userfaultfd_unmap_complete(struct uffd_unmaps *unmaps)
{
	struct uffd_unmap *unmap;

	while (unlikely((unmap = STAILQ_FIRST(unmaps)) != NULL)) {
		struct uffd_event event = event_of(UFFD_EVENT_UNMAP, unmap->start, unmap->end, 0);
		struct userfaultfd_ctx *ctx = unmap->ctx;

		STAILQ_REMOVE_HEAD(unmaps, link);
		node_free(unmap, uffd_mm(ctx)->pt.home, sizeof(*unmap));
		event_wait(ctx, &event);
	}
}
