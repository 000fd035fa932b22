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

void uffd_event_begin(struct userfaultfd_ctx *ctx)
{
	bool locks = !KNOCKED_OUT(UFFD_EVENT_LOCK);

	fetch_add_relaxed(&ctx->refs, 1u);
	if (locks)
		down_write(&ctx->map_changing_lock);
	fetch_add_relaxed(&ctx->mmap_changing, 1u);
	if (locks)
		up_write(&ctx->map_changing_lock);
}

void uffd_event_end(struct userfaultfd_ctx *ctx)
{
	uint32_t old = fetch_sub_relaxed(&ctx->mmap_changing, 1u);

	BUG_ON(!old);
	uffd_put(ctx);
}

void uffd_event_wait(struct userfaultfd_ctx *ctx, struct uffd_event *event)
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
}

static void wait_and_end(struct userfaultfd_ctx *ctx, struct uffd_event *event)
{
	uffd_event_wait(ctx, event);
	uffd_event_end(ctx);
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
	uffd_event_begin(vma->vm_uffd);
	*remap = (struct uffd_remap){ vma->vm_uffd, from, to, len };
}

void mremap_userfaultfd_complete(struct uffd_remap *remap)
{
	struct uffd_event event = uffd_event_of(UFFD_EVENT_REMAP, remap->from, remap->to, remap->len);

	if (unlikely(remap->ctx))
		wait_and_end(remap->ctx, &event);
}

/* ---- madvise ---- */

bool userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct uffd_event event = uffd_event_of(UFFD_EVENT_REMOVE, start, end, 0);
	struct mm_struct *mm = load_relaxed(&vma->vm_mm);
	struct userfaultfd_ctx *ctx = vma->vm_uffd;

	mmap_assert_locked(mm);
	if (!ctx || !(ctx->features & UFFD_FEATURE_EVENT_REMOVE))
		return true;
	uffd_event_begin(ctx);
	mmap_read_unlock(mm);
	wait_and_end(ctx, &event);
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
		uffd_event_begin(ctx);
		STAILQ_INSERT_TAIL(unmaps, unmap, link);
	}
	return 0;
}

void userfaultfd_unmap_complete(struct uffd_unmaps *unmaps)
{
	struct uffd_unmap *unmap;

	while (unlikely((unmap = STAILQ_FIRST(unmaps)) != NULL)) {
		struct uffd_event event = uffd_event_of(UFFD_EVENT_UNMAP, unmap->start, unmap->end, 0);
		struct userfaultfd_ctx *ctx = unmap->ctx;

		STAILQ_REMOVE_HEAD(unmaps, link);
		node_free(unmap, uffd_mm(ctx)->pt.home, sizeof(*unmap));
		wait_and_end(ctx, &event);
	}
}
